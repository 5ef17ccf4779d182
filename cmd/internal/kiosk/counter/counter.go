package counter

import (
	"context"
	"errors"
	"log/slog"
	"reflect"
	"sync"
	"time"

	"tenin/cmd/internal/kiosk"
	"tenin/llm/dialogue"
	"tenin/llm/knowledge"
	"tenin/storage"
	"tenin/ui"
	"tenin/ui/shopper"
)

// Glass is what a Counter shows on.
type Glass interface {
	// Show shows a picture. It does not wait: the newest one wins.
	Show(shopper.View, ui.Look)
	// Touches are what is touched, in order. The channel is closed when there will be no more: the glass is gone.
	Touches() <-chan shopper.Event
}

// Machine runs the turns: a *kiosk.Desk or a *kiosk.Runner.
type Machine interface {
	SendIn(seen kiosk.State, events ...kiosk.Event)
	Prefer(language string)
	Stay()
}

// Clerk is what a Counter asks of a *kiosk.Clerk beside the turns.
type Clerk interface {
	Related(ctx context.Context, turn kiosk.Turn, n int) ([]string, error)
	Product(id string) (knowledge.Product, bool)
	Plan() (knowledge.Plan, error)
	Receipt(session string) (code string, err error)
	Helped(session string, yes bool) error
}

// Options say how a Counter looks and whom it tells. Glass, Machine and Clerk are needed; the rest may be zero.
type Options struct {
	Glass   Glass
	Machine Machine
	Clerk   Clerk
	// Name is the shop's.
	Name string
	// Language and Look are those that each visit begins with.
	Language shopper.Language
	Look     ui.Look
	// Shop is what the shop knows: ShopOf. Learn replaces it.
	Shop Shop
	// Notice is the version of the notice of the purpose of use, which is kept with each consent, and Points its text; a
	// language without one has shopper.Phrases' own.
	Notice string
	Points map[shopper.Language][]string
	// Days is for how long a talk is kept: retention.days.
	Days int
	// Patience is how long somebody who touches nothing is taken to be there; the last 20 s are counted down. 0 is for ever.
	Patience time.Duration
	// StaffPatience is that of somebody who waits for staff; 0 is 5 min.
	StaffPatience time.Duration
	// Late is when nobody coming is too long, if Situation does not say so before; 0: only that does.
	Late time.Duration
	// Summon calls staff: topic is the shop's own word for what for and may be empty, language what the shopper's screen
	// speaks ("ja", "en", "zh", "ko"). It must not wait.
	Summon func(topic, language string)
	// Helped counts whether an answer helped, by the shop's own word for its topic, beside what Clerk.Helped keeps. It must
	// not wait.
	Helped func(topic string, yes bool)
	// Trouble is told what goes wrong, for a log; err holds no word of a shopper and may be nil. It must not wait.
	Trouble func(kiosk.Trouble, error)
	// Log is told what the Counter itself cannot do; nil is slog's default.
	Log *slog.Logger
	// now is the clock; tests have their own.
	now func() time.Time
}

// defaultStaffPatience is how long a screen waits with a shopper who called staff.
const defaultStaffPatience = 5 * time.Minute

// ErrGlass means that the glass is gone.
var ErrGlass = errors.New("the shopper's screen is gone")

// Counter is the shopper's screen of a kiosk: the kiosk.Front of its machine.
type Counter struct {
	options Options
	mouths  mouths

	mu    sync.Mutex
	state state
	shown shopper.View
	look  ui.Look
	clock *time.Timer
	begun bool
	over  bool
	// life ends with the visit, or with Run.
	life context.Context
	end  context.CancelFunc
	// call names the call of staff that was told last.
	call string
	// work is what goes on beside; the vault's is one after the other.
	work  sync.WaitGroup
	vault chan struct{}
}

var _ kiosk.Front = (*Counter)(nil)

// New returns a Counter that shows that the kiosk is being prepared until its machine runs.
func New(o Options) *Counter {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.StaffPatience == 0 {
		o.StaffPatience = defaultStaffPatience
	}
	if o.now == nil {
		o.now = time.Now
	}
	c := &Counter{options: o, vault: make(chan struct{}, 1)}
	c.life, c.end = context.WithCancel(context.Background())
	c.state = state{
		rules: rules{
			name: o.Name, language: o.Language, look: o.Look, points: o.Points, days: o.Days,
			patience: o.Patience, called: o.StaffPatience, late: o.Late,
		},
		shop: o.Shop,
	}.fresh()
	c.clock = time.AfterFunc(time.Hour, func() { c.happen(ticked{}) })
	c.clock.Stop()
	c.happen(ticked{})
	return c
}

// Run takes touches until ctx ends or the glass is gone, which is ErrGlass: the machine goes on and nobody sees it. It is
// called once, before the machine runs or beside it, and waits for what it has begun.
func (c *Counter) Run(ctx context.Context) error {
	defer func() {
		c.mu.Lock()
		c.over = true
		c.end()
		c.clock.Stop()
		c.mu.Unlock()
		c.work.Wait()
	}()
	touches := c.options.Glass.Touches()
	for {
		select {
		case <-ctx.Done():
			return nil
		case e, more := <-touches:
			if !more {
				return ErrGlass
			}
			if e != nil {
				c.happen(touched{e})
			}
		}
	}
}

// Taps adds to a runner's options what a Counter wants to be told. Its Patience is a net under the Counter's own, which
// counts down on the screen and is longer for somebody who waits for staff.
func (c *Counter) Taps(o kiosk.RunnerOptions) kiosk.RunnerOptions {
	o.Level = func(l kiosk.Loudness) { c.happen(heard{l}) }
	o.Sounding = func(s kiosk.Sound) { c.happen(sounded{s}) }
	o.Patience = 0
	if p := c.options.Patience; p > 0 {
		o.Patience = max(p, c.options.StaffPatience) + 10*time.Second
	}
	return o
}

// Learn shows what the shop knows now.
func (c *Counter) Learn(s Shop) { c.happen(learnt{s}) }

// Tell shows what the staff have set.
func (c *Counter) Tell(o Outside) { c.happen(told{o}) }

// Show implements kiosk.Front.
func (c *Counter) Show(s kiosk.State) { c.happen(entered{s}) }

// Partial implements kiosk.Front.
func (c *Counter) Partial(words string) { c.happen(partial{words}) }

// Reply implements kiosk.Front.
func (c *Counter) Reply(turn kiosk.Turn) {
	h := replied{turn: turn}
	if turn.Reply.Kind == dialogue.Product && len(turn.Reply.Sources) > 0 {
		h.product, _ = c.options.Clerk.Product(turn.Reply.Sources[0])
	}
	if turn.Reply.Place != "" {
		plan, err := c.options.Clerk.Plan()
		if err != nil {
			c.options.Log.Warn("no map is shown", "why", err)
		}
		h.plan = plan
	}
	c.happen(h)
}

// Message implements kiosk.Front.
func (c *Counter) Message(words string) { c.happen(dictated{words}) }

// Result implements kiosk.Front.
func (c *Counter) Result(turn kiosk.Turn, o kiosk.Outcome) {
	c.happen(resulted{kind: turn.Reply.Kind, session: o.Session, kept: o.Session != "" && o.Err == nil})
	if o.Err != nil {
		c.tell(kiosk.TroubleKeep, o.Err)
	}
}

// Staff implements kiosk.Front.
func (c *Counter) Staff() { c.happen(summoned{}) }

// Trouble implements kiosk.Front.
func (c *Counter) Trouble(t kiosk.Trouble, err error) {
	c.happen(troubled{t})
	c.tell(t, err)
}

func (c *Counter) tell(t kiosk.Trouble, err error) {
	if c.options.Trouble != nil {
		c.options.Trouble(t, err)
	}
}

// happen takes a step, shows its picture and does what it wants done. Nothing in it waits.
func (c *Counter) happen(h happening) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		if _, shows := h.(entered); !shows {
			return
		}
	}
	var effects []effect
	c.state, effects = step(c.state, c.options.now(), h)
	c.mouths.silence(c.state.silent())
	for _, e := range effects {
		c.perform(e)
	}
	if view, look := c.state.view(); !c.begun || look != c.look || !reflect.DeepEqual(view, c.shown) {
		c.begun, c.shown, c.look = true, view, look
		c.options.Glass.Show(view, look)
	}
	if at := c.state.due(); at.IsZero() || c.over {
		c.clock.Stop()
	} else {
		c.clock.Reset(max(0, at.Sub(c.options.now())))
	}
}

// perform is called with c.mu held.
func (c *Counter) perform(e effect) {
	switch e := e.(type) {
	case send:
		c.options.Machine.SendIn(e.seen, e.events...)
	case stay:
		c.options.Machine.Stay()
	case prefer:
		c.options.Machine.Prefer(e.language)
	case agree:
		c.options.Machine.SendIn(c.state.at, c.verdict())
	case hush:
		c.mouths.hush()
	case summon:
		if c.options.Summon != nil {
			c.options.Summon(e.topic, e.language)
		}
	case rate:
		if c.options.Helped != nil {
			c.options.Helped(e.topic, e.yes)
		}
		c.beside(func(context.Context) {
			c.vault <- struct{}{}
			defer func() { <-c.vault }()
			if err := c.options.Clerk.Helped(e.session, e.yes); err != nil {
				c.options.Log.Warn("whether an answer helped was not kept", "why", err)
			}
		})
	case mint:
		c.beside(func(context.Context) {
			c.vault <- struct{}{}
			defer func() { <-c.vault }()
			code, err := c.options.Clerk.Receipt(e.session)
			if err != nil {
				code = ""
				c.options.Log.Warn("a shopper got no receipt", "why", err)
			}
			c.happen(receipted{e.session, code})
		})
	case relate:
		c.beside(func(ctx context.Context) {
			questions, err := c.options.Clerk.Related(ctx, e.turn, mostRelated)
			if err != nil && ctx.Err() == nil {
				c.options.Log.Warn("related questions were not found", "why", err)
			}
			if ctx.Err() == nil && len(questions) > 0 {
				c.happen(related{e.number, questions})
			}
		})
	case leave:
		c.end()
		c.life, c.end = context.WithCancel(context.Background())
	}
}

// beside does work beside the turns, until the visit ends; c.mu is held.
func (c *Counter) beside(work func(context.Context)) {
	if c.over {
		return
	}
	life := c.life
	c.work.Go(func() { work(life) })
}

// verdict is the shopper's yes. It is called where it was touched, and nowhere else.
func (c *Counter) verdict() kiosk.Event {
	consent, err := storage.GrantConsent(storage.Grant{Notice: c.options.Notice, By: storage.ByTouch, At: c.options.now()})
	if err != nil {
		c.options.Log.Warn("a consent cannot be kept, so nothing is", "why", err)
		return kiosk.ConsentRefused{}
	}
	return kiosk.ConsentGiven{Consent: consent}
}
