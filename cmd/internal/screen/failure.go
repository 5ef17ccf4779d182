package screen

import (
	"errors"
	"fmt"
)

// What a window can fail for. Each error of [Start] wraps one of them and names what to do.
var (
	ErrNoDisplay = errors.New("no display")
	ErrRefused   = errors.New("the display refuses this program")
	ErrNoGL      = errors.New("no graphics library")
	ErrTooSmall  = errors.New("the display is too small")
	ErrNoFont    = errors.New("this program carries no font for its screens")
	ErrBuild     = errors.New("this program was built without screens")
	ErrStart     = errors.New("the window did not start")
)

// LeastShort and LeastLong are the least resolution, in dots. The audit of the screens' pictures passes for 1080×1920 and 1920×1080 only; on fewer dots the
// buttons would have to be smaller than a finger.
const (
	LeastShort = 1080
	LeastLong  = 1920
)

// kind is why a window failed, as it crosses the socket: no text does, since the other side does not believe any.
type kind string

const (
	noDisplay kind = "display"
	refused   kind = "refused"
	noGL      kind = "gl"
	tooSmall  kind = "small"
	noFont    kind = "font"
	noBuild   kind = "build"
	noStart   kind = "start"
)

// failure is a kind, and for tooSmall what was found.
type failure struct {
	Kind          kind
	Width, Height int
}

const orHeadless = "or run without a screen: --headless"

// err is the failure as one line for whoever started the program.
func (f failure) err(display string) error {
	if display == "" {
		display = "(none)"
	}
	switch f.Kind {
	case noDisplay:
		return fmt.Errorf("%w at %s: start an X server and set DISPLAY, %s", ErrNoDisplay, display, orHeadless)
	case refused:
		return fmt.Errorf("%w at %s: name its cookie file with XAUTHORITY, readable for this user, %s", ErrRefused, display, orHeadless)
	case noGL:
		return fmt.Errorf("%w for the display %s: install libgl1, libglx-mesa0 and libgl1-mesa-dri, %s", ErrNoGL, display, orHeadless)
	case tooSmall:
		return fmt.Errorf("%w at %s: it has %d×%d dots and the screens need %d×%d, upright or lying; choose that resolution, %s",
			ErrTooSmall, display, f.Width, f.Height, LeastLong, LeastShort, orHeadless)
	case noFont:
		return fmt.Errorf("%w: build it with `make build`, %s", ErrNoFont, orHeadless)
	case noBuild:
		return fmt.Errorf("%w: build it with `make build`, %s", ErrBuild, orHeadless)
	}
	return fmt.Errorf("%w at %s: see `tenin doctor display`, %s", ErrStart, display, orHeadless)
}
