package worker

import "time"

const (
	// crashWindow and CrashMost: so many crashes of one process within the window raise an alert.
	crashWindow = time.Minute
	CrashMost   = 3
	// firstPause before the next start after an alert; it doubles with each further crash up to longestPause.
	firstPause   = 2 * time.Second
	longestPause = time.Minute
)

// Crashes decides how soon a process is started again. The first two crashes cost no pause: a shopper waits.
type Crashes struct {
	times []time.Time
	pause time.Duration // the last one; 0 while the process counts as well
}

// Add notes a crash. It returns how long to wait before the next start, and whether this crash raises the alert: once,
// until it was well for a whole window.
func (c *Crashes) Add(now time.Time) (pause time.Duration, alert bool) {
	well := len(c.times) > 0 && now.Sub(c.times[len(c.times)-1]) > crashWindow+c.pause
	if well {
		*c = Crashes{}
	}
	c.times = append(c.times, now)
	if len(c.times) > CrashMost {
		c.times = c.times[len(c.times)-CrashMost:]
	}
	switch {
	case c.pause > 0:
		c.pause = min(2*c.pause, longestPause)
	case len(c.times) == CrashMost && now.Sub(c.times[0]) <= crashWindow:
		c.pause, alert = firstPause, true
	}
	return c.pause, alert
}
