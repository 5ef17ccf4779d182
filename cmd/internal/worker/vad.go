package worker

import (
	"context"
	"slices"
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

// maxFrames is how many frames cross at once: 2 s, 64 KiB, and 6 ms of computing.
const maxFrames = 64

// Probabilities implements audio.VAD. Errors may also wrap ErrLost.
func (v *VAD) Probabilities(samples []float32) ([]float32, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed {
		return nil, audio.ErrClosed
	}
	if err := audio.CheckFrames(samples); err != nil {
		return nil, err
	}
	if v.none != nil {
		return nil, v.none
	}
	list := make([]float32, 0, len(samples)/audio.FrameSamples)
	for part := range slices.Chunk(samples, maxFrames*audio.FrameSamples) {
		some, err := v.some(part)
		if err != nil {
			return nil, err
		}
		list = append(list, some...)
	}
	return list, nil
}

// some are the probabilities of at most maxFrames frames.
func (v *VAD) some(samples []float32) ([]float32, error) {
	ctx := context.Background()
	if err := v.slot.gate.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	defer v.slot.gate.Release(1)
	if v.process != nil && !v.process.alive() {
		why, missed := v.process.reason(), v.heard
		v.drop()
		if missed {
			return nil, lost(ASR, why)
		}
	}
	if v.process == nil {
		if err := v.open(ctx); err != nil {
			return nil, err
		}
	}
	list, err := v.detect(samples)
	if err != nil {
		err = v.slot.judge(ctx, ctx, v.process, err)
		v.drop()
	}
	return list, err
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

func (v *VAD) detect(samples []float32) ([]float32, error) {
	p := v.process
	p.heard.Store(true)
	hung := time.AfterFunc(v.slot.limits.frame, func() { p.kill(Hung) })
	defer hung.Stop()
	// An error of Send is told by Recv.
	_ = v.stream.Send(&pb.DetectRequest{Frames: audio.PackSamples(samples), Reset_: v.reset})
	v.reset, v.heard = false, true
	reply, err := v.stream.Recv()
	if err != nil {
		return nil, err
	}
	if err := vadFaults.err(ASR, reply.GetFault()); err != nil {
		return nil, err
	}
	list := reply.GetProbabilities()
	if len(list) != len(samples)/audio.FrameSamples || slices.ContainsFunc(list, func(p float32) bool { return !(p >= 0 && p <= 1) }) {
		return nil, errGarbage
	}
	return list, nil
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
