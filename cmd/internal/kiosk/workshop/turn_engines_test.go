//go:build engines

package workshop_test

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"tenin/cmd/internal/kiosk/workshop"
	"tenin/cmd/internal/screen"
	"tenin/cmd/internal/screen/xfixture"
	"tenin/cmd/internal/setup"
	"tenin/cmd/internal/worker/sandbox"
	"tenin/firmware/enrol"
	"tenin/ui"
	"tenin/ui/technician"
	"tenin/ui/uitest"
)

// The test binary is its own window's process.
func TestMain(m *testing.M) {
	if role, ok := sandbox.Child(); ok && role == screen.Role {
		os.Exit(screen.Main())
	}
	os.Exit(m.Run())
}

// turnable is a device of files whose display is an X server in memory: it starts anew in the other shape when its settings say
// so, as the X server of a device does.
type turnable struct {
	*enrol.Client
	t     *testing.T
	place enrol.Place
	mu    sync.Mutex
	x     *xfixture.Server
	dir   string
}

// Status is what these steps need of it: no disk is there that could be asked for more.
func (d *turnable) Status(context.Context) (enrol.Status, error) {
	s, err := enrol.LoadSettings(d.place)
	return enrol.Status{Settings: s}, err
}

func (d *turnable) Run(ctx context.Context, c enrol.Command) ([]byte, error) {
	if !slices.Contains(c.Args, "tenin-display.service") {
		return nil, nil
	}
	text, err := os.ReadFile(d.place.In("run/tenin/xorg.conf"))
	if err != nil {
		return nil, err
	}
	size := [2]int{1080, 1920}
	if strings.Contains(string(text), `"right"`) || strings.Contains(string(text), `"left"`) {
		size = [2]int{1920, 1080}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	number, err := strconv.Atoi(strings.TrimPrefix(d.x.Display, ":"))
	if err != nil {
		return nil, err
	}
	d.x.Close()
	d.x, err = xfixture.Start(context.WithoutCancel(ctx), xfixture.Options{Number: number, Width: size[0], Height: size[1], Dir: d.dir})
	return nil, err
}

func (d *turnable) display() *xfixture.Server {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.x
}

func (d *turnable) write(name, text string) {
	d.t.Helper()
	path := d.place.In(name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		d.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		d.t.Fatal(err)
	}
}

func TestATechnicianTurnsTheDisplayAndItIsTakenBackOrKept(t *testing.T) {
	x, err := xfixture.Start(t.Context(), xfixture.Options{Dir: t.TempDir()})
	if errors.Is(err, xfixture.ErrMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	folder, err := os.MkdirTemp("", "device") // the path of a socket has to be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	d := &turnable{t: t, place: enrol.Place(folder), x: x, dir: filepath.Dir(x.Authority)}
	d.Client = enrol.NewClient(d.place)
	t.Cleanup(func() { d.display().Close() })
	d.write(enrol.DataOpen, "made\n")
	for name, text := range map[string]string{"type": "1\n", "carrier": "1\n", "operstate": "up\n", "device/uevent": ""} {
		d.write("sys/class/net/enp1s0/"+name, text)
	}
	if err := enrol.Apply(d.place, enrol.Settings{}); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	defer running.Wait()
	defer stop()
	l, err := enrol.Listen(d.place, os.Getgid())
	if err != nil {
		t.Fatal(err)
	}
	half := &enrol.Server{Data: &enrol.Data{Machine: d, Place: d.place, Owner: [2]int{os.Getuid(), os.Getgid()}},
		Addresses: func(string) ([]netip.Prefix, error) {
			return []netip.Prefix{netip.MustParsePrefix("192.0.2.10/24")}, nil
		}}
	running.Go(func() { half.Serve(ctx, l) })

	s, err := screen.Start(t.Context(), screen.Options{Display: x.Display, Authority: x.Authority, Mode: sandbox.Refuse})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	views, tick := make(chan technician.View, 1000), make(chan time.Time)
	w := workshop.New(workshop.Options{
		Bench: workshop.FromDevice(workshop.Machine{Setup: setup.Options{Home: filepath.Join(folder, "home")}, Entered: true, Display: s.Anew}, d),
		Show: func(v technician.View, look ui.Look) {
			s.Show(screen.Picture{Technician: &v, Look: look})
			views <- v
		},
		Close: func() {}, Tick: tick,
	})
	running.Go(func() { w.Run(ctx) })
	running.Go(func() {
		for {
			select {
			case touch := <-s.Touches():
				if touch.Technician != nil {
					w.Touch(touch.Technician)
				}
			case <-ctx.Done():
				return
			}
		}
	})
	until := func(what string, want func(technician.Screen) bool) technician.View {
		t.Helper()
		for limit := time.After(60 * time.Second); ; {
			select {
			case v := <-views:
				if want(v.Screen) {
					return v
				}
			case <-limit:
				t.Fatalf("never shown: %s", what)
			}
		}
	}
	turn := func(want func(technician.Turn) bool) func(technician.Screen) bool {
		return func(s technician.Screen) bool {
			t, ok := s.(technician.Turn)
			return ok && want(t)
		}
	}
	asks := turn(func(s technician.Turn) bool {
		return s.Phase == technician.TurnAsks && s.Left == technician.TurnSeconds
	})
	looks := func(name string, wide int) {
		t.Helper()
		if err := s.Shown(t.Context(), s.Last()); err != nil {
			t.Fatal(err)
		}
		p, err := d.display().Capture()
		if err != nil {
			t.Fatal(err)
		}
		ink := 0
		for i := 0; i < len(p.Pix); i += 4 {
			if p.Pix[i] < 100 {
				ink++
			}
		}
		if p.Rect.Dx() != wide || ink < 5000 {
			t.Errorf("%s: %d dots of ink on a display that is %d wide", name, ink, p.Rect.Dx())
		}
	}
	kept := func() int {
		t.Helper()
		s, err := enrol.LoadSettings(d.place)
		if err != nil {
			t.Fatal(err)
		}
		return s.Rotation
	}

	w.Open(technician.Japanese)
	until("the steps", func(s technician.Screen) bool { _, ok := s.(technician.SetUp); return ok })
	w.Touch(technician.OpenStep{Step: technician.StepTurn})
	until("the step", turn(func(s technician.Turn) bool { return s.Phase == technician.TurnIdle }))
	looks("turn-before", 1080)

	// Nobody touches: it is taken back.
	begin := time.Now()
	w.Touch(technician.ChooseTurn{Degrees: 90})
	until("the question", asks)
	t.Log("from the touch to the question:", time.Since(begin).Round(time.Millisecond))
	looks("turn-asks", 1920)
	if kept() != 0 {
		t.Error("a turn on trial is kept")
	}
	for range technician.TurnSeconds {
		tick <- time.Time{}
	}
	until("the end", turn(func(s technician.Turn) bool { return s.Result.Problem == technician.TurnUnkept }))
	looks("turn-unkept", 1080)

	// Somebody touches the button on the turned display.
	w.Touch(technician.ChooseTurn{Degrees: 90})
	v := until("the question again", asks)
	looks("turn-asks-again", 1920)
	at := middleOf(t, v, fyne.NewSize(1920, 1080), technician.In(technician.Japanese).TurnKeep)
	if err := d.display().Finger.Tap(int(at.X), int(at.Y)); err != nil {
		t.Fatal(err)
	}
	until("the step done", turn(func(s technician.Turn) bool {
		return s.Phase == technician.TurnIdle && s.Result.Mark == technician.Good
	}))
	looks("turn-kept", 1920)
	if kept() != 90 {
		t.Errorf("kept are %d degrees", kept())
	}

	w.Touch(technician.Next{})
	until("the network", func(s technician.Screen) bool { n, ok := s.(technician.Network); return ok && len(n.Links) == 1 })
	w.Touch(technician.Test{})
	until("the network done", func(s technician.Screen) bool {
		n, ok := s.(technician.Network)
		return ok && n.Result.Mark == technician.Good
	})
	looks("network-good", 1920)
	if _, _, lost := s.Process(); lost != 0 {
		t.Errorf("%d windows are counted as lost", lost)
	}
}

// middleOf is where the middle of a button is.
func middleOf(t *testing.T, v technician.View, size fyne.Size, label string) fyne.Position {
	t.Helper()
	test.NewTempApp(t)
	for _, thing := range uitest.Things(technician.Draw(v, ui.Look{}, size, func(technician.Event) {}), size) {
		if b, ok := thing.Object.(*ui.Button); ok && b.Spec.Label == label {
			return fyne.NewPos(thing.Box.X+thing.Box.W/2, thing.Box.Y+thing.Box.H/2)
		}
	}
	t.Fatalf("there is no button %q", label)
	return fyne.Position{}
}
