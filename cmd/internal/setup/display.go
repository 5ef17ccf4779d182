package setup

import (
	"context"
	"fmt"
)

// Least is the smallest display that the screens are made for, in pixels, either way up.
const (
	LeastShort = 720
	LeastLong  = 1280
)

// CheckDisplay asks the display for its size and what draws on it.
func (s *Setup) CheckDisplay(ctx context.Context) (Screen, Finding) {
	if s.options.Look == nil {
		return Screen{}, found(Display, Undone, DisplayNone, "nothing here can look at a display", "run it on the kiosk: `tenin doctor display`")
	}
	screen, err := s.options.Look(ctx)
	if err != nil {
		return screen, found(Display, Bad, DisplayNone, err.Error(), "connect a display and look at `tenin doctor display`; without one: `tenin run --headless`")
	}
	size := fmt.Sprintf("%d×%d, drawn by %s", screen.Width, screen.Height, screen.Renderer)
	if min(screen.Width, screen.Height) < LeastShort || max(screen.Width, screen.Height) < LeastLong {
		return screen, found(Display, Bad, DisplaySmall, size, fmt.Sprintf("use one of at least %d×%d", LeastLong, LeastShort))
	}
	return screen, found(Display, Good, Fine, size, "")
}
