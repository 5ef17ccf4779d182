package workertest

import (
	"context"

	"tenin/audio"
)

// Names of devices with a will of their own.
const (
	// Dying is a loudspeaker at whose opening all devices that are open fall silent.
	Dying = "dying"
)

// devices are audio.FakeDevices.
type devices struct{ audio.FakeDevices }

// OpenSpeaker obeys the name.
func (d *devices) OpenSpeaker(ctx context.Context, o audio.DeviceOptions) (*audio.Speaker, error) {
	dying := o.Name == Dying
	if dying {
		o.Name = ""
	}
	obey(o.Name)
	s, err := d.FakeDevices.OpenSpeaker(ctx, o)
	if dying {
		d.Unplug()
	}
	return s, err
}
