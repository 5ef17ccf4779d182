package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"tenin/cmd/internal/worker/pb"
	"tenin/cmd/internal/worker/sandbox"
)

// Options say how workers run.
type Options struct {
	// Weights is the folder of the models.
	Weights string
	// Threads of one heavy engine; 0 is the engine's own choice.
	Threads int
	// Mode says what happens where the kernel lacks something that the sandbox needs.
	Mode sandbox.Mode
	// Sound is what the audio worker may reach.
	Sound Sound
	// Memory limits in bytes, instead of [MemoryLimits]; a role that is not named keeps its own.
	Memory map[Role]uint64
	// Log is told of starts and ends, never of words; nil: nobody.
	Log *slog.Logger
	// Alert is told, once, of a role that crashes again and again. It is called from the supervisor and must not wait; nil: nobody.
	Alert func(Alert)

	limits limits // zero fields have their defaults
	clock  clock
	spawn  spawner
}

// MemoryLimits are the most that each role may hold, in bytes. After the conformance suites asr held 419 MB, llm 117 and
// voice 546 (PSS); a longer chunk needs more.
var MemoryLimits = map[Role]uint64{ASR: 1200 << 20, LLM: 600 << 20, Voice: 1200 << 20, Audio: 300 << 20}

// Pool is a set of running workers. Its clients may be asked for at any time and share the workers. The caller of an
// engine holds the CPU permit for the time of the call; that is all the grant a worker needs.
type Pool struct {
	slots   map[Role]*slot
	starter *sandbox.Starter
	stop    context.CancelFunc
	close   sync.Once
	refresh chan struct{} // holds one token while nobody refreshes
}

// Start starts a worker for each role, side by side, and returns when all are ready. When one does not come up the others
// are ended; the error then wraps ErrStart, or what its engines said (models.ErrMissing, asr.ErrNoEngine, …).
// ctx bounds the start only.
func Start(ctx context.Context, o Options, roles ...Role) (*Pool, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.clock == nil {
		o.clock = wallClock{}
	}
	if o.spawn == nil {
		o.spawn = o.sandboxed
	}
	o.limits = o.limits.settled()
	life, stop := context.WithCancel(context.WithoutCancel(ctx))
	p := &Pool{slots: map[Role]*slot{}, starter: sandbox.NewStarter(), stop: stop, refresh: make(chan struct{}, 1)}
	p.refresh <- struct{}{}
	first := make(chan error, len(roles))
	for _, role := range roles {
		if !slices.Contains(Roles(), role) || p.slots[role] != nil {
			return nil, errors.Join(fmt.Errorf("%w: role %q is unknown or named twice", ErrStart, role), p.Close())
		}
		memory := MemoryLimits[role]
		if m := o.Memory[role]; m > 0 {
			memory = m
		}
		s := &slot{
			role: role, limits: o.limits, memory: memory,
			request: &pb.OpenRequest{Weights: o.Weights, Threads: int32(min(max(o.Threads, 0), 64)), Seal: o.Mode != sandbox.Off},
			spawn:   o.spawn, starter: p.starter, clock: o.clock, log: o.Log, alert: o.Alert,
			gate: semaphore.NewWeighted(gateWidth), asked: make(chan Reason), ended: make(chan struct{}), changed: make(chan struct{}),
		}
		p.slots[role] = s
		go s.run(life, first)
	}
	for range roles {
		var err error
		select {
		case err = <-first:
		case <-ctx.Done():
			err = ctx.Err()
		}
		if err != nil {
			return nil, errors.Join(err, p.Close())
		}
	}
	return p, nil
}

// Close ends all workers and returns when they are gone. Calls under way fail with an error wrapping ErrLost or with
// ErrClosed. A second Close does nothing.
func (p *Pool) Close() error {
	p.close.Do(func() {
		p.stop()
		for _, s := range p.slots {
			<-s.ended
		}
		p.starter.Close()
	})
	return nil
}

// Refresh replaces every worker that may have heard a shopper by a fresh process, one after the other, so that memory
// never holds two of a kind, and returns when they are ready. Calls under way are waited for, later ones wait. What is
// played or listened to ends with an error wrapping ErrLost. It returns ctx's error when ctx ends first; the workers
// come back all the same.
func (p *Pool) Refresh(ctx context.Context) error {
	select {
	case <-p.refresh:
		defer func() { p.refresh <- struct{}{} }()
	case <-ctx.Done():
		return ctx.Err()
	}
	for _, role := range Roles() {
		s := p.slots[role]
		if s == nil {
			continue
		}
		if err := s.gate.Acquire(ctx, gateWidth); err != nil {
			return ctx.Err()
		}
		err := s.renew(ctx, Refreshed, func(q *process) bool { return q.heard.Load() })
		s.gate.Release(gateWidth)
		if err != nil {
			return err
		}
	}
	return nil
}

// Process is a worker as seen from outside.
type Process struct {
	Role     Role
	PID      int       // 0 while it is being started
	Since    time.Time // of its start
	Restarts int       // of this role after crashes; a refresh does not count
}

// Processes lists the workers in the order of Roles.
func (p *Pool) Processes() []Process {
	var list []Process
	for _, role := range Roles() {
		s := p.slots[role]
		if s == nil {
			continue
		}
		s.mu.Lock()
		entry := Process{Role: role, Restarts: s.restarts}
		if q := s.process; q != nil {
			entry.PID, entry.Since = q.cmd.Process.Pid, q.since
		}
		s.mu.Unlock()
		list = append(list, entry)
	}
	return list
}

// errNoRole is for a client of a role that was not started.
func errNoRole(role Role) error { return fmt.Errorf("%w: no %s worker was asked for", ErrStart, role) }

// slot returns that of role, or one that refuses every call.
func (p *Pool) slot(role Role) (*slot, error) {
	if s := p.slots[role]; s != nil {
		return s, nil
	}
	return nil, errNoRole(role)
}
