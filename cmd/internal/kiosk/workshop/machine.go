package workshop

import (
	"context"
	"time"

	"tenin/audio"
	"tenin/cmd/internal/config"
	"tenin/cmd/internal/setup"
	"tenin/ui/technician"
)

// Machine is what FromSetup works on. The kiosk of its home must not run meanwhile: the steps open the vault themselves.
// What is nil is not there, and the step that needs it says so.
type Machine struct {
	Setup setup.Options
	// Entered says that the technician gave the PIN elsewhere: nothing guards the screens until they are left.
	Entered bool
	// Version of this program, and whether it has its engines.
	Version string
	Engines bool
	// DPI is the panel's resolution in dots per inch; 0: unknown.
	DPI float32
	// Recognise turns a recording into words.
	Recognise func(context.Context, audio.Clip) (string, error)
	// Synthesize speaks a text in a language, "ja" or "en".
	Synthesize func(ctx context.Context, text, language string) (audio.Clip, error)
	// Reach asks the hub that was joined for an answer, and says how long it took.
	Reach func(context.Context) (time.Duration, error)
	// Display is given what starts a device's display anew, and returns when the screens are on it again; nil: nothing is
	// waited for.
	Display func(ctx context.Context, restart func() error) error
	// Power starts anew or shuts down. It returns when that is on its way.
	Power func(context.Context, technician.PowerKind) error
}

// FromSetup is the Bench of this machine.
func FromSetup(m Machine) Bench {
	b := &machine{Machine: m}
	open := m.Setup.Sound.Microphone
	if open == nil {
		open = func(ctx context.Context, o audio.DeviceOptions) (setup.Ear, error) {
			return audio.OpenMicrophone(ctx, o)
		}
	}
	// What the microphone's test hears is kept until it was recognised.
	b.Setup.Sound.Microphone = func(ctx context.Context, o audio.DeviceOptions) (setup.Ear, error) {
		ear, err := open(ctx, o)
		if err != nil {
			return nil, err
		}
		return &copying{Ear: ear, to: &b.heard}, nil
	}
	// Settings that cannot be read are the shop's step to tell.
	b.setup, _ = setup.New(b.Setup)
	return b
}

// machine is a Bench. One goroutine uses it.
type machine struct {
	Machine
	setup *setup.Setup
	heard []float32
}

// copying is an Ear whose frames are kept, up to a minute of them.
type copying struct {
	setup.Ear
	to *[]float32
}

const mostHeard = 60 * audio.SampleRate

// Read reads a frame.
func (c *copying) Read(ctx context.Context) ([]float32, error) {
	frame, err := c.Ear.Read(ctx)
	if len(*c.to)+len(frame) <= mostHeard {
		*c.to = append(*c.to, frame...)
	}
	return frame, err
}

// settings are those of the home as they are now, or the defaults where they cannot be read.
func (m *machine) settings() (config.Config, error) {
	return config.Load(m.Setup.Settings, m.Setup.Home)
}

func (m *machine) now() time.Time {
	if m.Setup.Now != nil {
		return m.Setup.Now()
	}
	return time.Now()
}
