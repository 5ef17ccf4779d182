package screen

import (
	"context"
	"time"

	"tenin/cmd/internal/worker"
)

// anewPause is between two tries of a window while its display starts anew. A server takes 0.3 to 3 s.
const anewPause = 500 * time.Millisecond

// Anew runs restart, which has the display start anew, and returns when a window shows the newest picture on it again. What is
// lost meanwhile is no crash: the next window is tried twice a second, and the pauses that follow crashes do not grow. Where the
// display does not start anew after all, or no window comes up, it returns without an error when it has waited long enough.
func (s *Screen) Anew(ctx context.Context, restart func() error) error {
	s.mu.Lock()
	before := s.process
	s.anew++
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.anew--
		s.mu.Unlock()
	}()
	if err := restart(); err != nil {
		return err
	}
	if before != nil {
		select {
		case <-before.dead:
		case <-time.After(s.o.limits.anew):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-s.ended:
			return ErrClosed
		}
	}
	late := time.NewTimer(s.o.limits.start)
	defer late.Stop()
	for {
		s.mu.Lock()
		p := s.process
		s.mu.Unlock()
		if p != nil && p != before {
			number, _ := s.newest()
			p.settle(ctx, number, s.o.limits.hang)
			return ctx.Err()
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-late.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-s.ended:
			return ErrClosed
		}
	}
}

// lose notes a lost window, and says how long to wait before the next and whether that is worth an alert.
func (s *Screen) lose(history *worker.Crashes) (pause time.Duration, alert, crash bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.anew > 0 {
		*history = worker.Crashes{}
		return anewPause, false, false
	}
	s.lost++
	pause, alert = history.Add(time.Now())
	return pause, alert, true
}
