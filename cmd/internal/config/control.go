package config

import "fmt"

// Control is about staff who ask a running kiosk through HOME/control.sock.
type Control struct {
	// IdleMinutes is how long a staff session lives after its last request; then the PIN is asked again.
	IdleMinutes float64 `toml:"idle_minutes"`
}

func defaultControl() Control { return Control{IdleMinutes: 5} }

func (c Control) check() error {
	if !within(c.IdleMinutes, 1, 480) {
		return fmt.Errorf("control.idle_minutes is %g: use 1 to 480", c.IdleMinutes)
	}
	return nil
}
