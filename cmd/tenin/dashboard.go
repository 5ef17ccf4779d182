package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"tenin/cmd/internal/config"
	"tenin/cmd/internal/control"
	"tenin/cmd/internal/kiosk"
	"tenin/cmd/internal/kiosk/office"
	"tenin/cmd/internal/screen"
	"tenin/ui"
	"tenin/ui/staff"
)

// dashboard is a run of `tenin dashboard`.
type dashboard struct {
	flags    *flags
	text     bool
	once     bool
	english  bool
	windowed string
	display  string
	words    []kiosk.ShopWord // the keyboard's candidates
}

func newDashboard(f *flags) *cobra.Command {
	d := &dashboard{flags: f}
	c := &cobra.Command{
		Use:   "dashboard",
		Short: "The staff's second screen: who needs help now, with a chime and a lamp",
		Long: `Shows on this machine's display what staff see of the kiosk that runs on the home: who asked for help, with a chime and a
lamp; and behind a PIN today's questions, those without an answer, the kept conversations and the switches. Who waits is
shown, taken and handled without a PIN; everything else wants one where the shop has staff accounts, and locks itself.
The chime comes from this machine's loudspeaker, else from the terminal's bell. While no kiosk answers the screen says so,
and connects by itself.

--text is a live list for a terminal without a display, one line for each thing that happens to a call: waiting (when the
list begins), called, late, taken, handled. With --json each line is an object: at, event, call, kiosk, topic, language,
since, waited_seconds, by. --once prints who waits now, and ends.`,
		Example: `  tenin dashboard
  tenin dashboard --window 1280x720
  tenin dashboard --text
  tenin dashboard --once --json`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			home, settings, err := f.load()
			if err != nil {
				return err
			}
			width, height, err := windowSize(d.windowed)
			if err != nil {
				return err
			}
			if d.text || d.once || f.json {
				return d.list(cmd, home)
			}
			return d.show(cmd.Context(), home, settings, width, height)
		},
	}
	c.Flags().BoolVar(&d.text, "text", false, "a live list in the terminal instead of a window")
	c.Flags().BoolVar(&d.once, "once", false, "print who waits now, and end")
	c.Flags().BoolVar(&d.english, "english", false, "begin in English; the screen has a button for it, too")
	c.Flags().StringVar(&d.windowed, "window", "", "a window of this size in dots, as 1280x720, instead of the whole display")
	c.Flags().StringVar(&d.display, "display", "", "the display (default: $DISPLAY)")
	return c
}

// dialHouse is the kiosk that runs on the home. Without one there is nothing to show.
func dialHouse(ctx context.Context, home string) (kiosk.House, error) {
	client, err := kiosk.DialKiosk(ctx, home)
	if errors.Is(err, control.ErrNotRunning) {
		return nil, fmt.Errorf("%w, or name another home with --home DIR", err)
	}
	if err != nil {
		return nil, refused(err)
	}
	return kiosk.HouseAt(client), nil
}

// redial is how often a kiosk that was lost is looked for.
const redial = 2 * time.Second

// show draws the staff's screens until ctx is over or the window is closed. The first connection must succeed: a wrong home
// is told at once. A kiosk that ends later is waited for.
func (d *dashboard) show(ctx context.Context, home string, settings config.Config, width, height int) error {
	// The log comes before the connection, whose library writes to it.
	log, err := openLog(home, settings)
	if err != nil {
		return err
	}
	defer log.Close()
	house, err := dialHouse(ctx, home)
	if err != nil {
		return err
	}
	defer func() { _ = house.Close() }()
	window, err := openWindow(ctx, home, settings, width, height, screen.Options{Display: d.display, Log: log.Logger})
	if err != nil {
		return fmt.Errorf("%w; `tenin dashboard --text` needs no display", err)
	}
	defer func() { _ = window.Close() }()
	// What cannot be read is missing among the keyboard's candidates, and told where it is asked for.
	known, _, err := kiosk.LoadKnowledge(home)
	if err != nil {
		log.Warn("the keyboard does not know the shop's words", "error", err)
	}
	d.words = kiosk.WordsOf(known)
	house, err = d.draw(ctx, home, house, window, &counterSounds{settings: settings, bell: os.Stderr}, log.Logger)
	if ctx.Err() != nil {
		return nil // Ctrl-C is how a second screen ends
	}
	return err
}

// glass is a window: a screen.Screen.
type glass interface {
	Show(screen.Picture)
	Touches() <-chan screen.Touch
}

// sounds are what a dashboard is heard by.
type sounds interface {
	office.Player
	Chime(context.Context)
}

// draw shows the house on a window, and one that took its place; the last is returned, to be closed.
func (d *dashboard) draw(ctx context.Context, home string, house kiosk.House, window glass, heard sounds, log *slog.Logger) (kiosk.House, error) {
	ctx, cancel := context.WithCancel(ctx)
	var chimes sync.WaitGroup
	defer chimes.Wait()
	defer cancel()
	touches := staffTouches(ctx, window.Touches())
	chime := func() { chimes.Go(func() { heard.Chime(ctx) }) }
	terms := office.Terms{English: d.english, Words: office.Dictionary(d.words), Undrawable: ui.Undrawable}
	last := staff.View{Screen: staff.Help{}}
	look := ui.Look{}
	for {
		err := office.New(house, terms, office.Options{Player: heard, Chime: chime, Log: log}).Run(ctx, touches,
			func(v staff.View, l ui.Look) {
				last, look = v, l
				window.Show(screen.Picture{Staff: &v, Look: l})
			})
		if !errors.Is(err, control.ErrGone) {
			return house, err
		}
		terms.English = last.Language == staff.English
		lost := staff.View{Language: last.Language, Shop: last.Shop, Locked: true, Screen: staff.Help{Lost: true}}
		window.Show(screen.Picture{Staff: &lost, Look: look})
		_ = house.Close()
		if house, err = awaitHouse(ctx, home, touches); house == nil || err != nil {
			return unconnected{}, err
		}
	}
}

// awaitHouse dials until a kiosk answers; nil where the window is gone before. What is touched meanwhile does nothing.
func awaitHouse(ctx context.Context, home string, touches <-chan staff.Event) (kiosk.House, error) {
	clock := time.NewTicker(redial)
	defer clock.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case _, open := <-touches:
			if !open {
				return nil, nil
			}
		case <-clock.C:
			if client, err := kiosk.DialKiosk(ctx, home); err == nil {
				return kiosk.HouseAt(client), nil
			}
		}
	}
}

// unconnected is the house of a dashboard that ends while no kiosk answers.
type unconnected struct{ kiosk.House }

// Close has nothing to close.
func (unconnected) Close() error { return nil }

// staffTouches are the staff's of a window's touches. The channel is closed when the window is gone for good.
func staffTouches(ctx context.Context, from <-chan screen.Touch) <-chan staff.Event {
	to := make(chan staff.Event)
	go func() {
		defer close(to)
		for t := range from {
			if t.Staff == nil {
				continue
			}
			select {
			case to <- t.Staff:
			case <-ctx.Done():
				return
			}
		}
	}()
	return to
}
