package screen

import "time"

// mostTouches in a second. Ten fingers that drum reach forty.
const mostTouches = 100

// meter counts the touches of a second.
type meter struct {
	second time.Time
	count  int
}

// add notes a touch; false: no hand touches so often.
func (m *meter) add(now time.Time) bool {
	if now.Sub(m.second) >= time.Second {
		m.second, m.count = now, 0
	}
	m.count++
	return m.count <= mostTouches
}
