package main

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"

	"tenin/cmd/internal/config"
	"tenin/cmd/internal/kiosk"
	"tenin/cmd/internal/kiosk/counter"
	"tenin/cmd/internal/kiosk/office"
	"tenin/cmd/internal/kiosk/pane"
	"tenin/cmd/internal/logging"
	"tenin/cmd/internal/screen"
	"tenin/cmd/internal/worker/sandbox"
	"tenin/storage"
	"tenin/ui"
	"tenin/ui/shopper"
)

// screenNotice is the version of the notice that the screens show; its text is shopper.Phrases'. A changed text is a new
// version.
const screenNotice = "2026-11-screen"

// openScreen opens the kiosk's window, which says that the kiosk is being prepared.
func (o runOptions) openScreen(ctx context.Context, f *flags, home string, settings config.Config, log *slog.Logger) (*screenRun, error) {
	width, height, err := windowSize(o.window)
	if err != nil {
		return nil, err
	}
	window, err := openWindow(ctx, home, settings, width, height, screen.Options{Log: log, Alert: func(a screen.Alert) {
		f.say("the window failed %d times within a minute: the next try is in %v, call a technician", a.Crashes, a.Pause)
	}})
	if err != nil {
		return nil, err
	}
	s := &screenRun{window: window, log: log, wanted: make(chan struct{}, 1)}
	s.glass = pane.New(window, screenLook(settings), func() {
		select {
		case s.wanted <- struct{}{}:
		default:
		}
	})
	s.glass.Shopper().Show(shopper.View{
		Language: screenLanguage(settings), Shop: cmp.Or(settings.Shop.Brand, settings.Shop.Name), Screen: shopper.Attract{Preparing: true},
	}, ui.Look{})
	return s, nil
}

// screenLook is how the screens look on this panel and in this shop.
func screenLook(settings config.Config) ui.Look {
	accent, _ := settings.Shop.AccentRGB()
	return ui.Look{DPI: settings.Screen.DPI, Accent: accent}
}

// screenLanguage is what the screens speak until a shopper chooses.
func screenLanguage(settings config.Config) shopper.Language {
	if settings.Shop.Language == "en" {
		return shopper.English
	}
	return shopper.Japanese
}

// screenRun is the kiosk with a window.
type screenRun struct {
	*headlessRun
	window *screen.Screen
	glass  *pane.Glass
	log    *slog.Logger
	// wanted holds a token when staff want in.
	wanted chan struct{}
	front  atomic.Pointer[counter.Counter] // nil until shoppers are served
}

func (s *screenRun) close() { _ = s.window.Close() }

// learn shows what the shop knows now.
func (s *screenRun) learn() {
	if s == nil {
		return
	}
	if front := s.front.Load(); front != nil {
		logging.Go(s.log, "examples", func() { front.Learn(counter.ShopOf(s.clerk)) }, nil)
	}
}

// probe tries, inside the window's process, what it should not be able to do.
func (s *screenRun) probe(ctx context.Context, t sandbox.Targets) ([]sandbox.Result, error) {
	if s == nil {
		return nil, errors.New("no screen process runs")
	}
	return s.window.Probe(ctx, t)
}

// processes adds the window's to the workers'.
func (s *screenRun) processes(workers func() []kiosk.ControlProcess) func() []kiosk.ControlProcess {
	if s == nil {
		return workers
	}
	return func() []kiosk.ControlProcess {
		list := workers()
		if pid, since, restarts := s.window.Process(); pid != 0 {
			list = append(list, kiosk.ControlProcess{Role: screen.Role, PID: pid, Since: since, Restarts: restarts})
		}
		return list
	}
}

// serve serves one shopper after the other until ctx ends, or until a technician wants the whole kiosk: then the error is
// the one that tells the launcher.
func (s *screenRun) serve(ctx context.Context, devices soundDevices) error {
	backroom := s.clerk.Backroom()
	sound := &roomSound{devices: devices, settings: s.settings.Audio, played: s.played}
	front := counter.New(counter.Options{
		Glass: s.glass.Shopper(), Machine: s.desk, Clerk: s.clerk,
		Name: s.clerk.Brand(), Language: screenLanguage(s.settings), Shop: counter.ShopOf(s.clerk),
		Notice: screenNotice, Days: s.settings.Retention.Days, Patience: s.settings.Idle.Reset(),
		Summon: func(topic, language string) { backroom.Call(topic, language) },
		Helped: backroom.Helped,
		Trouble: func(t kiosk.Trouble, err error) {
			if err != nil && !errors.Is(err, context.Canceled) {
				s.log.Warn("trouble at the counter", "what", t.String(), "error", err)
			}
		},
		Log: s.log,
	})
	s.front.Store(front)
	defer backroom.Follow(front.Situation)()
	defer s.report(ctx, s.desk)()

	ctx, stop := context.WithCancelCause(ctx)
	var beside sync.WaitGroup
	defer beside.Wait()
	defer stop(nil)
	beside.Add(3)
	ended := func(bool) { beside.Done() }
	logging.Go(s.log, "glass", func() { s.glass.Run(ctx) }, ended)
	logging.Go(s.log, "counter", func() { _ = front.Run(ctx) }, ended)
	logging.Go(s.log, "office", func() {
		terms := office.Terms{Counter: true, SetUp: true, English: screenLanguage(s.settings) == shopper.English, Words: office.Dictionary(s.clerk.Words()), Undrawable: ui.Undrawable}
		if s.letStaffIn(ctx, backroom, terms, office.Options{Player: sound, Log: s.log}) {
			stop(office.ErrSetUp)
		}
	}, ended)
	s.desk.Run(ctx, front.Device(sound), front, front.Taps(kiosk.RunnerOptions{
		Reset: s.forget, Erase: s.erase, Ahead: s.clerk.RenderQuietly, Watch: s.watch,
	}))
	if errors.Is(context.Cause(ctx), office.ErrSetUp) {
		return quietError{exitForSetUp}
	}
	return nil
}

// forget makes everything anew that heard, spoke or showed a shopper's words.
func (s *screenRun) forget(ctx context.Context) error {
	var err error
	if s.reset != nil {
		err = s.reset(ctx)
	}
	return errors.Join(err, s.window.Forget(ctx))
}

// letStaffIn shows the staff's screens whenever they knock, until ctx ends or a technician's PIN asks for the whole kiosk.
// As long as nobody has a PIN nobody gets in: shoppers stand here.
func (s *screenRun) letStaffIn(ctx context.Context, backroom *kiosk.Backroom, terms office.Terms, o office.Options) (setUp bool) {
	house := backroom.Door()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-s.wanted:
		}
		if !s.anybody(ctx, house) {
			s.flags.say("somebody knocked at the shop's mark, and nobody has a PIN yet: make one with `tenin staff add`")
			continue
		}
		s.glass.Turn(pane.Staffs)
		err := office.New(house, terms, o).Run(ctx, s.glass.Staff().Touches(), s.glass.Staff().Show)
		if errors.Is(err, office.ErrSetUp) {
			return true
		}
		s.glass.Turn(pane.Shoppers)
		if err != nil && ctx.Err() == nil {
			s.log.Warn("the staff's screens ended", "error", err)
		}
	}
}

// anybody says whether somebody of the shop has a PIN.
func (s *screenRun) anybody(ctx context.Context, house kiosk.House) bool {
	list, err := house.Staff(ctx)
	if err != nil {
		s.log.Warn("the accounts cannot be read", "error", err)
	}
	return slices.ContainsFunc(list, func(m storage.StaffMember) bool { return !m.Disabled })
}

// played says in the log that answers cannot be heard; the screen shows them all the same.
func (s *screenRun) played(err error) {
	if err != nil {
		s.log.Warn("no loudspeaker, answers are shown only", "error", err)
	}
}
