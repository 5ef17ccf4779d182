package screen

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"tenin/ui/shopper"
)

// fakeVariable has this test binary be a window's process that draws nothing, of the kind that it names.
const fakeVariable = "TENIN_FAKE_SCREEN"

func init() {
	if kind, ok := os.LookupEnv(fakeVariable); ok {
		fake(kind)
		os.Exit(0)
	}
}

// fake answers as a window does, until it misbehaves as its kind says.
func fake(kind string) {
	conn, err := inherited()
	if err != nil {
		os.Exit(2)
	}
	say := func(r report) {
		if writeFrame(conn, r, longestReport) != nil {
			os.Exit(0)
		}
	}
	if kind == "refuses" {
		say(report{Failed: &failure{Kind: tooSmall, Width: 800, Height: 600}})
		return
	}
	if kind == "silent" {
		select {}
	}
	first := true
	for {
		var o order
		if readFrame(conn, &o, longestPicture) != nil {
			return
		}
		if first {
			say(report{Ready: &readiness{Width: 1080, Height: 1920, Scale: 1}})
			first = false
		}
		if o.Picture == nil {
			say(report{Look: o.Look})
			continue
		}
		if s, ok := o.Picture.Shopper.Screen.(shopper.Thinking); ok && s.Words == "misbehave" {
			misbehave(kind, conn, say)
		}
		say(report{Shown: o.Number})
		if _, ok := o.Picture.Shopper.Screen.(shopper.Attract); ok {
			say(report{Touch: &Touch{Shopper: shopper.Start{}}})
		}
	}
}

func misbehave(kind string, conn net.Conn, say func(report)) {
	switch kind {
	case "dies":
		os.Exit(7)
	case "hangs":
		select {}
	case "garbage":
		conn.Write([]byte("GET / HTTP/1.1\r\n\r\n"))
	case "long":
		conn.Write([]byte{0xff, 0xff, 0xff, 0xff})
	case "future":
		say(report{Shown: 1 << 40})
	case "twice":
		say(report{Ready: &readiness{}})
	case "both":
		say(report{Look: 1, Shown: 1})
	case "impossible":
		conn.Write([]byte{0, 0, 0, 65})
		conn.Write([]byte(`{"touch":{"shopper":{"type":"CallStaff","value":{"Language":99}}}}`)[:65])
	case "drums":
		for range 10 * mostTouches {
			say(report{Touch: &Touch{Shopper: shopper.Start{}}})
		}
	}
}

// faked starts a Screen with such a process.
func faked(t *testing.T, kind string, o Options) *Screen {
	t.Helper()
	s, err := startFake(t.Context(), kind, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func startFake(ctx context.Context, kind string, o Options) (*Screen, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	o.spawn = func(socket *os.File, _ bool) (*exec.Cmd, error) {
		cmd := exec.Command(program)
		cmd.Env = append(os.Environ(), fakeVariable+"="+kind)
		cmd.ExtraFiles = []*os.File{socket}
		return cmd, nil
	}
	return Start(ctx, o)
}

func picture1(words string) Picture {
	return Picture{Shopper: &shopper.View{Screen: shopper.Thinking{Words: words}}}
}

func await(t *testing.T, s *Screen, n uint64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := s.Shown(ctx, n); err != nil {
		t.Fatalf("picture %d: %v", n, err)
	}
}

func TestAProcessThatMisbehavesIsReplacedAndTheNewestPictureShown(t *testing.T) {
	for _, kind := range []string{"dies", "garbage", "long", "future", "twice", "both", "impossible", "drums", "hangs"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := faked(t, kind, Options{limits: limits{hang: time.Second, tick: 50 * time.Millisecond}})
			s.Show(picture1("傘"))
			await(t, s, 1)
			pid := s.PID()
			s.Show(picture1("misbehave"))
			for s.PID() == pid || s.PID() == 0 {
				time.Sleep(time.Millisecond)
			}
			s.Show(picture1("傘"))
			await(t, s, 3)
		})
	}
}

func TestAWindowThatDiesAgainAndAgainAlertsOnce(t *testing.T) {
	alerts := make(chan Alert, 10)
	s := faked(t, "dies", Options{Alert: func(a Alert) { alerts <- a }})
	s.Show(picture1("misbehave")) // each new process is given it again
	select {
	case a := <-alerts:
		if a.Crashes != 3 || a.Pause <= 0 {
			t.Errorf("%+v", a)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("no alert")
	}
	if len(alerts) != 0 {
		t.Error("a second alert")
	}
}

func TestADisplayThatStartsAnewIsNoCrash(t *testing.T) {
	s := faked(t, "", Options{Alert: func(Alert) { t.Error("an alert") }, limits: limits{anew: 30 * time.Second}})
	s.Show(picture1("傘"))
	await(t, s, 1)
	for range 4 {
		pid := s.PID()
		if err := s.Anew(t.Context(), func() error { return syscall.Kill(pid, syscall.SIGKILL) }); err != nil {
			t.Fatal(err)
		}
		if now, _, lost := s.Process(); now == pid || now == 0 || lost != 0 {
			t.Fatalf("process %d after %d, %d lost", now, pid, lost)
		}
	}
	refused := errors.New("no")
	if err := s.Anew(t.Context(), func() error { return refused }); err != refused {
		t.Error(err)
	}
}

func TestADisplayThatDoesNotStartAnewIsNotWaitedForForEver(t *testing.T) {
	s := faked(t, "", Options{limits: limits{anew: time.Millisecond}})
	s.Show(picture1("傘"))
	await(t, s, 1)
	pid := s.PID()
	if err := s.Anew(t.Context(), func() error { return nil }); err != nil || s.PID() != pid {
		t.Error(err)
	}
}

func TestTouchesArriveAndEndWithTheScreen(t *testing.T) {
	s := faked(t, "", Options{})
	s.Show(Picture{Shopper: &shopper.View{Screen: shopper.Attract{}}})
	if touch := <-s.Touches(); touch.Shopper != (shopper.Start{}) {
		t.Errorf("%+v", touch)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, open := <-s.Touches(); open {
		t.Error("a touch after the end")
	}
	if err := s.Shown(t.Context(), 99); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	if err := s.Forget(t.Context()); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestForgettingReplacesTheProcessWithoutACrash(t *testing.T) {
	s := faked(t, "", Options{Alert: func(Alert) { t.Error("an alert") }})
	s.Show(picture1("傘"))
	await(t, s, 1)
	var seen []int
	for range 5 {
		seen = append(seen, s.PID())
		if err := s.Forget(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(seen)
	if len(slices.Compact(seen)) != 5 {
		t.Errorf("processes %v", seen)
	}
	s.Show(picture1("傘"))
	await(t, s, 2)
}

func TestAPictureIsShownAsItWasWhenItWasGiven(t *testing.T) {
	s := faked(t, "", Options{})
	v := &shopper.View{Screen: shopper.Thinking{Words: "傘"}}
	s.Show(Picture{Shopper: v})
	v.Screen = shopper.Thinking{Words: "misbehave"}
	await(t, s, 1)
	s.Show(Picture{}) // no view: dropped
	if s.Last() != 1 {
		t.Errorf("picture %d was taken", s.Last())
	}
}

func TestAWindowThatCannotStartSaysWhyInOneLine(t *testing.T) {
	_, err := startFake(t.Context(), "refuses", Options{Display: ":7"})
	if !errors.Is(err, ErrTooSmall) {
		t.Fatal(err)
	}
	for _, word := range []string{":7", "800×600", "--headless"} {
		if !strings.Contains(err.Error(), word) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q has no %q, or several lines", err, word)
		}
	}
	if _, err := startFake(t.Context(), "silent", Options{limits: limits{start: 200 * time.Millisecond}}); !errors.Is(err, ErrStart) {
		t.Error(err)
	}
	for _, k := range []kind{noDisplay, refused, noGL, tooSmall, noFont, noBuild, noStart, "nonsense"} {
		if text := (failure{Kind: k}).err("").Error(); !strings.Contains(text, "--headless") || strings.Contains(text, "\n") {
			t.Errorf("%s: %q", k, text)
		}
	}
}
