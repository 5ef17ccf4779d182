//go:build engines

package screen_test

import (
	"context"
	"errors"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"tenin/cmd/internal/screen"
	"tenin/cmd/internal/screen/xfixture"
	"tenin/cmd/internal/worker/sandbox"
	"tenin/ui"
	"tenin/ui/shopper"
)

// mode is the sandbox's in these tests, to find out what a failure is due to.
func mode(t *testing.T) sandbox.Mode {
	t.Helper()
	if word := os.Getenv("TENIN_SANDBOX_MODE"); word != "" {
		m, err := sandbox.ParseMode(word)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	return sandbox.Refuse
}

func server(t *testing.T, o xfixture.Options) *xfixture.Server {
	t.Helper()
	o.Dir = t.TempDir()
	x, err := xfixture.Start(t.Context(), o)
	if errors.Is(err, xfixture.ErrMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Close() })
	return x
}

func window(t *testing.T, x *xfixture.Server) *screen.Screen {
	t.Helper()
	s, err := screen.Start(t.Context(), screen.Options{Display: x.Display, Authority: x.Authority, Mode: mode(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func attract() screen.Picture {
	return screen.Picture{Shopper: &shopper.View{Shop: "てんいん百貨店", Screen: shopper.Attract{Examples: []string{"傘はどこですか"}}}}
}

func answer() screen.Picture {
	return screen.Picture{Shopper: &shopper.View{Shop: "てんいん百貨店", Screen: shopper.Answer{Question: "傘はどこですか",
		Text: "傘は1階にございます。", Related: []string{"駐車場はありますか", "何時までですか"}}}}
}

// show shows a picture and waits until it can be seen.
func show(t *testing.T, s *screen.Screen, p screen.Picture) {
	t.Helper()
	s.Show(p)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := s.Shown(ctx, s.Last()); err != nil {
		t.Fatal(err)
	}
}

// capture looks at the display, and keeps the picture in the folder TENIN_PICTURES names.
func capture(t *testing.T, x *xfixture.Server, name string) *image.RGBA {
	t.Helper()
	p, err := x.Capture()
	if err != nil {
		t.Fatal(err)
	}
	if dir := os.Getenv("TENIN_PICTURES"); dir != "" {
		f, err := os.Create(filepath.Join(dir, name+".png"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := png.Encode(f, p); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// same waits until the display shows exactly what it showed.
func same(t *testing.T, x *xfixture.Server, want *image.RGBA) {
	t.Helper()
	end := time.Now().Add(10 * time.Second)
	for {
		got, err := x.Capture()
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for i := range got.Pix {
			if got.Pix[i] != want.Pix[i] {
				n++
			}
		}
		if n == 0 {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%d of %d bytes of the picture changed", n, len(got.Pix))
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// touched waits for a touch.
func touched(t *testing.T, s *screen.Screen) screen.Touch {
	t.Helper()
	select {
	case touch := <-s.Touches():
		return touch
	case <-time.After(20 * time.Second):
		t.Fatal("no touch came")
		return screen.Touch{}
	}
}

func TestTheWindowFillsTheDisplayAndShowsThePicture(t *testing.T) {
	x := server(t, xfixture.Options{})
	s := window(t, x)
	show(t, s, attract())
	p := capture(t, x, "attract")
	paper := ui.Look{}.Palette().Paper
	want := color.RGBAModel.Convert(paper)
	for _, at := range []image.Point{{2, 2}, {1077, 2}, {2, 1917}, {1077, 1917}} {
		if got := p.At(at.X, at.Y); got != want {
			t.Errorf("at %v the display is %v, not paper (%v)", at, got, want)
		}
	}
	dark := 0
	for i := 0; i < len(p.Pix); i += 4 {
		if p.Pix[i] < 100 {
			dark++
		}
	}
	if dark < 10000 {
		t.Errorf("%d dots of ink and accent: nothing is drawn", dark)
	}
	t.Log(s.Renderer())
}

func TestATouchOfAButtonArrivesAsItsEvent(t *testing.T) {
	x := server(t, xfixture.Options{})
	s := window(t, x)
	show(t, s, attract())
	if err := x.Finger.Tap(540, 1270); err != nil {
		t.Fatal(err)
	}
	if got := touched(t, s); got.Shopper != (shopper.Start{}) {
		t.Errorf("%+v", got)
	}
}

func TestAWindowThatDiesComesBackWithTheSamePicture(t *testing.T) {
	x := server(t, xfixture.Options{})
	s := window(t, x)
	show(t, s, answer())
	before, pid := capture(t, x, "before"), s.PID()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(20 * time.Second); s.PID() == pid || s.PID() == 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("no new process came")
		}
	}
	same(t, x, before)
}

func TestTheWindowComesBackOnADisplayThatWasTurnedAndHasAnotherCookie(t *testing.T) {
	x := server(t, xfixture.Options{})
	s := window(t, x)
	show(t, s, answer())
	number, err := strconv.Atoi(strings.TrimPrefix(x.Display, ":"))
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []image.Point{{1920, 1080}, {1080, 1920}} {
		begin := time.Now()
		old := x
		err := s.Anew(t.Context(), func() error {
			old.Close()
			x, err = xfixture.Start(t.Context(), xfixture.Options{Number: number, Width: size.X, Height: size.Y, Dir: filepath.Dir(old.Authority)})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		turned := x
		t.Cleanup(func() { turned.Close() })
		t.Log("from its end to the picture:", time.Since(begin).Round(time.Millisecond))
		p := capture(t, x, "turned")
		dark := 0
		for i := 0; i < len(p.Pix); i += 4 {
			if p.Pix[i] < 100 {
				dark++
			}
		}
		if p.Rect.Size() != size || dark < 10000 {
			t.Errorf("the display of %v shows %d dots of ink", p.Rect.Size(), dark)
		}
		if _, _, lost := s.Process(); lost != 0 {
			t.Errorf("%d windows are counted as lost", lost)
		}
	}
}

// After the first picture the process is sealed: what a library would still compile, load or open is refused from then on.
func TestTheSealedWindowShowsEveryScreen(t *testing.T) {
	x := server(t, xfixture.Options{})
	s := window(t, x)
	show(t, s, attract())
	first := s.PID()
	for i, p := range samples() {
		show(t, s, p)
		if s.PID() != first {
			t.Fatalf("picture %d, %T, ended the process", i, p.Shopper.Screen)
		}
	}
	state, err := sandbox.Inspect(first)
	if err != nil {
		t.Fatal(err)
	}
	if mode(t) == sandbox.Refuse && (state.Seccomp != 2 || !state.NoNewPrivs || state.Capabilities != 0) {
		t.Errorf("not sealed: %+v", state)
	}
}
