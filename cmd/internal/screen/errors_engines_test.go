//go:build engines

package screen_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tenin/cmd/internal/screen"
	"tenin/cmd/internal/screen/x11"
	"tenin/cmd/internal/screen/xfixture"
)

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
