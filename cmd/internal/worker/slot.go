package worker

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"tenin/cmd/internal/worker/pb"
	"tenin/cmd/internal/worker/sandbox"
)

// slot is one role: the process that serves it now, and the loop that replaces it.
type slot struct {
	role    Role
	limits  limits
	memory  uint64 // bytes
	request *pb.OpenRequest
	spawn   spawner
	starter *sandbox.Starter
	clock   clock
	log     *slog.Logger
	alert   func(Alert)

	// gate is held once by each call and wholly by a refresh, which thereby waits for the calls under way.
	gate  *semaphore.Weighted
	asked chan Reason   // replace the process
	ended chan struct{} // closed when run has returned

	mu       sync.Mutex
	process  *process      // nil while there is none
	pause    bool          // after too many crashes
	changed  chan struct{} // closed at the next change of the two
	restarts int
}

const gateWidth = 1 << 20

// run keeps a process alive until ctx ends. first gets the outcome of the first start; when that failed there is no other.
func (s *slot) run(ctx context.Context, first chan<- error) {
	defer close(s.ended)
	var history Crashes
	for starts := 0; ; starts++ {
		p, err := s.begin(ctx)
		if starts == 0 {
			first <- err
			if err != nil {
				return
			}
		}
		why := Unready
		if err == nil {
			s.set(p, false)
			why = s.watch(ctx, p)
			s.set(nil, false)
			p.conn.Close()
		}
		switch {
		case ctx.Err() != nil:
			return
		case why == Refreshed, why == Worn:
			continue
		}
		pause, alert := history.Add(s.clock.now())
		attributes := []any{"role", s.role, "reason", why, "pause", pause}
		if p != nil {
			attributes = append(attributes, "pid", p.cmd.Process.Pid, "end", p.cmd.ProcessState.String())
		}
		s.log.Warn("worker lost", attributes...)
		s.mu.Lock()
		s.restarts++
		s.mu.Unlock()
		if alert && s.alert != nil {
			s.alert(Alert{Role: s.role, Reason: why, Crashes: CrashMost, Pause: pause})
		}
		if pause > 0 {
			s.set(nil, true)
			select {
			case <-s.clock.after(pause):
			case <-ctx.Done():
				return
			}
			s.set(nil, false)
		}
	}
}

// begin starts a process and waits for its engines.
func (s *slot) begin(ctx context.Context) (*process, error) {
	begin := time.Now()
	p, err := launch(s.role, s.spawn, s.starter)
	if err != nil {
		return nil, err
	}
	// The end of ctx must not wait for engines that load.
	stop := context.AfterFunc(ctx, func() { p.kill(Stopped) })
	defer stop()
	if err := p.open(ctx, s.request, s.limits.load); err != nil {
		return nil, err
	}
	s.log.Info("worker ready", "role", s.role, "pid", p.cmd.Process.Pid, "ms", time.Since(begin).Milliseconds())
	return p, nil
}

// watch returns when p is gone, and why.
func (s *slot) watch(ctx context.Context, p *process) Reason {
	for {
		select {
		case <-p.dead:
			return p.reason()
		case <-ctx.Done():
			p.stop(Stopped, s.limits.grace)
			return Stopped
		case why := <-s.asked:
			p.stop(why, s.limits.grace)
			return why
		case <-s.clock.after(s.limits.tick):
			if memoryBeyond(p.cmd.Process.Pid, s.memory) {
				p.kill(Greedy)
			} else if !p.answers(ctx, s.limits.ping) {
				p.kill(Hung)
			}
		}
	}
}

// answers tells whether p says anything in time.
func (p *process) answers(ctx context.Context, limit time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	_, err := p.rpc.Ping(ctx, &pb.PingRequest{})
	// A process that is gone is watch's to notice.
	return status.Code(err) != codes.DeadlineExceeded
}

func (s *slot) set(p *process, pause bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.process, s.pause = p, pause
	close(s.changed)
	s.changed = make(chan struct{})
}

// ready returns the process that serves now. It waits up to limit for one that is being started; a pause after too many
// crashes is not waited for.
func (s *slot) ready(ctx context.Context, limit time.Duration) (*process, error) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		s.mu.Lock()
		p, pause, changed := s.process, s.pause, s.changed
		s.mu.Unlock()
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case p != nil && p.alive():
			return p, nil
		case pause:
			return nil, lost(s.role, Crashed)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-s.ended:
			return nil, ErrClosed
		case <-timer.C:
			return nil, lost(s.role, Unready)
		}
	}
}

// renew replaces the process that serves now by a fresh one, and returns when that is ready. No call may be under way.
func (s *slot) renew(ctx context.Context, why Reason, needed func(*process) bool) error {
	if p := s.current(); p != nil && p.alive() {
		if !needed(p) {
			return nil
		}
		select {
		case s.asked <- why:
		case <-p.dead:
		case <-s.ended:
			return ErrClosed
		case <-ctx.Done():
			return ctx.Err()
		}
		<-p.dead
	}
	_, err := s.ready(ctx, s.limits.load)
	return err
}

// current is the process that serves now, or nil.
func (s *slot) current() *process {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.process
}
