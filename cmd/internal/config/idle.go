package config

import "fmt"

// Idle says when a shopper who does nothing has left.
type Idle struct {
	// ResetSeconds without a word or a touch end the visit: all that is left of the shopper is wiped.
	ResetSeconds float64 `toml:"reset_seconds"`
	// PatienceSeconds is how long a question of the kiosk (the notice, "which one do you mean?") waits for its answer.
	PatienceSeconds float64 `toml:"patience_seconds"`
}

func defaultIdle() Idle { return Idle{ResetSeconds: 60, PatienceSeconds: 20} }

func (i Idle) check() error {
	switch {
	case !within(i.ResetSeconds, 5, 900):
		return fmt.Errorf("idle.reset_seconds is %g: use 5 to 900", i.ResetSeconds)
	case !within(i.PatienceSeconds, 3, 300):
		return fmt.Errorf("idle.patience_seconds is %g: use 3 to 300", i.PatienceSeconds)
	case i.PatienceSeconds > i.ResetSeconds:
		return fmt.Errorf("idle.patience_seconds is %g, more than idle.reset_seconds (%g): the visit would end first", i.PatienceSeconds, i.ResetSeconds)
	}
	return nil
}
