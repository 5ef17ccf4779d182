package worker

import (
	"context"
	"errors"
	"io"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"tenin/cmd/internal/worker/pb"
)

// do runs one call on the process that serves now. When ctx ends, do returns its error after the worker has let go of the
// engine, so that a caller who holds the CPU permit really holds it. A call beyond limit, or one that the worker does not
// survive, gives an error wrapping ErrLost.
func (s *slot) do(ctx context.Context, limit time.Duration, call func(context.Context, *process) error) error {
	if err := s.gate.Acquire(ctx, 1); err != nil {
		return ctx.Err()
	}
	defer s.gate.Release(1)
	p, err := s.ready(ctx, s.limits.wait)
	if err != nil {
		return err
	}
	bounded, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return s.judge(ctx, bounded, p, call(bounded, p))
}

// judge says what err, the outcome of a call on p, means to the caller whose context is ctx; bounded is the call's own.
func (s *slot) judge(ctx, bounded context.Context, p *process, err error) error {
	if err == nil {
		return nil
	}
	code := codes.OK
	if st, ok := err.(interface{ GRPCStatus() *status.Status }); ok {
		code = st.GRPCStatus().Code()
	}
	if code == codes.DeadlineExceeded || errors.Is(err, context.DeadlineExceeded) {
		// The worker's clock was a moment ahead.
		select {
		case <-bounded.Done():
		case <-time.After(deathLag):
		}
	}
	switch {
	case errors.Is(err, errGarbage), err == io.EOF:
		p.kill(Broken)
	case ctx.Err() != nil:
		s.settle(p)
		return ctx.Err()
	case bounded.Err() != nil:
		p.kill(Hung)
	case code == codes.OK:
		return err
	default:
		// The socket went first; what the end was is known in a moment.
		select {
		case <-p.dead:
		case <-time.After(deathLag):
			p.kill(Broken)
		}
	}
	return lost(s.role, p.reason())
}

// settle waits until p has let go of what was cancelled, and gives p up when it does not.
func (s *slot) settle(p *process) {
	ctx, cancel := context.WithTimeout(context.Background(), s.limits.settle)
	defer cancel()
	if _, err := p.rpc.Settle(ctx, &pb.SettleRequest{}); status.Code(err) == codes.DeadlineExceeded {
		p.kill(Hung)
	}
}
