package worker

import (
	"context"
	"fmt"
	"sync"
	"time"

	"tenin/audio"
	"tenin/cmd/internal/worker/pb"
)

// VAD is a VAD in a pool's asr worker: one stream, whose memory is the worker's. When the worker is lost between a Reset
// and the next frame nothing is missing and a new one goes on; later than that, one call fails with an error wrapping
// ErrLost and the VAD is as new.
type VAD struct {
	slot *slot
	none error

	mu      sync.Mutex
	closed  bool
	process *process
	stream  pb.Ears_DetectClient
	cancel  context.CancelFunc
	reset   bool // forget before the next frame
	heard   bool // frames since the last Reset
}

var _ audio.VAD = (*VAD)(nil)

// VAD returns a new VAD. Closing it leaves the worker to the others.
func (p *Pool) VAD() *VAD {
	s, err := p.slot(ASR)
	return &VAD{slot: s, none: err}
}

// Probability implements audio.VAD. Errors may also wrap ErrLost.
func (v *VAD) Probability(frame []float32) (float32, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch {
	case v.closed:
		return 0, audio.ErrClosed
	case len(frame) != audio.FrameSamples:
		return 0, fmt.Errorf("%w: %d samples, want %d", audio.ErrFrame, len(frame), audio.FrameSamples)
	case v.none != nil:
		return 0, v.none
	}
	ctx := context.Background()
	if err := v.slot.gate.Acquire(ctx, 1); err != nil {
		return 0, err
	}
	defer v.slot.gate.Release(1)
	if v.process != nil && !v.process.alive() {
		why, missed := v.process.reason(), v.heard
		v.drop()
		if missed {
			return 0, lost(ASR, why)
		}
	}
	if v.process == nil {
		if err := v.open(ctx); err != nil {
			return 0, err
		}
	}
	p, err := v.detect(frame)
	if err != nil {
		err = v.slot.judge(ctx, ctx, v.process, err)
		v.drop()
	}
	return p, err
}

func (v *VAD) open(ctx context.Context) error {
	p, err := v.slot.ready(ctx, v.slot.limits.wait)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	stream, err := pb.NewEarsClient(p.conn).Detect(ctx)
	if err != nil {
		cancel()
		return v.slot.judge(ctx, ctx, p, err)
	}
	v.process, v.stream, v.cancel, v.reset, v.heard = p, stream, cancel, false, false
	return nil
}

func (v *VAD) detect(frame []float32) (float32, error) {
	p := v.process
	p.heard.Store(true)
	hung := time.AfterFunc(v.slot.limits.frame, func() { p.kill(Hung) })
	defer hung.Stop()
	// An error of Send is told by Recv.
	_ = v.stream.Send(&pb.DetectRequest{Frame: audio.PackSamples(frame), Reset_: v.reset})
	v.reset, v.heard = false, true
	reply, err := v.stream.Recv()
	if err != nil {
		return 0, err
	}
	if err := vadFaults.err(ASR, reply.GetFault()); err != nil {
		return 0, err
	}
	if q := reply.GetProbability(); q >= 0 && q <= 1 {
		return q, nil
	}
	return 0, errGarbage
}

// drop forgets the stream; the worker's end of it is gone or going.
func (v *VAD) drop() {
	if v.cancel != nil {
		v.cancel()
	}
	v.process, v.stream, v.cancel, v.reset, v.heard = nil, nil, nil, false, false
}

// Reset implements audio.VAD.
func (v *VAD) Reset() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.process != nil && !v.process.alive() {
		v.drop() // its stream still holds the last frames
	}
	v.reset, v.heard = v.stream != nil, false
}

// Close implements audio.VAD. The worker goes on.
func (v *VAD) Close() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.closed = true
	v.drop()
	return nil
}
