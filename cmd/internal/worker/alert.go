package worker

import "time"

// Alert tells the staff that a role crashes again and again.
type Alert struct {
	Role Role
	// Reason of the last crash.
	Reason Reason
	// Crashes within a minute.
	Crashes int
	// Pause before the next start. It doubles with each further crash, up to a minute; calls fail at once meanwhile.
	Pause time.Duration
}
