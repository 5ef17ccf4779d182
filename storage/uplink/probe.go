package uplink

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"tenin/storage/uplink/pb"
)

// ErrNoUplink means that no uplink process is connected that could be asked.
var ErrNoUplink = errors.New("no uplink process is connected")

// Prober lets the kiosk ask the uplink process what it can reach. The uplink is the
// client of the socket, so it holds a stream open on which it waits for questions.
type Prober struct {
	waiting   atomic.Int32 // streams
	questions chan question
}

type question struct {
	targets []byte
	answer  chan answer // holds one
}

type answer struct {
	results []byte
	err     error
}

// NewProber returns one for ServeOptions.
func NewProber() *Prober { return &Prober{questions: make(chan question)} }

// Probe has the uplink process try targets and returns its results; what both are is
// between the caller and MainOptions.Probe. The error wraps ErrNoUplink when none is
// connected or it goes away meanwhile, or is ctx's.
func (p *Prober) Probe(ctx context.Context, targets []byte) ([]byte, error) {
	if p.waiting.Load() == 0 {
		return nil, ErrNoUplink
	}
	q := question{targets, make(chan answer, 1)}
	select {
	case p.questions <- q:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case a := <-q.answer:
		return a.results, a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// serve passes questions to the uplink at the other end of a stream until it ends.
func (p *Prober) serve(stream grpc.BidiStreamingServer[pb.ProbeAnswer, pb.ProbeQuestion]) error {
	p.waiting.Add(1)
	defer p.waiting.Add(-1)
	for {
		select {
		case <-stream.Context().Done():
			return nil
		case q := <-p.questions:
			err := stream.Send(&pb.ProbeQuestion{Targets: q.targets})
			var reply *pb.ProbeAnswer
			if err == nil {
				reply, err = stream.Recv()
			}
			if err != nil {
				q.answer <- answer{err: fmt.Errorf("%w any more", ErrNoUplink)}
				return err
			}
			q.answer <- answer{results: reply.GetResults()}
		}
	}
}

func (k *kioskServer) Probes(stream grpc.BidiStreamingServer[pb.ProbeAnswer, pb.ProbeQuestion]) error {
	if k.o.Prober == nil {
		return status.Error(codes.Unimplemented, "nobody asks")
	}
	return k.o.Prober.serve(stream)
}

// AnswerProbes answers the kiosk's questions with what probe returns until ctx is
// done or the kiosk is gone.
func (c *Client) AnswerProbes(ctx context.Context, probe func(ctx context.Context, targets []byte) []byte) error {
	stream, err := c.kiosk.Probes(ctx)
	for err == nil {
		var q *pb.ProbeQuestion
		if q, err = stream.Recv(); err == nil {
			err = stream.Send(&pb.ProbeAnswer{Results: probe(ctx, q.GetTargets())})
		}
	}
	return err
}
