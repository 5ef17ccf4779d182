package worker

import "time"

// clock is the supervisor's time; tests have their own.
type clock interface {
	now() time.Time
	after(time.Duration) <-chan time.Time
}

type wallClock struct{}

func (wallClock) now() time.Time                         { return time.Now() }
func (wallClock) after(d time.Duration) <-chan time.Time { return time.After(d) }
