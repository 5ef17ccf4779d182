package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"tenin/audio"
	"tenin/audio/speech"
	"tenin/cmd/internal/config"
	"tenin/cmd/internal/kiosk"
	"tenin/cmd/internal/kiosk/counter"
	"tenin/cmd/internal/screen"
	"tenin/storage"
	"tenin/ui"
	"tenin/ui/shopper"
)

// slowdownLimit is by how much a turn may be slower while the screen draws, in per cent.
const slowdownLimit = 15

// ScreenTurns compares turns at the counter while the window draws them with the same turns while nothing draws: the
// shopper's screen, the machine and the engines are the same, only the pictures go nowhere. Times are from the last sample of
// speech to the first sound of the answer.
type ScreenTurns struct {
	Questions     int         `json:"questions"`
	Drawn         ScreenTimes `json:"drawn_ms"`
	Headless      ScreenTimes `json:"headless_ms"`
	Slower        float64     `json:"slower_percent"` // of the median of the ratios, question by question
	SlowdownLimit float64     `json:"slower_limit_percent"`
}

// turns asks the first questions of the turn's bench at the counter, each with and without the window, in turn about.
func (b *screenBench) turns(ctx context.Context) (r *ScreenTurns, err error) {
	if b.o.Turns <= 0 {
		return nil, nil
	}
	home, err := DemoHome(b.o.Home)
	if err != nil {
		return nil, err
	}
	clerk, err := kiosk.Open(ctx, kiosk.Options{
		Home: home, Config: b.o.Config, Parts: kiosk.Knowing | kiosk.Hearing | kiosk.Speaking, Language: "ja", Progress: b.o.Progress,
	})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, clerk.Close()) }()
	if err := clerk.Render(ctx); err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "tenin-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	questions, err := TurnQuestions()
	if err != nil {
		return nil, err
	}
	if len(questions) > b.o.Turns {
		questions = questions[:b.o.Turns]
	}
	voices := speech.Voices()
	var drawn, headless []time.Duration
	var ratios []float64
	for i, q := range questions {
		b.o.Progress("asking at the counter", i, len(questions))
		recording, err := record(ctx, clerk, q, voices[i%len(voices)], folder)
		if err != nil {
			return nil, fmt.Errorf("question %s: %w", q.ID, err)
		}
		var with, without time.Duration
		ask := []func() error{
			func() (err error) {
				with, err = askAtCounter(ctx, clerk, b.o.Config, recording, func(v shopper.View, l ui.Look) { b.window.Show(screen.Picture{Shopper: &v, Look: l}) })
				return err
			},
			func() (err error) {
				without, err = askAtCounter(ctx, clerk, b.o.Config, recording, func(shopper.View, ui.Look) {})
				return err
			},
		}
		if i%2 == 1 {
			ask[0], ask[1] = ask[1], ask[0]
		}
		for _, do := range ask {
			if err := do(); err != nil {
				return nil, fmt.Errorf("question %s: %w", q.ID, err)
			}
		}
		if with <= 0 || without <= 0 {
			continue // it was answered by silence, or before the question was over
		}
		drawn, headless = append(drawn, with), append(headless, without)
		ratios = append(ratios, float64(with)/float64(without))
	}
	if len(ratios) == 0 {
		return nil, errors.New("bench screen: no question was answered by voice")
	}
	return &ScreenTurns{
		Questions: len(ratios), Drawn: screenTimes(drawn), Headless: screenTimes(headless),
		Slower: (middle(ratios) - 1) * 100, SlowdownLimit: slowdownLimit,
	}, nil
}

// askAtCounter is one visit with one question; show shows the shopper's screen. The time is 0 when nothing was spoken.
func askAtCounter(ctx context.Context, clerk *kiosk.Clerk, c config.Config, r recorded, show func(shopper.View, ui.Look)) (time.Duration, error) {
	ctx, stop := context.WithTimeout(ctx, 2*time.Minute)
	var running sync.WaitGroup
	defer running.Wait()
	defer stop()
	glass := &turnGlass{show: show, screens: make(chan shopper.Screen, 1024), touches: make(chan shopper.Event, 1)}
	desk := kiosk.NewDesk(clerk)
	front := counter.New(counter.Options{
		Glass: glass, Machine: desk, Clerk: clerk, Name: clerk.Brand(), Shop: counter.ShopOf(clerk), Notice: "bench",
		Days: c.Retention.Days, Summon: func(string, string) {},
	})
	room := &turnRoom{source: &clockedSource{Source: audio.NewFileSource(r.clip, true)}}
	running.Go(func() { _ = front.Run(ctx) })
	running.Go(func() { desk.Run(ctx, front.Device(room), front, front.Taps(kiosk.RunnerOptions{})) })

	for _, step := range []struct {
		seen  func(shopper.Screen) bool
		touch shopper.Event
	}{
		{func(s shopper.Screen) bool { a, ok := s.(shopper.Attract); return ok && !a.Preparing }, shopper.Start{}},
		{func(s shopper.Screen) bool { _, ok := s.(shopper.Consent); return ok }, shopper.Consented{How: shopper.Unrecorded}},
		{func(s shopper.Screen) bool { a, ok := s.(shopper.Answer); return ok && !a.Speaking }, nil},
	} {
		if err := glass.wait(ctx, step.seen); err != nil {
			return 0, err
		}
		if step.touch != nil {
			glass.touches <- step.touch
		}
	}
	first := room.spoke()
	if first.IsZero() {
		return 0, nil
	}
	return first.Sub(room.source.played(r.end)), nil
}

// turnGlass shows a counter's pictures and touches what a visit needs.
type turnGlass struct {
	show    func(shopper.View, ui.Look)
	screens chan shopper.Screen
	touches chan shopper.Event
}

// Show implements counter.Glass.
func (g *turnGlass) Show(v shopper.View, l ui.Look) {
	g.show(v, l)
	select {
	case g.screens <- v.Screen:
	default:
	}
}

// Touches implements counter.Glass.
func (g *turnGlass) Touches() <-chan shopper.Event { return g.touches }

func (g *turnGlass) wait(ctx context.Context, seen func(shopper.Screen) bool) error {
	for {
		select {
		case s := <-g.screens:
			if seen(s) {
				return nil
			}
		case <-ctx.Done():
			return fmt.Errorf("bench screen: a screen of the visit did not come: %w", ctx.Err())
		}
	}
}

// turnRoom is the room in which a recorded question is asked: nothing sounds, and the time of the first sound is noted.
type turnRoom struct {
	source *clockedSource
	mu     sync.Mutex
	first  time.Time
}

// Listen implements kiosk.Device.
func (r *turnRoom) Listen(context.Context, storage.SourceKind) (kiosk.Ear, error) {
	return r.source, nil
}

// Speak implements kiosk.Device.
func (r *turnRoom) Speak(context.Context) kiosk.Mouth { return r }

// Add implements kiosk.Mouth.
func (r *turnRoom) Add(audio.Clip) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.first.IsZero() {
		r.first = time.Now()
	}
}

// Stop implements kiosk.Mouth.
func (r *turnRoom) Stop() {}

// Finish implements kiosk.Mouth.
func (r *turnRoom) Finish() {}

func (r *turnRoom) spoke() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.first
}

// middle is the median.
func middle(list []float64) float64 {
	sorted := slices.Sorted(slices.Values(list))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
