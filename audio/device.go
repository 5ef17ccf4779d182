package audio

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"
)

var (
	// ErrDeviceLost is wrapped when a device stopped giving or taking sound: unplugged, or its sound server died.
	// Close it, and everything else that is open, before opening a device again: the list of devices is read only then.
	ErrDeviceLost = errors.New("sound device lost")
	// ErrNoMicrophone is wrapped when there is no device that hears the room: none at all, or only monitors.
	ErrNoMicrophone = errors.New("no microphone")
	// ErrNoSpeaker is wrapped when there is no device to play on.
	ErrNoSpeaker = errors.New("no speaker")
)

// Device is a way in or out of the machine, or both.
type Device struct {
	Name string
	// System that offers it, such as ALSA.
	System string
	// Inputs and Outputs are the most channels; 0 where it has no such direction.
	Inputs, Outputs int
	// Rate in samples a second that the device names as its own.
	Rate int
	// Monitor tells that its input is what the machine plays, not what the room says.
	Monitor bool
	// Feeds names what a sound server puts behind the device when its own name does not tell; empty when not known.
	Feeds string
	// DefaultInput and DefaultOutput mark what is used when no name is given.
	DefaultInput, DefaultOutput bool

	index int
}

// DeviceOptions choose and set up a device.
type DeviceOptions struct {
	// Name of the device, or a part of it in any case; empty for the default.
	Name string
	// Buffer of a microphone: the sound that waits when nobody reads. 0 is two seconds.
	Buffer time.Duration
}

const (
	// deviceTimeout without a callback means that the device is lost: a sound server that dies tells nothing else.
	deviceTimeout = 500 * time.Millisecond
	// startTimeout is for the first callback.
	startTimeout  = 2 * time.Second
	defaultBuffer = 2 * time.Second
)

// driver is what microphone and speaker need of a sound library.
type driver interface {
	devices() ([]Device, error)
	// openInput opens one channel at the device's best rate. heard is called from the one thread that moves the sound and must not wait or allocate.
	openInput(d Device, heard func([]float32)) (stream, error)
	// openOutput asks fill for the samples to play, likewise.
	openOutput(d Device, fill func([]float32)) (stream, error)
}

// stream of one direction. Every method comes back in bounded time.
type stream interface {
	rate() int
	// latency between a callback and the air.
	latency() time.Duration
	start() error
	// close stops at once. No callback runs when it has returned without error.
	close() error
}

// watchdog knows when a callback ran last.
type watchdog struct {
	birth time.Time
	last  atomic.Int64 // since birth
}

func (w *watchdog) begin() {
	w.birth = time.Now()
	w.last.Store(int64(startTimeout - deviceTimeout))
}

func (w *watchdog) alive() {
	if now := int64(time.Since(w.birth)); now > w.last.Load() {
		w.last.Store(now)
	}
}

// left until the device counts as lost.
func (w *watchdog) left() time.Duration {
	return deviceTimeout - (time.Since(w.birth) - time.Duration(w.last.Load()))
}

// chooseInput finds the microphone for a name. A monitor is taken only when it was named.
func chooseInput(d driver, name string) (Device, error) {
	all, err := d.devices()
	if err != nil {
		return Device{}, err
	}
	if name != "" {
		return named(all, name, ErrNoMicrophone, func(d Device) bool { return d.Inputs > 0 })
	}
	monitors := 0
	var found *Device
	for i, d := range all {
		switch {
		case d.Inputs == 0:
		case d.Monitor:
			monitors++
		case found == nil || d.DefaultInput:
			found = &all[i]
		}
	}
	switch {
	case found != nil:
		return *found, nil
	case monitors > 0:
		return Device{}, fmt.Errorf("%w: only monitors, which hear what the machine plays: plug one in, or name a device", ErrNoMicrophone)
	}
	return Device{}, fmt.Errorf("%w: no device with an input: plug one in and look whether the sound server runs", ErrNoMicrophone)
}

func chooseOutput(d driver, name string) (Device, error) {
	all, err := d.devices()
	if err != nil {
		return Device{}, err
	}
	if name != "" {
		return named(all, name, ErrNoSpeaker, func(d Device) bool { return d.Outputs > 0 })
	}
	var found *Device
	for i, d := range all {
		if d.Outputs > 0 && (found == nil || d.DefaultOutput) {
			found = &all[i]
		}
	}
	if found == nil {
		return Device{}, fmt.Errorf("%w: no device with an output: look whether the sound server runs", ErrNoSpeaker)
	}
	return *found, nil
}

// named prefers the whole name to a part of one.
func named(all []Device, name string, none error, usable func(Device) bool) (Device, error) {
	for _, matches := range []func(string) bool{
		func(s string) bool { return s == name },
		func(s string) bool { return strings.Contains(strings.ToLower(s), strings.ToLower(name)) },
	} {
		for _, d := range all {
			if usable(d) && matches(d.Name) {
				return d, nil
			}
		}
	}
	return Device{}, fmt.Errorf("%w is called %q: `tenin doctor audio` lists the devices", none, name)
}

// Devices lists what the sound library sees now.
func Devices() ([]Device, error) { return system.devices() }

// DefaultMicrophone returns the default input that hears the room, another one when the default is a monitor, or an
// error wrapping ErrNoMicrophone.
func DefaultMicrophone() (Device, error) { return chooseInput(system, "") }

// OpenMicrophone starts to listen. Without a name it takes the DefaultMicrophone.
func OpenMicrophone(ctx context.Context, o DeviceOptions) (*Microphone, error) {
	return openMicrophone(ctx, system, o)
}

// OpenSpeaker opens the default output, or the one named.
func OpenSpeaker(ctx context.Context, o DeviceOptions) (*Speaker, error) {
	return openSpeaker(ctx, system, o)
}
