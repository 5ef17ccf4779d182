package screen

import (
	"errors"
	"os"
	"strings"

	"tenin/cmd/internal/screen/x11"
)

// dots is the size of a window.
type dots struct{ width, height int }

// survey looks at the display before the graphics library does, which would only say that something failed. It returns the
// display's cookie too; nil: it needs none. The connection is to be closed when the window is there: an X server whose last
// client leaves starts anew, and refuses everybody meanwhile.
func survey(s settings) (d dots, cookie []byte, c *x11.Conn, f *failure) {
	path, ok := Socket(os.Getenv("DISPLAY"))
	if !ok {
		return d, nil, nil, &failure{Kind: noDisplay}
	}
	cookie, err := x11.Cookie(os.Getenv("XAUTHORITY"), number(os.Getenv("DISPLAY")))
	if err != nil {
		return d, nil, nil, &failure{Kind: refused}
	}
	dialled, err := x11.Dial(path, cookie)
	switch {
	case errors.Is(err, x11.ErrRefused):
		return d, nil, nil, &failure{Kind: refused}
	case err != nil:
		return d, nil, nil, &failure{Kind: noDisplay}
	}
	defer func() {
		if f != nil {
			_ = dialled.Close()
		}
	}()
	if _, ok, err := dialled.Extension("GLX"); !ok || err != nil {
		return d, nil, nil, &failure{Kind: noGL}
	}
	i := dialled.Info()
	if s.Windowed {
		d = dots{s.Width, s.Height}
		if d.width <= 0 || d.height <= 0 {
			d = dots{i.Width, i.Height}
		}
		return d, cookie, dialled, nil
	}
	if min(i.Width, i.Height) < LeastShort || max(i.Width, i.Height) < LeastLong {
		return d, nil, nil, &failure{Kind: tooSmall, Width: i.Width, Height: i.Height}
	}
	return dots{i.Width, i.Height}, cookie, dialled, nil
}

// number is that of a display's name, as the file of cookies has it.
func number(display string) string {
	_, rest, _ := strings.Cut(display, ":")
	n, _, _ := strings.Cut(rest, ".")
	return n
}

// clean is what a library says of itself, fit for a report.
func clean(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, text)
	return text[:min(len(text), longestName)]
}

// longestName bounds the renderer's name in bytes.
const longestName = 200
