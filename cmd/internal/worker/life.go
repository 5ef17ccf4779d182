package worker

import "sync"

// life is a client between its opening and its Close, which waits for the calls under way.
type life struct {
	mu     sync.RWMutex
	closed bool
}

// begin opens a call; false after Close.
func (l *life) begin() bool {
	l.mu.RLock()
	if l.closed {
		l.mu.RUnlock()
		return false
	}
	return true
}

func (l *life) end() { l.mu.RUnlock() }

func (l *life) shut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
}
