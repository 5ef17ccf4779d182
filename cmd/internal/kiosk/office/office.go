package office

import (
	"context"
	"errors"
	"log/slog"
	"reflect"
	"sync"
	"time"

	"tenin/cmd/internal/control"
	"tenin/cmd/internal/kiosk"
	"tenin/storage"
	"tenin/storage/seal"
	"tenin/ui"
	"tenin/ui/staff"
)

// Office performs what Next decides. One goroutine, Run's, holds the State.
type Office struct {
	house House
	terms Terms
	o     Options
}

// Options are an office's surroundings.
type Options struct {
	// Player plays recordings, and answers that are tried; nil: nothing is played here.
	Player Player
	// Chime rings for a shopper who waits. It must not wait; nil: nobody rings.
	Chime func()
	// Log is told what did not work, never a word of anybody; nil: nobody.
	Log *slog.Logger
	// Now is the clock; nil: time.Now.
	Now func() time.Time
}

// New is an office in a house. Nothing happens before Run.
func New(h House, t Terms, o Options) *Office {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Office{h, t, o}
}

// ErrSetUp means that a technician gave a PIN at the counter: the technician's screens are wanted, which need the kiosk's
// vault and sound for themselves.
var ErrSetUp = errors.New("the technician's screens are wanted")

// Run shows the screens until ctx is over, the office is left (at the counter: nil, or ErrSetUp), touches is closed (nil), or the kiosk
// has ended (an error that wraps control.ErrGone). show is called with every picture that differs from the last and must not wait. When Run
// returns nothing of it goes on, and the kiosk has forgotten the PIN.
func (o *Office) Run(ctx context.Context, touches <-chan staff.Event, show func(staff.View, ui.Look)) error {
	ctx, cancel := context.WithCancel(ctx)
	events := make(chan Event)
	run := &running{Office: o, ctx: ctx, events: events}
	defer run.group.Wait()
	defer run.silence()
	defer cancel()

	gone := make(chan error, 1)
	run.group.Go(func() {
		gone <- o.house.Watch(ctx, func(s kiosk.Situation) { run.send(Changed{s}) })
	})
	clock := time.NewTicker(time.Second)
	defer clock.Stop()

	state, effects := Begin(o.terms, o.o.Now())
	run.perform(state, effects)
	view, look := state.View(), state.Look()
	show(view, look)
	for !state.Gone() {
		var event Event
		select {
		case <-ctx.Done():
			o.leave(state)
			return ctx.Err()
		case err := <-gone:
			if ctx.Err() != nil {
				o.leave(state)
				return ctx.Err()
			}
			return errors.Join(control.ErrGone, err)
		case touch, open := <-touches:
			if !open {
				o.leave(state)
				return nil
			}
			event = Touched{touch}
		case <-clock.C:
			event = Ticked{o.o.Now()}
		case event = <-events:
		}
		// A touch counts from now, not from the last tick.
		if _, ok := event.(Touched); ok {
			state.now = o.o.Now()
		}
		state, effects = Next(state, event)
		run.perform(state, effects)
		// A second in which nothing changes is no new picture: a calm screen costs nothing.
		if v, l := state.View(), state.Look(); l != look || !reflect.DeepEqual(v, view) {
			view, look = v, l
			show(view, look)
		}
	}
	if state.SetUp() {
		return ErrSetUp
	}
	return nil
}

// leave has the kiosk forget the PIN of an office that ends without having locked itself.
func (o *Office) leave(s State) {
	if !s.in || len(s.names) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	_ = o.house.Lock(ctx) // an ended connection has forgotten it
}

// running are the goroutines of one Run.
type running struct {
	*Office
	ctx    context.Context
	events chan<- Event
	group  sync.WaitGroup
	stop   context.CancelFunc // of what is played
}

func (r *running) send(e Event) {
	select {
	case r.events <- e:
	case <-r.ctx.Done():
	}
}

func (r *running) silence() {
	if r.stop != nil {
		r.stop()
		r.stop = nil
	}
}

// perform starts effects; each ends with a Done of the state's serial.
func (r *running) perform(s State, effects []Effect) {
	for _, e := range effects {
		ctx := r.ctx
		switch e.(type) {
		case Silence:
			r.silence()
			continue
		case Chime:
			if r.o.Chime != nil {
				r.o.Chime()
			}
			continue
		case LockHouse:
			r.leave(s.before())
			continue
		case Speak, PlayClip:
			r.silence()
			ctx, r.stop = context.WithCancel(r.ctx)
		}
		r.group.Go(func() {
			result, err := r.do(ctx, e)
			if ctx.Err() != nil && r.ctx.Err() == nil {
				err = nil // it was stopped, which is no failure
			}
			if err != nil && r.ctx.Err() == nil {
				r.o.Log.Warn("what staff asked for did not work", "what", what(e), "error", err)
			}
			r.send(Done{s.serial, e, result, err})
		})
	}
}

// before is the state with the PIN that it has just given up, for the one call that tells the kiosk.
func (s State) before() State {
	s.in = true
	return s
}

func (r *running) do(ctx context.Context, e Effect) (Result, error) {
	h := r.house
	switch e := e.(type) {
	case AskStaff:
		list, err := h.Staff(ctx)
		var names []string
		for _, m := range list {
			if !m.Disabled {
				names = append(names, m.Name)
			}
		}
		return Accounts{names}, err
	case TryPIN:
		pin := seal.TakeSecret([]byte(e.PIN))
		defer pin.Destroy()
		m, err := h.Login(ctx, e.Name, pin)
		return Member{m.Name, storage.Role(m.Role)}, err
	case TakeCall:
		return nil, h.Take(ctx, e.Call)
	case HandleCall:
		return nil, h.Handled(ctx, e.Call)
	case Count:
		days, err := h.Today(ctx, 1)
		return Days{days}, err
	case FindGaps:
		gaps, err := h.Unanswered(ctx, gapDays)
		return Gaps{gaps}, err
	case FindSimilar:
		list, err := h.Similar(ctx, e.Question, similarAnswers)
		return Near{list}, err
	case Spell:
		tried, err := h.Try(ctx, kiosk.Trial{Text: e.Draft.Answer, Language: e.Draft.Language})
		if errors.Is(err, kiosk.ErrDraft) {
			return Spelled{nil, err}, nil
		} else if err != nil {
			return nil, err
		}
		_, problem := h.Publish(ctx, e.Draft, true)
		if problem != nil && !errors.Is(problem, kiosk.ErrDraft) {
			return nil, problem
		}
		return Spelled{tried.Words, problem}, nil
	case Speak:
		return nil, r.speak(ctx, e)
	case Teach:
		return nil, h.FixReading(ctx, e.Reading)
	case PublishDraft:
		_, err := h.Publish(ctx, e.Draft, false)
		return nil, err
	case TakeBack:
		_, err := h.TakeBack(ctx)
		return nil, err
	case List:
		list, err := h.Conversations(ctx, e.Filter)
		return Listed{list}, err
	case Open:
		saved, err := h.Read(ctx, e.ID, e.Reason)
		return Opened{saved}, err
	case PlayClip:
		if r.o.Player == nil {
			return nil, ErrNoPlayer
		}
		clip, err := h.Sound(ctx, e.ID, e.Clip, e.Reason)
		if err != nil {
			return nil, err
		}
		return nil, r.o.Player.Play(ctx, clip)
	case Change:
		set, err := h.Change(ctx, e.Change)
		return Set{set}, err
	}
	return nil, nil
}

// speak tries an answer: at the counter on the kiosk's loudspeaker, elsewhere on the one that is here.
func (r *running) speak(ctx context.Context, e Speak) error {
	counter := r.terms.Counter
	if !counter && r.o.Player == nil {
		return ErrNoPlayer
	}
	tried, err := r.house.Try(ctx, kiosk.Trial{Text: e.Text, Language: e.Language, Sound: !counter, Play: counter})
	if err != nil || counter || len(tried.Sound.Samples) == 0 {
		return err // the voices do not speak every language
	}
	return r.o.Player.Play(ctx, tried.Sound)
}
