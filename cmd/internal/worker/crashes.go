package worker

import "time"

const (
	// crashWindow and crashMost: so many crashes of one role within the window raise an alert.
	crashWindow = time.Minute
	crashMost   = 3
	// firstPause before the next start after an alert; it doubles with each further crash up to longestPause.
	firstPause   = 2 * time.Second
	longestPause = time.Minute
)

// crashes decides how soon a role is started again. The first two crashes cost no pause: a shopper waits.
type crashes struct {
	times []time.Time
	pause time.Duration // the last one; 0 while the role counts as well
}

// add notes a crash. It returns how long to wait before the next start, and whether this crash raises the alert: once,
// until the role was well for a whole window.
func (c *crashes) add(now time.Time) (pause time.Duration, alert bool) {
	well := len(c.times) > 0 && now.Sub(c.times[len(c.times)-1]) > crashWindow+c.pause
	if well {
		*c = crashes{}
	}
	c.times = append(c.times, now)
	if len(c.times) > crashMost {
		c.times = c.times[len(c.times)-crashMost:]
	}
	switch {
	case c.pause > 0:
		c.pause = min(2*c.pause, longestPause)
	case len(c.times) == crashMost && now.Sub(c.times[0]) <= crashWindow:
		c.pause, alert = firstPause, true
	}
	return c.pause, alert
}
