package audio

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Microphone is a Source that hears the room.
type Microphone struct {
	device Device
	stream stream
	ring   *ring
	watch  watchdog
	heard  chan struct{} // holds one token when sound came in

	resampler *Resampler
	raw       []float32 // samples at the device's rate
	pending   []float32 // at SampleRate

	once     sync.Once
	closed   chan struct{}
	closeErr error
	reading  sync.Mutex // Close wipes only after a Read has gone
}

func openMicrophone(ctx context.Context, d driver, o DeviceOptions) (*Microphone, error) {
	device, err := chooseInput(d, o.Name)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if o.Buffer <= 0 {
		o.Buffer = defaultBuffer
	}
	m := &Microphone{device: device, heard: make(chan struct{}, 1), closed: make(chan struct{})}
	// The rate is known when the stream is open; no callback comes before it is started.
	m.stream, err = d.openInput(device, m.callback)
	if err != nil {
		return nil, fmt.Errorf("microphone %s: %w", device.Name, err)
	}
	rate := m.stream.rate()
	m.ring = newRing(int(o.Buffer.Seconds() * float64(rate)))
	m.resampler = NewResampler(rate, SampleRate)
	m.raw = make([]float32, rate*int(FrameDuration/time.Millisecond)/1000)
	m.watch.begin()
	if err := m.stream.start(); err != nil {
		m.stream.close()
		return nil, fmt.Errorf("microphone %s: %w", device.Name, err)
	}
	return m, nil
}

// callback runs on the thread that moves the sound: it must not wait or allocate.
func (m *Microphone) callback(in []float32) {
	m.watch.alive()
	m.ring.write(in)
	select {
	case m.heard <- struct{}{}:
	default:
	}
}

// Device that was opened.
func (m *Microphone) Device() Device { return m.device }

// Overrun is the sound that was dropped so far because nobody read for longer than DeviceOptions.Buffer.
func (m *Microphone) Overrun() time.Duration {
	return samplesDuration(int(m.ring.dropped.Load()), m.stream.rate())
}

// Read implements Source. When the microphone gives nothing for half a second it returns an error wrapping ErrDeviceLost.
func (m *Microphone) Read(ctx context.Context) ([]float32, error) {
	m.reading.Lock()
	defer m.reading.Unlock()
	for {
		select {
		case <-m.closed:
			return nil, ErrClosed
		default:
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if frame := m.frame(); frame != nil {
			return frame, nil
		}
		left := m.watch.left()
		if left <= 0 {
			return nil, fmt.Errorf("microphone %s: %w: it gave no sound for %v: look at the cable and the sound server", m.device.Name, ErrDeviceLost, deviceTimeout)
		}
		timer := time.NewTimer(left)
		select {
		case <-m.heard:
		case <-timer.C:
		case <-ctx.Done():
		case <-m.closed:
		}
		timer.Stop()
	}
}

// frame takes one from the ring; nil when it is not whole yet.
func (m *Microphone) frame() []float32 {
	for len(m.pending) < FrameSamples {
		n := m.ring.take(m.raw)
		if n == 0 {
			return nil
		}
		m.pending = m.resampler.Push(m.pending, m.raw[:n])
	}
	frame := append([]float32(nil), m.pending[:FrameSamples]...)
	m.pending = m.pending[:copy(m.pending, m.pending[FrameSamples:])]
	return frame
}

// Close stops listening and wipes the sound that was not read.
func (m *Microphone) Close() error {
	m.once.Do(func() {
		close(m.closed)
		m.closeErr = m.stream.close()
		m.reading.Lock()
		defer m.reading.Unlock()
		clear(m.raw)
		clear(m.pending[:cap(m.pending)])
		m.resampler.wipe()
		if m.closeErr == nil { // otherwise the callback may still be writing
			m.ring.wipe()
		}
	})
	return m.closeErr
}
