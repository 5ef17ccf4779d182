package workshop

import (
	"context"
	"strings"
	"sync"
	"time"

	"tenin/ui"
	"tenin/ui/technician"
)

// Options are what a Workshop needs.
type Options struct {
	Bench Bench
	// Show shows a picture; it is called by Run's goroutine and must not block.
	Show func(technician.View, ui.Look)
	// Close returns to the shopper's screens; it is called likewise.
	Close func()
	// Tick gives the seconds; nil is a ticker of the machine.
	Tick <-chan time.Time
}

// Workshop shows the technician's screens and does what they ask for.
type Workshop struct {
	options Options
	events  chan Event
	gone    chan struct{}
}

// New is a Workshop whose screens are closed. Run makes it work.
func New(o Options) *Workshop {
	return &Workshop{options: o, events: make(chan Event), gone: make(chan struct{})}
}

// Open shows the screens, from the lock on, in a language.
func (w *Workshop) Open(l technician.Language) { w.send(Opened{l}) }

// Touch takes what was touched. A touch of closed screens changes nothing.
func (w *Workshop) Touch(e technician.Event) { w.send(Touch{e}) }

func (w *Workshop) send(e Event) {
	select {
	case w.events <- e:
	case <-w.gone:
	}
}

// Run applies events until ctx ends, and returns when the Bench has nothing to do any more.
func (w *Workshop) Run(ctx context.Context) {
	ctx, stop := context.WithCancel(ctx)
	b := &bencher{bench: w.options.Bench, tell: w.send, wake: make(chan struct{}, 1)}
	var done sync.WaitGroup
	done.Go(func() { b.run(ctx) })
	defer done.Wait()
	defer close(w.gone)
	defer stop()
	tick := w.options.Tick
	if tick == nil {
		ticker := time.NewTicker(time.Second)
		defer ticker.Stop()
		tick = ticker.C
	}
	var state State
	for {
		var e Event
		select {
		case <-ctx.Done():
			return
		case e = <-w.events:
		case <-tick:
			e = Tick{}
		}
		var effects []Effect
		state, effects = Next(state, e)
		for _, effect := range effects {
			switch effect := effect.(type) {
			case Show:
				w.options.Show(effect.View, effect.Look)
			case Close:
				w.options.Close()
			case Cancel:
				b.cancel()
			case Do:
				b.add(effect)
			}
		}
	}
}

// bencher does tasks one after the other.
type bencher struct {
	bench Bench
	tell  func(Event)
	wake  chan struct{}

	mu    sync.Mutex
	tasks []Do
	stop  context.CancelFunc // of the task under way
}

func (b *bencher) add(d Do) {
	b.mu.Lock()
	b.tasks = append(b.tasks, d)
	b.mu.Unlock()
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// relied says of a task that everybody relies on it, though nobody may wait for it: it is done whatever else is cancelled.
func relied(t Task) bool {
	switch t.(type) {
	case ForgetRecovery, TurnBack, DropPassphrase:
		return true
	}
	return false
}

// cancel ends the task under way and drops those that wait, but for those that are relied on.
func (b *bencher) cancel() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stop != nil {
		b.stop()
	}
	kept := b.tasks[:0]
	for _, d := range b.tasks {
		if relied(d.Task) {
			kept = append(kept, d)
		}
	}
	b.tasks = kept
}

func (b *bencher) run(ctx context.Context) {
	for {
		d, own, ok := b.take(ctx)
		if ok {
			b.do(own, d)
			b.mu.Lock()
			b.stop()
			b.stop = nil
			b.mu.Unlock()
			continue
		}
		select {
		case <-ctx.Done():
			// What was shown and not checked is forgotten even now, and what was turned and not kept is turned back.
			b.bench.ForgetRecovery(context.WithoutCancel(ctx))
			b.bench.TurnBack(context.WithoutCancel(ctx))
			return
		case <-b.wake:
		}
	}
}

func (b *bencher) take(ctx context.Context) (d Do, own context.Context, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.tasks) == 0 || ctx.Err() != nil {
		return d, nil, false
	}
	d, b.tasks = b.tasks[0], append([]Do(nil), b.tasks[1:]...)
	own, b.stop = context.WithCancel(ctx)
	if relied(d.Task) {
		own = context.WithoutCancel(ctx)
	}
	return d, own, true
}

func (b *bencher) do(ctx context.Context, d Do) {
	found := func(s technician.Screen) { b.tell(Found{d.Run, s}) }
	switch t := d.Task.(type) {
	case IsGuarded:
		b.tell(Guard{d.Run, b.bench.Lock(ctx), b.bench.Device()})
	case CheckPIN:
		b.tell(Entered{d.Run, b.bench.CheckPIN(ctx, t.PIN)})
	case SetPIN:
		b.tell(Entered{d.Run, b.bench.SetPIN(ctx, t.Who, t.PIN)})
	case ResetPIN:
		b.tell(Entered{d.Run, b.bench.ResetPIN(ctx, strings.Split(t.Groups, "-"), t.PIN)})
	case Peek:
		found(b.bench.Peek(ctx, t.Step))
	case TryTurn:
		found(b.bench.TryTurn(ctx, t.Degrees))
	case KeepTurn:
		found(b.bench.KeepTurn(ctx, t.Degrees))
	case TurnBack:
		found(b.bench.TurnBack(ctx))
	case SetNetwork:
		found(b.bench.Network(ctx, t.Network, t.Passphrase))
	case DropPassphrase:
		t.Passphrase.Destroy()
	case SaveShop:
		found(b.bench.Shop(ctx, t.Shop))
	case SaveBrand:
		found(b.bench.Brand(ctx, t.Brand))
	case LookAtClock:
		found(b.bench.Clock(ctx))
	case SetClock:
		found(b.bench.SetClock(ctx, t.Digits))
	case ConfirmClock:
		found(b.bench.ConfirmClock(ctx))
	case LookAtPanel:
		found(b.bench.Panel(ctx))
	case Listen:
		found(b.bench.Microphone(ctx, func(m technician.Microphone) { b.tell(Told{d.Run, m}) }))
	case PlayTone:
		found(b.bench.Tone(ctx))
	case Speak:
		found(b.bench.Sentence(ctx))
	case MeasureEcho:
		found(b.bench.Echo(ctx))
	case AskHub:
		found(b.bench.Hub(ctx))
	case JoinHub:
		found(b.bench.Join(ctx, t.Address, t.Code))
	case Seal:
		found(b.bench.Seal(ctx, t.File))
	case MakeRecovery:
		groups, asked, r := b.bench.MakeRecovery(ctx)
		b.tell(Made{d.Run, groups, asked, r})
	case ConfirmRecovery:
		b.tell(Done{d.Run, b.bench.ConfirmRecovery(ctx, t.First, t.Second)})
	case ForgetRecovery:
		b.bench.ForgetRecovery(ctx)
	case CountAccess:
		found(b.bench.Access(ctx))
	case CompleteSetUp:
		b.tell(Done{d.Run, b.bench.Finish(ctx, t.Rows)})
	case LookAtHealth:
		found(b.bench.Health(ctx))
	case ListBundle:
		found(b.bench.Bundle(ctx))
	case WriteBundle:
		found(b.bench.WriteBundle(ctx, t.Place))
	case MakeChallenge:
		b.tell(Challenged{d.Run, b.bench.Challenge(ctx)})
	case Wipe:
		b.tell(Done{d.Run, b.bench.Wipe(ctx)})
	case UsePower:
		b.tell(Done{d.Run, b.bench.Power(ctx, t.What)})
	}
}
