package audio

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Player plays clips, one at a time.
type Player interface {
	// Play plays the clip, waiting for one that plays already, and returns when its last sample was heard, with its
	// duration. When ctx ends the sound stops within 50 ms, and Play returns how much of the clip was played and ctx's error.
	// It returns an error wrapping ErrDeviceLost when the device is gone and ErrClosed after Close.
	Play(ctx context.Context, c Clip) (played time.Duration, err error)
	// Close stops at once and frees the device. A second Close does nothing.
	Close() error
}

// fadeOut is the length of the ramp at a stop: a cut in the middle of a wave is a loud click.
const fadeOut = 5 * time.Millisecond

// Speaker is a Player on a device. Between clips it plays silence.
type Speaker struct {
	device Device
	stream stream
	watch  watchdog
	now    atomic.Pointer[playback]
	turn   chan struct{} // holds one token while nobody plays

	once     sync.Once
	closed   chan struct{}
	closeErr error
}

// playback is one clip on its way out.
type playback struct {
	samples []float32 // at the device's rate
	fade    int       // samples of the ramp
	given   atomic.Int64
	stop    atomic.Bool
	ended   chan struct{} // gets one token when the device takes no more of it
}

func openSpeaker(ctx context.Context, d driver, o DeviceOptions) (*Speaker, error) {
	device, err := chooseOutput(d, o.Name)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s := &Speaker{device: device, turn: make(chan struct{}, 1), closed: make(chan struct{})}
	s.turn <- struct{}{}
	s.stream, err = d.openOutput(device, s.callback)
	if err != nil {
		return nil, fmt.Errorf("speaker %s: %w", device.Name, err)
	}
	s.watch.begin()
	if err := s.stream.start(); err != nil {
		s.stream.close()
		return nil, fmt.Errorf("speaker %s: %w", device.Name, err)
	}
	return s, nil
}

// callback runs on the thread that moves the sound: it must not wait or allocate.
func (s *Speaker) callback(out []float32) {
	s.watch.alive()
	p := s.now.Load()
	if p == nil {
		clear(out)
		return
	}
	rest := p.samples[p.given.Load():]
	stopped := p.stop.Load()
	if stopped {
		rest = rest[:min(p.fade, len(rest))]
	}
	n := copy(out, rest)
	clear(out[n:])
	if stopped {
		for i := range out[:n] {
			out[i] *= 1 - float32(i+1)/float32(n)
		}
	}
	p.given.Add(int64(n))
	if stopped || n == len(rest) {
		s.now.CompareAndSwap(p, nil)
		select {
		case p.ended <- struct{}{}:
		default:
		}
	}
}

// Device that was opened.
func (s *Speaker) Device() Device { return s.device }

// Play implements Player.
func (s *Speaker) Play(ctx context.Context, c Clip) (time.Duration, error) {
	select {
	case <-s.turn:
		defer func() { s.turn <- struct{}{} }()
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-s.closed:
		return 0, ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	rate := s.stream.rate()
	p := &playback{samples: Resample(c, rate).Samples, fade: int(fadeOut.Seconds() * float64(rate)), ended: make(chan struct{}, 1)}
	if len(p.samples) == 0 {
		return 0, nil
	}
	s.now.Store(p)
	defer s.now.Store(nil)
	err := s.wait(ctx, p.ended)
	switch {
	case err == nil:
		// The device has all of it; the listener not yet.
		return s.drain(ctx, c)
	case ctx.Err() != nil:
		p.stop.Store(true)
		// The ramp is one callback away; ctx is over, so this wait ends by the token, the watchdog or Close.
		if e := s.wait(context.Background(), p.ended); e != nil {
			err = e
		}
	}
	return min(samplesDuration(int(p.given.Load()), rate), c.Duration()), err
}

// wait for ended, ctx, Close or the loss of the device.
func (s *Speaker) wait(ctx context.Context, ended <-chan struct{}) error {
	for {
		select {
		case <-s.closed:
			return ErrClosed
		default:
		}
		left := s.watch.left()
		if left <= 0 {
			return fmt.Errorf("speaker %s: %w: it took no sound for %v: look at the cable and the sound server", s.device.Name, ErrDeviceLost, deviceTimeout)
		}
		timer := time.NewTimer(left)
		select {
		case <-ended:
			timer.Stop()
			return nil
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		case <-s.closed:
		}
		timer.Stop()
	}
}

// drain waits until what the device holds was heard. What it holds cannot be called back.
func (s *Speaker) drain(ctx context.Context, c Clip) (time.Duration, error) {
	timer := time.NewTimer(s.stream.latency())
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	case <-s.closed:
	}
	return c.Duration(), nil
}

// Close implements Player.
func (s *Speaker) Close() error {
	s.once.Do(func() {
		close(s.closed)
		s.closeErr = s.stream.close()
	})
	return s.closeErr
}
