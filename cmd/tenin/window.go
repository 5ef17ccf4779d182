package main

import (
	"context"
	"fmt"

	"tenin/cmd/internal/config"
	"tenin/cmd/internal/screen"
)

// openWindow opens a window, or takes the whole display where width is 0, in the sandbox that the settings of home ask for.
func openWindow(ctx context.Context, home string, settings config.Config, width, height int, o screen.Options) (window *screen.Screen, err error) {
	o.Windowed, o.Width, o.Height = width > 0, width, height
	if o.Mode, err = sandboxMode(home, settings); err != nil {
		return nil, err
	}
	return screen.Start(ctx, o)
}

// windowSize reads WIDTHxHEIGHT; empty is the whole display.
func windowSize(text string) (width, height int, err error) {
	if text == "" {
		return 0, 0, nil
	}
	var rest string
	n, _ := fmt.Sscanf(text+" ", "%dx%d%s", &width, &height, &rest)
	if n != 2 || width < 320 || height < 320 || width > 16384 || height > 16384 {
		return 0, 0, usageError{fmt.Errorf("--window %q is no size: use one as 1280x720, 320 to 16384 dots each way", text)}
	}
	return width, height, nil
}
