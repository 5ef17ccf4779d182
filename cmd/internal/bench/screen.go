package bench

import (
	"context"
	"errors"
	"image"
	"math"
	"runtime"
	"time"

	"tenin/cmd/internal/config"
	"tenin/cmd/internal/screen"
	"tenin/cmd/internal/screen/x11"
	"tenin/cmd/internal/screen/xfixture"
	"tenin/cmd/internal/worker"
	"tenin/cmd/internal/worker/sandbox"
)

// ScreenOptions say how the window is measured.
type ScreenOptions struct {
	// Display and Authority are as in screen.Options; without Display a display in memory is started, of Width×Height dots
	// (0: 1080×1920).
	Display, Authority string
	Width, Height      int
	// Mode is the sandbox's.
	Mode sandbox.Mode
	// Starts, Touches, Partials and Visits are how often each is done, and Idle how long the window is left alone; 0: 5, 40, 60,
	// 30, 20 s.
	Starts, Touches, Partials, Visits int
	// Turns is how many questions are asked at the counter, with the window and without; 0: none. Home and Config are the
	// kiosk's that answers them.
	Turns  int
	Home   string
	Config config.Config
	Idle   time.Duration
	// Progress is told about long work; it may be nil.
	Progress func(what string, done, total int)
}

// The targets of ScreenReport, and what two cores beside other work (load 4) gave on a display in memory of 1080×1920.
const (
	startLimit   = 4000 // ms, of a whole kiosk; the window takes 568 of it
	touchLimit   = 150  // ms, p95: 60
	partialLimit = 100  // ms, p95: 68
	idleLimit    = 6    // per cent of a core: 1.9
	growthLimit  = 5    // per cent: none
	frozenLimit  = 500  // ms: 384
)

// ScreenReport is what the window costs. Each time is from the call or the touch until the dots of the display have
// changed, as another client of the X server sees them.
type ScreenReport struct {
	CPUs     int    `json:"cpus"`
	Width    int    `json:"width"`
	Height   int    `json:"height"`
	Renderer string `json:"renderer"`
	// Start is from Start to the attract screen, the libraries in the page cache.
	Start      ScreenTimes `json:"start_ms"`
	StartLimit float64     `json:"start_limit_ms"`
	// Touch is from a finger on a button to the button's answer on the glass.
	Touch      ScreenTimes `json:"touch_ms"`
	TouchLimit float64     `json:"touch_limit_ms"`
	// Partial is from partial words handed over to the words on the glass.
	Partial      ScreenTimes `json:"partial_ms"`
	PartialLimit float64     `json:"partial_limit_ms"`
	// Idle is the processor time of the window's process on the attract screen, in per cent of one core.
	Idle      float64 `json:"idle_percent"`
	IdleLimit float64 `json:"idle_limit_percent"`
	// Visits were scripted; Frozen is the longest time for which a picture of them was not yet on the glass, MemoryMB what the
	// process held at the end of the last quarter of them, on average, and Growth how much more that is than for the first.
	Visits      int     `json:"visits"`
	Frozen      float64 `json:"frozen_ms"`
	FrozenLimit float64 `json:"frozen_limit_ms"`
	MemoryMB    float64 `json:"memory_mb"`
	Growth      float64 `json:"growth_percent"`
	GrowthLimit float64 `json:"growth_limit_percent"`
	// Turn is nil where none was asked.
	Turn *ScreenTurns `json:"turn,omitempty"`
	// Forget is how long the window's process takes to be replaced between two shoppers.
	Forget ScreenTimes `json:"forget_ms"`
}

// ScreenTimes tells how times lie, in milliseconds.
type ScreenTimes struct {
	P50 float64 `json:"p50"`
	P95 float64 `json:"p95"`
	Max float64 `json:"max"`
}

// errUnseen says that the display did not change.
var errUnseen = errors.New("bench screen: nothing changed on the display within 10 s")

// screenBench is a measurement under way.
type screenBench struct {
	o      ScreenOptions
	eye    *x11.Conn
	finger *x11.Finger
	window *screen.Screen
	button image.Point // a place on the attract screen's button
}

// Screen measures the window on a display that nobody else uses.
func Screen(ctx context.Context, o ScreenOptions) (r ScreenReport, err error) {
	for _, f := range []struct {
		field *int
		value int
	}{{&o.Starts, 5}, {&o.Touches, 40}, {&o.Partials, 60}, {&o.Visits, 30}} {
		if *f.field <= 0 {
			*f.field = f.value
		}
	}
	if o.Idle <= 0 {
		o.Idle = 20 * time.Second
	}
	if o.Progress == nil {
		o.Progress = func(string, int, int) {}
	}
	b := &screenBench{o: o}
	end, err := b.display(ctx)
	if err != nil {
		return r, err
	}
	defer end()
	r = ScreenReport{CPUs: runtime.NumCPU(), Width: b.eye.Info().Width, Height: b.eye.Info().Height, Visits: o.Visits,
		StartLimit: startLimit, TouchLimit: touchLimit, PartialLimit: partialLimit, IdleLimit: idleLimit,
		FrozenLimit: frozenLimit, GrowthLimit: growthLimit}
	if r.Start, err = b.starts(ctx); err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, b.window.Close()) }()
	r.Renderer = b.window.Renderer()
	for _, step := range []func() error{
		func() (err error) { r.Touch, err = b.touches(ctx); return err },
		func() (err error) { r.Partial, err = b.partials(ctx); return err },
		func() (err error) { r.Idle, err = b.idle(ctx); return err },
		func() error {
			v, err := b.visits(ctx)
			r.Frozen, r.MemoryMB, r.Growth, r.Forget = milliseconds(v.frozen), v.memory, v.growth, v.forget
			return err
		},
		func() (err error) { r.Turn, err = b.turns(ctx); return err },
	} {
		if err := step(); err != nil {
			return r, err
		}
	}
	return r, nil
}

// display connects to the display, or starts one.
func (b *screenBench) display(ctx context.Context) (end func(), err error) {
	if b.o.Display == "" {
		x, err := xfixture.Start(ctx, xfixture.Options{Width: b.o.Width, Height: b.o.Height})
		if err != nil {
			return nil, err
		}
		b.o.Display, b.o.Authority, b.eye, b.finger = x.Display, x.Authority, x.Eye, x.Finger
		return func() { x.Close() }, nil
	}
	path, ok := screen.Socket(b.o.Display)
	if !ok {
		return nil, errors.New("bench screen: " + b.o.Display + " is no X server of this machine")
	}
	b.o.Authority = screen.Authority(b.o.Authority)
	cookie, err := x11.Cookie(b.o.Authority, b.o.Display[1:])
	if err != nil {
		return nil, err
	}
	if b.eye, err = x11.Dial(path, cookie); err != nil {
		return nil, err
	}
	if b.finger, err = x11.NewFinger(b.eye); err != nil {
		b.eye.Close()
		return nil, err
	}
	return func() { b.eye.Close() }, nil
}

// starts opens the window several times; the last stays open. The first, which loads the libraries from the disk, counts
// only when it is the only one.
func (b *screenBench) starts(ctx context.Context) (t ScreenTimes, err error) {
	var times []time.Duration
	for i := range b.o.Starts + 1 {
		b.o.Progress("starting", i, b.o.Starts+1)
		if b.window != nil {
			if err := b.window.Close(); err != nil {
				return t, err
			}
		}
		begin := time.Now()
		b.window, err = screen.Start(ctx, screen.Options{Display: b.o.Display, Authority: b.o.Authority, Mode: b.o.Mode})
		if err != nil {
			return t, err
		}
		if err := b.show(ctx, attractPicture(0)); err != nil {
			return t, errors.Join(err, b.window.Close())
		}
		if i > 0 {
			times = append(times, time.Since(begin))
		}
	}
	return screenTimes(times), nil
}

// show shows a picture and waits until it is on the glass.
func (b *screenBench) show(ctx context.Context, p screen.Picture) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	b.window.Show(p)
	return b.window.Shown(ctx, b.window.Last())
}

// touches puts a finger on the attract screen's button and waits until the button looks pressed.
func (b *screenBench) touches(ctx context.Context) (t ScreenTimes, err error) {
	if err := b.find(ctx); err != nil {
		return t, err
	}
	place := image.Rect(-8, -8, 8, 8).Add(b.button)
	var times []time.Duration
	for i := range b.o.Touches {
		b.o.Progress("touching", i, b.o.Touches)
		took, err := b.changes(ctx, place, func() error { return b.finger.Down(b.button.X, b.button.Y) })
		if err != nil {
			return t, err
		}
		times = append(times, took)
		if _, err := b.changes(ctx, place, b.finger.Up); err != nil {
			return t, err
		}
		b.drain()
		time.Sleep(time.Duration(20+i*7%50) * time.Millisecond) // at no fixed place between two frames
	}
	return screenTimes(times), nil
}

// find taps down the middle of the attract screen until the button answers.
func (b *screenBench) find(ctx context.Context) error {
	i := b.eye.Info()
	for _, x := range []int{i.Width / 2, i.Width * 3 / 4} {
		for y := i.Height * 9 / 10; y > 0; y -= i.Height / 40 {
			if err := b.finger.Tap(x, y); err != nil {
				return err
			}
			select {
			case touch := <-b.window.Touches():
				if isStart(touch) {
					// Well inside, and off the label in its middle.
					b.button = image.Pt(x, y-i.Height/100)
					return b.show(ctx, attractPicture(0))
				}
			case <-time.After(150 * time.Millisecond):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	return errors.New("bench screen: the attract screen's button was not found")
}

// changes does something and returns how long it took until a place of the display looked different.
func (b *screenBench) changes(ctx context.Context, place image.Rectangle, do func() error) (time.Duration, error) {
	before, err := b.eye.Look(place)
	if err != nil {
		return 0, err
	}
	begin := time.Now()
	if err := do(); err != nil {
		return 0, err
	}
	for time.Since(begin) < 10*time.Second && ctx.Err() == nil {
		now, err := b.eye.Look(place)
		if err != nil {
			return 0, err
		}
		if string(now.Pix) != string(before.Pix) {
			return time.Since(begin), nil
		}
		time.Sleep(time.Millisecond)
	}
	return 0, errors.Join(errUnseen, ctx.Err())
}

// drain takes the touches that wait.
func (b *screenBench) drain() {
	for {
		select {
		case <-b.window.Touches():
		case <-time.After(20 * time.Millisecond):
			return
		}
	}
}

// partials hands over words as a recogniser hears them, five times a second, and waits for the display to show them.
func (b *screenBench) partials(ctx context.Context) (t ScreenTimes, err error) {
	i := b.eye.Info()
	// Where the words are: the left half of a lying display, the upper half of an upright one.
	place := image.Rect(0, i.Height/5, i.Width/2, i.Height/2)
	var times []time.Duration
	for n := range b.o.Partials {
		b.o.Progress("hearing", n, b.o.Partials)
		if n%len(spoken) == 0 {
			if err := b.show(ctx, listening(0, 0)); err != nil {
				return t, err
			}
		}
		took, err := b.changes(ctx, place, func() error { b.window.Show(listening(n%len(spoken)+1, n)); return nil })
		if err != nil {
			return t, err
		}
		times = append(times, took)
		time.Sleep(max(0, 200*time.Millisecond-took) + time.Duration(n*7%17)*time.Millisecond)
	}
	return screenTimes(times), nil
}

// idle leaves the window alone, but for the attract screen's own change of its example.
func (b *screenBench) idle(ctx context.Context) (percent float64, err error) {
	if err := b.show(ctx, attractPicture(0)); err != nil {
		return 0, err
	}
	const turn = 5 * time.Second
	before, err := worker.CPUTime(b.window.PID())
	if err != nil {
		return 0, err
	}
	begin := time.Now()
	for n := 1; time.Since(begin) < b.o.Idle; n++ {
		b.o.Progress("idle", int(time.Since(begin)/time.Second), int(b.o.Idle/time.Second))
		select {
		case <-time.After(min(turn, b.o.Idle-time.Since(begin))):
		case <-ctx.Done():
			return 0, ctx.Err()
		}
		b.window.Show(attractPicture(n))
	}
	after, err := worker.CPUTime(b.window.PID())
	return share(float64(after-before), float64(time.Since(begin))) * 100, err
}

// visits plays whole visits as fast as they can be shown, and has the window forget after each, as a kiosk does.
func (b *screenBench) visits(ctx context.Context) (r visitsResult, err error) {
	var forgets []time.Duration
	var held []float64
	for n := range b.o.Visits {
		b.o.Progress("visiting", n, b.o.Visits)
		for _, p := range visitPictures(n) {
			begin := time.Now()
			if err := b.show(ctx, p); err != nil {
				return r, err
			}
			r.frozen = max(r.frozen, time.Since(begin))
		}
		bytes, err := worker.Memory(b.window.PID())
		if err != nil {
			return r, err
		}
		held = append(held, float64(bytes)/(1<<20))
		begin := time.Now()
		if err := b.window.Forget(ctx); err != nil {
			return r, err
		}
		forgets = append(forgets, time.Since(begin))
	}
	// The process of one visit holds a few MB more or less than that of another.
	part := max(1, len(held)/4)
	early, late := mean(held[:part]), mean(held[len(held)-part:])
	r.memory, r.growth, r.forget = math.Round(late), share(late-early, early)*100, screenTimes(forgets)
	return r, nil
}

// visitsResult is what the visits showed.
type visitsResult struct {
	frozen         time.Duration
	memory, growth float64 // MB, per cent
	forget         ScreenTimes
}

func mean(list []float64) (m float64) {
	for _, x := range list {
		m += x / float64(len(list))
	}
	return m
}
