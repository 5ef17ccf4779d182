//go:build engines

package audio

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gordonklaus/portaudio"
)

// system is one in a process because the library is.
var system driver = &portAudio{}

const (
	// portAudioLimit of one call: opening takes 30 ms, and a call that hangs after the death of a sound server never returns.
	portAudioLimit = 5 * time.Second
	// portAudioLatency asked of a device: 40 ms in and out gave no dropouts, and a stop is heard within 50 ms.
	portAudioLatency = 40 * time.Millisecond
	// blocksPerSecond that are read and written.
	blocksPerSecond = 100
)

// portAudio opens half-duplex streams only: closing a duplex stream hangs when the sound server dies.
type portAudio struct {
	mu   sync.Mutex // PortAudio is not safe for concurrent use
	refs int        // streams that are open
	hung atomic.Bool
}

// call runs f, alone, and gives up waiting after portAudioLimit. A call that hangs keeps its goroutine and the lock,
// so everything later is refused at once, until it comes back.
func (p *portAudio) call(what string, f func() error) error {
	if p.hung.Load() {
		return fmt.Errorf("%w: an earlier call of the sound library hangs: end this process and start it again", ErrDeviceLost)
	}
	done := make(chan error, 1)
	go func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		err := f()
		p.hung.Store(false)
		done <- err
	}()
	limit := time.NewTimer(portAudioLimit)
	defer limit.Stop()
	select {
	case err := <-done:
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		return nil
	case <-limit.C:
		p.hung.Store(true)
		return fmt.Errorf("%w: the sound library does not come back from: %s", ErrDeviceLost, what)
	}
}

// retain and release bracket the use of the library; the list of devices is made anew by the first retain.
func (p *portAudio) retain() error {
	if p.refs == 0 {
		quietLibraries()
		if err := portaudio.Initialize(); err != nil {
			return err
		}
	}
	p.refs++
	return nil
}

func (p *portAudio) release() error {
	p.refs--
	if p.refs == 0 {
		return portaudio.Terminate()
	}
	return nil
}

func (p *portAudio) devices() ([]Device, error) {
	var list []Device
	err := p.call("list sound devices", func() (err error) {
		if err := p.retain(); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, p.release()) }()
		found, err := portaudio.Devices()
		if err != nil {
			return err
		}
		in, _ := portaudio.DefaultInputDevice()
		out, _ := portaudio.DefaultOutputDevice()
		made := make([]Device, len(found))
		for i, d := range found {
			made[i] = Device{
				Name: d.Name, Inputs: d.MaxInputChannels, Outputs: d.MaxOutputChannels, Rate: int(d.DefaultSampleRate),
				DefaultInput: in != nil && in.Index == i, DefaultOutput: out != nil && out.Index == i, index: i,
			}
			if d.HostApi != nil {
				made[i].System = d.HostApi.Name
			}
		}
		list = made
		return nil
	})
	if err != nil {
		return nil, err
	}
	markMonitors(list)
	return list, nil
}

func (p *portAudio) openInput(d Device, heard func([]float32)) (stream, error) {
	return p.open(d, "open the input", heard, true)
}

func (p *portAudio) openOutput(d Device, fill func([]float32)) (stream, error) {
	return p.open(d, "open the output", fill, false)
}

func (p *portAudio) open(d Device, what string, callback func([]float32), input bool) (stream, error) {
	var opened *portAudioStream
	err := p.call(what, func() error {
		if err := p.retain(); err != nil {
			return err
		}
		s, err := openAtAnyRate(d, input)
		if err != nil {
			return errors.Join(err, p.release())
		}
		s.library, s.callback, s.input = p, callback, input
		opened = s
		return nil
	})
	if err != nil {
		return nil, err
	}
	return opened, nil
}

// openAtAnyRate prefers 48 kHz: sound servers name 44.1 kHz and run at 48.
func openAtAnyRate(d Device, input bool) (*portAudioStream, error) {
	all, err := portaudio.Devices()
	if err != nil {
		return nil, err
	}
	// The list may be newer than d.
	var info *portaudio.DeviceInfo
	for _, candidate := range all {
		if candidate.Name == d.Name && (info == nil || candidate.Index == d.index) {
			info = candidate
		}
	}
	if info == nil {
		return nil, fmt.Errorf("%w: it is not there any more", ErrDeviceLost)
	}
	for _, rate := range []int{48000, int(info.DefaultSampleRate), 44100, SampleRate} {
		block := make([]float32, rate/blocksPerSecond)
		params := portaudio.StreamParameters{SampleRate: float64(rate), FramesPerBuffer: len(block)}
		side := portaudio.StreamDeviceParameters{Device: info, Channels: 1, Latency: portAudioLatency}
		if input {
			params.Input = side
		} else {
			params.Output = side
		}
		s, e := portaudio.OpenStream(params, block)
		if e == nil {
			out := &portAudioStream{inner: s, block: block, samplesPerSecond: rate, delay: portAudioLatency, stop: make(chan struct{}), ended: make(chan struct{})}
			if i := s.Info(); i != nil && i.OutputLatency > 0 {
				out.delay = i.OutputLatency
			}
			return out, nil
		}
		if err == nil {
			err = e
		}
	}
	return nil, err
}

// portAudioStream moves blocks in a thread of its own, with PortAudio's blocking calls. PortAudio's callback thread is
// not used: when a sound server dies it can spin for good, beyond the reach of Abort.
type portAudioStream struct {
	library          *portAudio
	inner            *portaudio.Stream
	input            bool
	callback         func([]float32)
	block            []float32
	samplesPerSecond int
	delay            time.Duration

	started bool
	stop    chan struct{}
	ended   chan struct{} // closed when the thread has gone
}

func (s *portAudioStream) rate() int              { return s.samplesPerSecond }
func (s *portAudioStream) latency() time.Duration { return s.delay }

func (s *portAudioStream) start() error {
	if err := s.library.call("start the stream", s.inner.Start); err != nil {
		return err
	}
	s.started = true
	go s.move()
	return nil
}

// move ends at stop or at the first error that is not a mere gap; the watchdog of the user tells the loss.
func (s *portAudioStream) move() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(s.ended)
	for {
		select {
		case <-s.stop:
			return
		default:
		}
		var err error
		if s.input {
			err = s.inner.Read()
		} else {
			s.callback(s.block)
			err = s.inner.Write()
		}
		if err != nil && err != portaudio.InputOverflowed && err != portaudio.OutputUnderflowed {
			return
		}
		if s.input {
			s.callback(s.block)
		}
	}
}

func (s *portAudioStream) close() error {
	close(s.stop)
	return s.library.call("close the stream", func() error {
		if s.started {
			<-s.ended
		}
		// After the death of a sound server Abort fails; Close frees what is left all the same.
		s.inner.Abort()
		err := errors.Join(s.inner.Close(), s.library.release())
		return err
	})
}
