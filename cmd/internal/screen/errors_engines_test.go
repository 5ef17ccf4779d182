//go:build engines

package screen_test

import (
	"encoding/hex"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"tenin/cmd/internal/screen"
	"tenin/cmd/internal/screen/x11"
	"tenin/cmd/internal/screen/xfixture"
)

// xauth writes entries with the machine's name, and a sandbox has another.
func TestACookieOfThisMachineServesAWindowWithAnotherName(t *testing.T) {
	program, err := exec.LookPath("xauth")
	if err != nil {
		t.Skip("no xauth on this machine")
	}
	x := server(t, xfixture.Options{})
	cookie, err := x11.Cookie(x.Authority, "")
	if err != nil {
		t.Fatal(err)
	}
	named := filepath.Join(t.TempDir(), "named")
	if out, err := exec.Command(program, "-q", "-f", named, "add", x.Display, ".", hex.EncodeToString(cookie)).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	s, err := screen.Start(t.Context(), screen.Options{Display: x.Display, Authority: named, Mode: mode(t)})
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
}

func TestAWindowWithoutADisplayNamesWhatToDo(t *testing.T) {
	small := server(t, xfixture.Options{Width: 800, Height: 600})
	x := server(t, xfixture.Options{})
	plain := server(t, xfixture.Options{Without: []string{"GLX"}})
	wrong := filepath.Join(t.TempDir(), "wrong")
	if err := x11.WriteCookie(wrong, make([]byte, x11.CookieSize)); err != nil {
		t.Fatal(err)
	}
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("DISPLAY", "")
	for _, c := range []struct {
		name string
		o    screen.Options
		want error
	}{
		{"none is named", screen.Options{}, screen.ErrNoDisplay},
		{"nobody is there", screen.Options{Display: ":59"}, screen.ErrNoDisplay},
		{"it is elsewhere", screen.Options{Display: "shop.example:0"}, screen.ErrNoDisplay},
		{"no name of a display", screen.Options{Display: "../../etc"}, screen.ErrNoDisplay},
		{"a wrong cookie", screen.Options{Display: x.Display, Authority: wrong}, screen.ErrRefused},
		{"no cookie", screen.Options{Display: x.Display, Authority: empty}, screen.ErrRefused},
		{"too few dots", screen.Options{Display: small.Display, Authority: small.Authority}, screen.ErrTooSmall},
		{"no GL", screen.Options{Display: plain.Display, Authority: plain.Authority}, screen.ErrNoGL},
	} {
		c.o.Mode = mode(t)
		s, err := screen.Start(t.Context(), c.o)
		if err == nil {
			s.Close()
		}
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), "--headless") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
