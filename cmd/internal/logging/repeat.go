package logging

import (
	"log/slog"
	"sync"
	"time"
)

// A place in the source may write burst records within window; the others are counted, and the next one that passes
// tells their number. A device that fails in a loop then fills no disk.
const (
	burst  = 10
	window = 10 * time.Second
)

type source struct {
	pc    uintptr
	level slog.Level
}

// repeats counts per place of the source, of which there are finitely many.
type repeats struct {
	mu   sync.Mutex
	seen map[source]*seen
}

type seen struct {
	since  time.Time
	passed int
	held   int
}

func newRepeats() *repeats { return &repeats{seen: map[source]*seen{}} }

// allow says whether a record passes, and how many of its kind were held back before it.
func (r *repeats) allow(pc uintptr, level slog.Level, now time.Time) (held int, pass bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := source{pc, level}
	s := r.seen[key]
	if s == nil {
		s = &seen{since: now}
		r.seen[key] = s
	}
	// A clock that was set back begins a new window too.
	if now.Sub(s.since) >= window || now.Before(s.since) {
		s.since, s.passed = now, 0
	}
	if s.passed >= burst {
		s.held++
		return 0, false
	}
	s.passed++
	held, s.held = s.held, 0
	return held, true
}

// untold is how many records were held back that no later one has told of.
func (r *repeats) untold() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for _, s := range r.seen {
		n += s.held
		s.held = 0
	}
	return n
}
