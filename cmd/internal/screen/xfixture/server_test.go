package xfixture

import (
	"errors"
	"image"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tenin/cmd/internal/screen"
	"tenin/cmd/internal/screen/x11"
)

func server(t *testing.T, o Options) *Server {
	t.Helper()
	o.Dir = t.TempDir()
	s, err := Start(t.Context(), o)
	if errors.Is(err, ErrMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestADisplayIsAsLargeAsItWasMadeAndCanBeLookedAt(t *testing.T) {
	s := server(t, Options{Width: 640, Height: 480, DPI: 96})
	if i := s.Eye.Info(); i.Width != 640 || i.Height != 480 || i.Depth != 24 || i.WidthMM < 168 || i.WidthMM > 170 {
		t.Errorf("%+v", i)
	}
	all, err := s.Capture()
	if err != nil {
		t.Fatal(err)
	}
	if all.Bounds() != image.Rect(0, 0, 640, 480) {
		t.Errorf("%v", all.Bounds())
	}
	part, err := s.Eye.Look(image.Rect(10, 20, 30, 50))
	if err != nil || part.Bounds() != image.Rect(0, 0, 20, 30) {
		t.Errorf("%v, %v", part, err)
	}
	if _, err := s.Eye.Look(image.Rect(600, 0, 700, 10)); err == nil {
		t.Error("a place beyond the display was looked at")
	}
	if managed, err := s.Eye.Managed(); managed || err != nil {
		t.Errorf("a window manager: %v, %v", managed, err)
	}
}

func TestADisplayTakesNobodyWithoutItsCookie(t *testing.T) {
	s := server(t, Options{Width: 64, Height: 64})
	path, _ := screen.Socket(s.Display)
	for _, cookie := range [][]byte{nil, make([]byte, 16)} {
		if c, err := x11.Dial(path, cookie); !errors.Is(err, x11.ErrRefused) {
			t.Errorf("with cookie %x: %v", cookie, err)
			if err == nil {
				c.Close()
			}
		}
	}
	cookie, err := x11.Cookie(s.Authority, strings.TrimPrefix(s.Display, ":"))
	if err != nil {
		t.Fatal(err)
	}
	second, err := x11.Dial(path, cookie)
	if err != nil {
		t.Fatal(err)
	}
	others, err := s.Others()
	if err != nil || len(others) != 1 || others[0] != os.Getpid() {
		t.Errorf("beside the eye: %v, %v; this is %d", others, err, os.Getpid())
	}
	second.Close()
}

func TestADisplayListensAtItsPathAlone(t *testing.T) {
	s := server(t, Options{Width: 64, Height: 64})
	open, err := x11.Doors(s.Display)
	if err != nil {
		t.Fatal(err)
	}
	if !open.Path || open.Abstract || open.TCP {
		t.Errorf("%+v", open)
	}
}

func TestADisplayIsGoneWithItsSocketWhenItIsClosed(t *testing.T) {
	s, err := Start(t.Context(), Options{Width: 64, Height: 64})
	if errors.Is(err, ErrMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	path, _ := screen.Socket(s.Display)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, left := range []string{path, filepath.Dir(s.Authority)} {
		if _, err := os.Stat(left); err == nil {
			t.Errorf("%s is still there", left)
		}
	}
}
