package audio

import (
	"context"
	"slices"
	"sync"
	"time"
)

// FakeDevices are a microphone and a speaker without a sound card, in real time: what the speaker plays is heard by the
// microphone, on top of what Say puts into the room. The zero value works. For tests and demonstrations.
type FakeDevices struct {
	// OnlyMonitor makes the microphone a monitor.
	OnlyMonitor bool

	mu      sync.Mutex
	said    []float32     // from Say, not heard yet
	outputs []*fakeStream // in the order of opening
	inputs  []*fakeStream
	ended   chan struct{} // closed when the clock has stopped; nil while it never ran
}

// Rate and block of the fake devices.
const (
	fakeRate  = 48000
	fakeBlock = 10 * time.Millisecond

	fakeSamples = fakeRate / 100
)

// Devices lists the two.
func (f *FakeDevices) Devices() ([]Device, error) { return f.devices() }

// DefaultMicrophone is as the function of that name.
func (f *FakeDevices) DefaultMicrophone() (Device, error) { return chooseInput(f, "") }

// OpenMicrophone is as the function of that name.
func (f *FakeDevices) OpenMicrophone(ctx context.Context, o DeviceOptions) (*Microphone, error) {
	return openMicrophone(ctx, f, o)
}

// OpenSpeaker is as the function of that name.
func (f *FakeDevices) OpenSpeaker(ctx context.Context, o DeviceOptions) (*Speaker, error) {
	return openSpeaker(ctx, f, o)
}

// Say lets somebody in the room speak, beginning now.
func (f *FakeDevices) Say(c Clip) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.said = append(f.said, Resample(c, fakeRate).Samples...)
}

// Unplug makes open devices fall silent as when a sound server dies: no callback, no error. New ones can be opened afterwards.
func (f *FakeDevices) Unplug() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.inputs, f.outputs = nil, nil
}

func (f *FakeDevices) devices() ([]Device, error) {
	name := "fake microphone"
	if f.OnlyMonitor {
		name = "monitor of fake speaker"
	}
	return []Device{
		{Name: name, System: "fake", Inputs: 1, Rate: fakeRate, Monitor: f.OnlyMonitor, DefaultInput: true},
		{Name: "fake speaker", System: "fake", Outputs: 1, Rate: fakeRate, DefaultOutput: true},
	}, nil
}

func (f *FakeDevices) openInput(_ Device, heard func([]float32)) (stream, error) {
	return &fakeStream{devices: f, streams: &f.inputs, callback: heard}, nil
}

func (f *FakeDevices) openOutput(_ Device, fill func([]float32)) (stream, error) {
	return &fakeStream{devices: f, streams: &f.outputs, callback: fill}, nil
}

// run is the clock of both devices, so that no sample is lost between them. It ends when nothing is open.
func (f *FakeDevices) run(ended chan struct{}) {
	defer close(ended)
	block, mixed := make([]float32, fakeSamples), make([]float32, fakeSamples)
	began := time.Now()
	for n := 1; f.tick(block, mixed); n++ {
		time.Sleep(time.Until(began.Add(time.Duration(n) * fakeBlock)))
	}
}

func (f *FakeDevices) tick(block, mixed []float32) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.inputs)+len(f.outputs) == 0 {
		f.ended = nil
		return false
	}
	clear(mixed)
	f.said = f.said[copy(mixed, f.said):]
	for _, s := range f.outputs {
		s.callback(block)
		for i, v := range block {
			mixed[i] += v
		}
	}
	for _, s := range f.inputs {
		s.callback(mixed)
	}
	return true
}

type fakeStream struct {
	devices  *FakeDevices
	streams  *[]*fakeStream
	callback func([]float32)
}

func (s *fakeStream) rate() int              { return fakeRate }
func (s *fakeStream) latency() time.Duration { return fakeBlock }

func (s *fakeStream) start() error {
	f := s.devices
	f.mu.Lock()
	defer f.mu.Unlock()
	*s.streams = append(*s.streams, s)
	if f.ended == nil {
		f.ended = make(chan struct{})
		go f.run(f.ended)
	}
	return nil
}

// close waits for the clock when this was the last stream.
func (s *fakeStream) close() error {
	f := s.devices
	f.mu.Lock()
	*s.streams = slices.DeleteFunc(*s.streams, func(other *fakeStream) bool { return other == s })
	ended := f.ended
	last := len(f.inputs)+len(f.outputs) == 0
	f.mu.Unlock()
	if last && ended != nil {
		<-ended
	}
	return nil
}
