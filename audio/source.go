package audio

import (
	"context"
	"io"
	"sync"
	"time"
)

// Source gives sound frame by frame. It is read by one goroutine at a time; Close may be called from another and ends a
// Read that waits.
type Source interface {
	// Read returns the next FrameSamples samples at SampleRate, which are the caller's to keep. It waits until they are
	// there. It returns io.EOF after the last frame, ctx's error when ctx ends first, ErrClosed after Close and an error
	// wrapping ErrDeviceLost when a device is gone; the last three lose no sound by themselves.
	Read(ctx context.Context) ([]float32, error)
	// Close frees the source. A second Close does nothing.
	Close() error
}

// NewFileSource reads the clip, resampled to SampleRate and filled up with silence to a whole frame. With realTime a
// frame comes when a microphone that was opened at the first Read would give it: frame n is there (n+1) · FrameDuration
// later, however long the caller took in between. Otherwise frames come as fast as they are read.
func NewFileSource(c Clip, realTime bool) Source {
	return &fileSource{samples: Resample(c, SampleRate).Samples, realTime: realTime, closed: make(chan struct{})}
}

type fileSource struct {
	samples  []float32
	frame    int // frames given
	realTime bool
	started  time.Time

	once   sync.Once
	closed chan struct{}
}

func (s *fileSource) Read(ctx context.Context) ([]float32, error) {
	select {
	case <-s.closed:
		return nil, ErrClosed
	default:
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if s.frame*FrameSamples >= len(s.samples) {
		return nil, io.EOF
	}
	if s.realTime {
		if s.started.IsZero() {
			s.started = time.Now()
		}
		// A deadline from the start, not a pause since the last frame: pauses add up their errors.
		due := time.NewTimer(time.Until(s.started.Add(time.Duration(s.frame+1) * FrameDuration)))
		defer due.Stop()
		select {
		case <-due.C:
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-s.closed:
			return nil, ErrClosed
		}
	}
	frame := make([]float32, FrameSamples)
	copy(frame, s.samples[s.frame*FrameSamples:])
	s.frame++
	return frame, nil
}

// Ahead returns what Read would give without waiting, as whole frames and at most that many; Read gives them later.
func (s *fileSource) Ahead(frames int) []float32 {
	whole := (len(s.samples) + FrameSamples - 1) / FrameSamples
	due := whole
	if s.realTime {
		due = 0
		if !s.started.IsZero() {
			due = min(whole, int(time.Since(s.started)/FrameDuration))
		}
	}
	n := min(frames, due-s.frame)
	if n <= 0 {
		return nil
	}
	ahead := make([]float32, n*FrameSamples)
	copy(ahead, s.samples[s.frame*FrameSamples:])
	return ahead
}

func (s *fileSource) Close() error {
	s.once.Do(func() { close(s.closed) })
	return nil
}
