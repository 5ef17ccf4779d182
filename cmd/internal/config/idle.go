package config

import (
	"fmt"
	"time"
)

// Idle says when a shopper who does nothing has left.
type Idle struct {
	// ResetSeconds without a word or a touch end the visit: all that is left of the shopper is wiped.
	ResetSeconds float64 `toml:"reset_seconds"`
}

// Reset returns ResetSeconds.
func (i Idle) Reset() time.Duration { return time.Duration(i.ResetSeconds * float64(time.Second)) }

func defaultIdle() Idle { return Idle{ResetSeconds: 60} }

func (i Idle) check() error {
	if !within(i.ResetSeconds, 5, 900) {
		return fmt.Errorf("idle.reset_seconds is %g: use 5 to 900", i.ResetSeconds)
	}
	return nil
}
