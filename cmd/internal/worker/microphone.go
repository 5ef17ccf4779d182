package worker

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"tenin/audio"
	"tenin/cmd/internal/worker/pb"
)

// Microphone is an audio.Source that hears through the audio worker.
type Microphone struct {
	slot    *slot
	process *process
	device  audio.Device
	stream  pb.Sound_ListenClient
	stop    context.CancelFunc

	mu      sync.Mutex
	frames  [][]float32
	most    int // frames that wait at most
	err     error
	dropped atomic.Int64  // nanoseconds, here
	before  atomic.Int64  // nanoseconds, in the worker
	heard   chan struct{} // holds one token when frames or err came in

	once    sync.Once
	closed  chan struct{}
	ended   chan struct{} // closed when hear has returned
	reading sync.Mutex
}

var _ audio.Source = (*Microphone)(nil)

// defaultBuffer is that of audio.DeviceOptions.
const defaultBuffer = 2 * time.Second

// OpenMicrophone starts to listen through the audio worker, as audio.OpenMicrophone does. What it returns is a
// *Microphone.
func (p *Pool) OpenMicrophone(ctx context.Context, o audio.DeviceOptions) (audio.Source, error) {
	buffer := o.Buffer
	if buffer <= 0 {
		buffer = defaultBuffer
	}
	m := &Microphone{
		slot: p.slots[Audio], most: max(1, int(buffer/audio.FrameDuration)),
		heard: make(chan struct{}, 1), closed: make(chan struct{}), ended: make(chan struct{}),
	}
	err := p.reach(ctx, func(ctx context.Context, q *process) error {
		q.heard.Store(true)
		life, stop := context.WithCancel(context.Background())
		abandoned := context.AfterFunc(ctx, stop)
		stream, err := pb.NewSoundClient(q.conn).Listen(life, &pb.ListenRequest{Name: []byte(o.Name), BufferNs: int64(buffer)})
		var first *pb.ListenReply
		if err == nil {
			first, err = stream.Recv()
		}
		if err == nil {
			err = q.soundFault(first.GetFault())
		}
		if err == nil {
			m.device, err = unpackDevice(first.GetDevice())
		}
		if !abandoned() && err == nil {
			err = ctx.Err()
		}
		if err != nil {
			stop()
			return err
		}
		m.process, m.stream, m.stop = q, stream, stop
		return nil
	})
	if err != nil {
		return nil, err
	}
	go m.hear()
	return m, nil
}

// hear takes what comes, so that the worker never waits and no old sound is on its way when somebody reads again.
func (m *Microphone) hear() {
	defer close(m.ended)
	for {
		hung := time.AfterFunc(m.slot.limits.silent, func() { m.process.kill(Hung) })
		reply, err := m.stream.Recv()
		hung.Stop()
		select {
		case <-m.closed:
			return
		default:
		}
		if err == nil {
			err = m.process.soundFault(reply.GetFault())
		} else {
			err = m.slot.judge(context.Background(), context.Background(), m.process, err)
			err = fmt.Errorf("microphone: %w: %w", audio.ErrDeviceLost, err)
		}
		var frame []float32
		if err == nil {
			m.before.Store(max(0, reply.GetOverrunNs()))
			if frame, err = unpackSound(reply.GetFrame(), audio.FrameSamples); err == nil && len(frame) != audio.FrameSamples {
				err = errGarbage
			}
			if err != nil {
				m.process.kill(Broken)
				err = fmt.Errorf("microphone: %w: %w", audio.ErrDeviceLost, lost(Audio, Broken))
			}
		}
		if !m.take(frame, err) {
			return
		}
	}
}

// take keeps a frame, or counts it when nobody reads: old sound is worth more than a gap in it. It returns false at the end.
func (m *Microphone) take(frame []float32, err error) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case err != nil:
		m.err = err
	case len(m.frames) < m.most:
		m.frames = append(m.frames, frame)
	default:
		clear(frame)
		m.dropped.Add(int64(audio.FrameDuration))
	}
	select {
	case m.heard <- struct{}{}:
	default:
	}
	return err == nil
}

// Device that was opened.
func (m *Microphone) Device() audio.Device { return m.device }

// Overrun is the sound that was dropped so far because nobody read for longer than audio.DeviceOptions.Buffer.
func (m *Microphone) Overrun() time.Duration {
	return time.Duration(m.dropped.Load() + m.before.Load())
}

// Read implements audio.Source. When the worker is lost its error wraps ErrLost and audio.ErrDeviceLost.
func (m *Microphone) Read(ctx context.Context) ([]float32, error) {
	m.reading.Lock()
	defer m.reading.Unlock()
	for {
		select {
		case <-m.closed:
			return nil, audio.ErrClosed
		default:
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if frame, err := m.next(); frame != nil || err != nil {
			return frame, err
		}
		select {
		case <-m.heard:
		case <-ctx.Done():
		case <-m.closed:
		}
	}
}

func (m *Microphone) next() ([]float32, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.frames) == 0 {
		return nil, m.err
	}
	frame := m.frames[0]
	m.frames[0] = nil
	m.frames = m.frames[1:]
	return frame, nil
}

// Close implements audio.Source: it returns when the worker has closed the device, and wipes the sound that was not read.
func (m *Microphone) Close() error {
	m.once.Do(func() {
		close(m.closed)
		m.stop()
		<-m.ended
		if m.process.alive() {
			m.slot.settle(m.process)
		}
		m.reading.Lock()
		defer m.reading.Unlock()
		for _, frame := range m.frames {
			clear(frame)
		}
		m.frames = nil
	})
	return nil
}
