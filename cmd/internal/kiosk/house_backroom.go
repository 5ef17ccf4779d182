package kiosk

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"tenin/audio"
	"tenin/cmd/internal/config"
	"tenin/cmd/internal/control"
	"tenin/storage"
)

// A Backroom is what lies behind the counter of a kiosk: who waits for staff, what is switched off, what was counted. The
// vault keeps it, and no word of a shopper is in it. A clerk that has a vault has one; [Backroom.Door] is how staff of
// this process use it, and ServeControl how those of others do.
type Backroom struct {
	vault  *storage.Vault
	config config.Config
	clerk  *Clerk // nil where no kiosk runs
	home   string
	now    func() time.Time
	life   context.Context // ends with the backroom
	end    context.CancelFunc

	more chan struct{} // holds one token when there is something to tell or to keep
	stop chan struct{} // closed by close
	done chan struct{} // closed when the keeper is over

	mu        sync.Mutex
	calls     []Call // in the order in which they came
	settings  Settings
	before    *Settings // what Change.Undo goes back to; nil: nothing was changed
	tally     storage.Tally
	over      []*storage.Tally // of days that are over, until the keeper has written them
	dirty     map[string]bool  // notes that are to be written
	counted   time.Time        // when the tally was written last
	retired   time.Time        // when old conversations were looked for last; the keeper\'s
	failed    error            // why the last of them was not
	followers map[*follower]bool
	events    *control.Events
	ring      func(Ring)
	play      func(context.Context, audio.Clip) error
	reloaded  func()
	changing  sync.Mutex // held by whoever changes the knowledge where there is no clerk
}

// follower is told the situation.
type follower struct{ tell func(Situation) }

// The notes in which the vault keeps a backroom.
const (
	noteCalls    = "calls"
	noteSettings = "settings"
)

// keptSettings are the settings as they are kept.
type keptSettings struct {
	Now    Settings  `json:"now"`
	Before *Settings `json:"before,omitempty"`
}

// callStays is how long a call that nobody handled is remembered over a restart. Whoever called may still stand there, and
// does not know why the screen forgot them; a call of yesterday helps nobody.
const callStays = 30 * time.Minute

// mostCalls bounds the calls that nobody handles; the oldest go.
const mostCalls = 64

// openBackroom reads what the vault keeps. now is the kiosk's clock.
func openBackroom(vault *storage.Vault, c config.Config, home string, clerk *Clerk, now func() time.Time) (*Backroom, error) {
	b := &Backroom{
		vault: vault, config: c, home: home, clerk: clerk, now: now,
		more: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{}),
		dirty: map[string]bool{}, followers: map[*follower]bool{},
	}
	b.life, b.end = context.WithCancel(context.Background())
	b.counted = b.now()
	b.retired = b.counted
	if err := b.recall(); err != nil {
		b.end()
		return nil, err
	}
	go b.keep()
	return b, nil
}

func (b *Backroom) recall() error {
	now := b.now()
	var kept keptSettings
	if _, err := b.vault.Note(noteSettings, &kept); err != nil {
		return err
	}
	b.settings, b.before = kept.Now, kept.Before
	var calls []Call
	if _, err := b.vault.Note(noteCalls, &calls); err != nil {
		return err
	}
	for _, c := range calls {
		if age := now.Sub(c.Since); age >= 0 && age < callStays {
			c.Earlier = true
			b.calls = append(b.calls, c)
		}
	}
	if err := b.vault.ForgetTallies(now); err != nil {
		return err
	}
	tally, err := b.vault.Tally(now)
	b.tally = tally
	return err
}

// Backroom is what lies behind this clerk's counter; nil without a vault.
func (c *Clerk) Backroom() *Backroom { return c.backroom }

// close keeps what is left to keep. It may be called more than once.
func (b *Backroom) close() error {
	b.mu.Lock()
	select {
	case <-b.stop:
	default:
		close(b.stop)
	}
	b.mu.Unlock()
	b.end()
	<-b.done
	return b.failed
}

// keep is the backroom's own goroutine: it writes notes and tells followers, so that nobody at the counter waits for a
// disk or a screen, and it sees to what happens by the clock.
func (b *Backroom) keep() {
	defer close(b.done)
	clock := time.NewTimer(0)
	defer clock.Stop()
	for over := false; !over; {
		select {
		case <-b.more:
		case <-clock.C:
		case <-b.stop:
			over = true
		}
		wait := b.turnOver()
		b.write(over)
		b.retire()
		b.tell()
		clock.Reset(wait)
	}
}

// changed has the keeper see to a change; b.mu may be held. note, if not empty, is to be written.
func (b *Backroom) changed(note string) {
	if note != "" {
		b.dirty[note] = true
	}
	b.wake()
}

func (b *Backroom) wake() {
	select {
	case b.more <- struct{}{}:
	default:
	}
}

// clockTick is how often the clock is looked at when nothing is expected: it may be set.
const clockTick = time.Minute

// turnOver does what is due by the clock, and returns when the next is.
func (b *Backroom) turnOver() time.Duration {
	now := b.now()
	b.mu.Lock()
	defer b.mu.Unlock()
	if s := b.settings.at(now); !s.equal(b.settings) {
		b.settings = s
		b.dirty[noteSettings] = true
	}
	wait := clockTick
	for i := range b.calls {
		c := &b.calls[i]
		if c.Late || c.Coming() {
			continue
		}
		left := b.config.Call.Late() - now.Sub(c.Since)
		if c.Late = left <= 0; c.Late {
			b.dirty[noteCalls] = true
			b.ringFor(*c, RingLate)
		} else {
			wait = min(wait, left)
		}
	}
	if midnight := b.settings.nextChange(); !midnight.IsZero() {
		wait = min(wait, midnight.Sub(now))
	}
	return max(wait, 10*time.Millisecond)
}

// tallyEvery is how often the counts are kept. A file that is written at every question would tell when each was asked; a
// kiosk that crashes forgets the counts since.
const tallyEvery = 10 * time.Minute

// write keeps what has changed. What could not be kept is tried again at the next change.
func (b *Backroom) write(all bool) {
	now := b.now()
	b.mu.Lock()
	dirty := b.dirty
	b.dirty = map[string]bool{}
	if dirty[noteTally] {
		if since := now.Sub(b.counted); !all && since >= 0 && since < tallyEvery {
			delete(dirty, noteTally)
			b.dirty[noteTally] = true
		} else {
			b.counted = now
		}
	}
	calls, kept, tally := slices.Clone(b.calls), keptSettings{b.settings, b.before}, b.tally.Clone()
	over := slices.Clone(b.over)
	b.mu.Unlock()
	failed := b.writeOver(over, now)
	for note := range dirty {
		var err error
		switch note {
		case noteCalls:
			err = b.vault.PutNote(noteCalls, calls)
		case noteSettings:
			err = b.vault.PutNote(noteSettings, kept)
		default:
			err = b.vault.PutTally(tally)
		}
		if err != nil {
			failed = errors.Join(failed, err)
			b.mu.Lock()
			b.dirty[note] = true
			b.mu.Unlock()
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failed = failed
}

// retireEvery is how often a running kiosk looks for conversations that are past their retention. A shop counts it in days.
const retireEvery = time.Hour

// retire destroys the conversations that have grown too old since the kiosk was started.
func (b *Backroom) retire() {
	now := b.now()
	if since := now.Sub(b.retired); b.clerk == nil || since >= 0 && since < retireEvery {
		return
	}
	b.retired = now
	if err := b.clerk.forgetIfTrusted(); err != nil && b.clerk.options.Notice != nil {
		b.clerk.options.Notice(err.Error())
	}
}

func (b *Backroom) tell() {
	b.mu.Lock()
	followers := make([]*follower, 0, len(b.followers))
	for f := range b.followers {
		followers = append(followers, f)
	}
	b.mu.Unlock()
	if len(followers) == 0 {
		return
	}
	s := b.Situation()
	for _, f := range followers {
		f.tell(s)
	}
}

// Follow has f told the situation now and after each change, one at a time, until stop. f must not wait.
func (b *Backroom) Follow(f func(Situation)) (stop func()) {
	own := &follower{f}
	b.mu.Lock()
	b.followers[own] = true
	b.mu.Unlock()
	b.wake()
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.followers, own)
	}
}

// Situation is what a glance shows.
func (b *Backroom) Situation() Situation {
	s := Situation{Kiosk: b.config.Kiosk.Title(), Shop: b.config.Shop.Name, Topics: b.topics()}
	now := b.now()
	b.mu.Lock()
	defer b.mu.Unlock()
	s.Calls, s.Settings = slices.Clone(b.calls), b.settings.at(now).clone()
	if b.events != nil {
		s.State, s.Since = b.events.State()
	}
	return s
}

// topics are those of the shop's knowledge, sorted.
func (b *Backroom) topics() []string {
	topics := []string{}
	if b.clerk == nil {
		return topics
	}
	if shop := b.clerk.shop.Load(); shop != nil {
		topics = append(topics, shop.topics()...)
	}
	return topics
}

// topics are those of the shop's answers, sorted.
func (s *shop) topics() []string {
	seen := map[string]bool{}
	for _, e := range s.batch.Entries {
		if e.Topic != "" {
			seen[e.Topic] = true
		}
	}
	list := make([]string, 0, len(seen))
	for t := range seen {
		list = append(list, t)
	}
	slices.Sort(list)
	return list
}

// knows says whether the shop has a topic of that name, so that nothing but its own words is counted or sent.
func (b *Backroom) knows(topic string) bool { return slices.Contains(b.topics(), topic) }

// permit is who may compute; where no kiosk runs, everybody may.
func (b *Backroom) permit() *permit {
	if b.clerk != nil {
		return b.clerk.permit
	}
	return newPermit()
}

// attach joins the backroom with what dashboards are told, and says what a served kiosk can do.
func (b *Backroom) attach(o ControlOptions) {
	b.mu.Lock()
	b.events, b.reloaded = o.Events, o.Reloaded
	if o.Ring != nil {
		b.ring = o.Ring
	}
	if o.Play != nil {
		b.play = o.Play
	}
	calls := slices.Clone(b.calls)
	b.mu.Unlock()
	for _, c := range calls {
		o.Events.Called(c.ID)
	}
	o.Events.Observe(b.wake)
	o.Events.OnHandle(func(call, staff string) bool { return b.handled(call, staff) == nil })
}
