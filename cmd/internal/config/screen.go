package config

import "fmt"

// Screen is the panel on which shoppers touch.
type Screen struct {
	// DPI is its resolution in dots per inch, from which all sizes follow; 0 means a 21.5 inch panel with 1920×1080 dots.
	DPI float32 `toml:"dpi"`
}

func (s Screen) check() error {
	if s.DPI != 0 && !within(float64(s.DPI), 60, 400) {
		return fmt.Errorf("screen.dpi is %g: use 60 to 400, or 0 for the usual panel", s.DPI)
	}
	return nil
}
