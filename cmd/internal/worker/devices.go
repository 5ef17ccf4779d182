package worker

import (
	"context"
	"errors"
	"time"
	"unicode/utf8"

	"tenin/audio"
	"tenin/cmd/internal/worker/pb"
)

const (
	mostDevices = 1024
	longestName = 1 << 10
)

// Devices lists the devices that the audio worker sees.
func (p *Pool) Devices() ([]audio.Device, error) { return p.devices(false) }

// DefaultMicrophone returns what OpenMicrophone takes without a name, or an error wrapping audio.ErrNoMicrophone.
func (p *Pool) DefaultMicrophone() (audio.Device, error) {
	list, err := p.devices(true)
	if err != nil {
		return audio.Device{}, err
	}
	return list[0], nil
}

func (p *Pool) devices(microphone bool) (list []audio.Device, err error) {
	err = p.reach(context.Background(), func(ctx context.Context, q *process) error {
		reply, err := pb.NewSoundClient(q.conn).Devices(ctx, &pb.DevicesRequest{DefaultMicrophone: microphone})
		if err != nil {
			return err
		}
		if err := q.soundFault(reply.GetFault()); err != nil {
			return err
		}
		found := reply.GetDevices()
		if len(found) > mostDevices || microphone && len(found) != 1 {
			return errGarbage
		}
		list = make([]audio.Device, len(found))
		for i, d := range found {
			if list[i], err = unpackDevice(d); err != nil {
				return err
			}
		}
		return nil
	})
	return list, err
}

// freshFor is how long a new process knows all that there is: a sound server that came later is seen by a newer one only.
const freshFor = time.Second

// reach runs an opening call on the audio worker. A process that lost a device, or finds none, is replaced before the
// next such call, or at once when it is not new: the library lists devices once, and a sound server that was restarted
// has another socket than the one which was let in.
func (p *Pool) reach(ctx context.Context, call func(context.Context, *process) error) error {
	s, err := p.slot(Audio)
	if err != nil {
		return err
	}
	for try := 0; ; try++ {
		if err := p.refit(ctx, s); err != nil {
			return err
		}
		old := false
		err := s.do(ctx, s.limits.open, func(ctx context.Context, q *process) error {
			old = time.Since(q.since) > freshFor
			return call(ctx, q)
		})
		if try == 0 && old && (errors.Is(err, audio.ErrNoMicrophone) || errors.Is(err, audio.ErrNoSpeaker) || errors.Is(err, audio.ErrDeviceLost)) {
			continue
		}
		return err
	}
}

// refit replaces a process whose devices are gone.
func (p *Pool) refit(ctx context.Context, s *slot) error {
	if q := s.current(); q == nil || !q.worn.Load() {
		return nil
	}
	if err := s.gate.Acquire(ctx, gateWidth); err != nil {
		return ctx.Err()
	}
	defer s.gate.Release(gateWidth)
	return s.renew(ctx, Worn, func(q *process) bool { return q.worn.Load() })
}

// soundFault is the error for a code, and notes that the process has to go when its devices have.
func (p *process) soundFault(code pb.Fault) error {
	switch code {
	case pb.Fault_FAULT_DEVICE_LOST, pb.Fault_FAULT_NO_MICROPHONE, pb.Fault_FAULT_NO_SPEAKER:
		p.worn.Store(true)
	}
	return soundFaults.err(Audio, code)
}

func packDevice(d audio.Device) *pb.Device {
	return &pb.Device{
		Name: valid(d.Name), System: valid(d.System), Inputs: int32(d.Inputs), Outputs: int32(d.Outputs), Rate: int32(d.Rate),
		Monitor: d.Monitor, Feeds: valid(d.Feeds), DefaultInput: d.DefaultInput, DefaultOutput: d.DefaultOutput,
	}
}

func unpackDevice(m *pb.Device) (audio.Device, error) {
	d := audio.Device{
		Name: plain(m.GetName()), System: plain(m.GetSystem()), Inputs: int(m.GetInputs()), Outputs: int(m.GetOutputs()), Rate: int(m.GetRate()),
		Monitor: m.GetMonitor(), Feeds: plain(m.GetFeeds()), DefaultInput: m.GetDefaultInput(), DefaultOutput: m.GetDefaultOutput(),
	}
	if m == nil || len(d.Name)+len(d.System)+len(d.Feeds) > longestName || !counts(d.Inputs, d.Outputs, d.Rate) {
		return audio.Device{}, errGarbage
	}
	return d, nil
}

// valid makes a name of a sound library fit for a message.
func valid(name string) string {
	if utf8.ValidString(name) {
		return name
	}
	return plain(name)
}
