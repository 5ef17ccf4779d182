package setup

import (
	"context"
	"time"

	"tenin/audio"
	"tenin/cmd/internal/clock"
	"tenin/cmd/internal/config"
	"tenin/cmd/internal/kiosk"
	"tenin/storage"
	"tenin/storage/seal"
	"tenin/storage/uplink"
)

// Options say on what machine and home a Setup works.
type Options struct {
	// Home is the kiosk's home. Settings is the file that Shop writes; empty means HOME/tenin.toml.
	Home, Settings string
	// Unlock says how the vault is opened; its Seal is taken from the settings where it is empty.
	Unlock kiosk.Unlock
	// Vault is the home's vault where this process has it open already, as a running kiosk does; nil: it is opened for each
	// step. Seal does not work on an open vault.
	Vault *storage.Vault
	// Sound are the sound devices; its zero value is those of the machine.
	Sound Sound
	// Look looks at the display; nil: there is nothing that could.
	Look func(context.Context) (Screen, error)
	// Keep is given a recovery key that was typed back, before the vault takes it: a device's disk opens with it too. Where it
	// fails the vault keeps the key that it has. nil: there is nothing but the vault.
	Keep func(seal.RecoveryKey) error
	// Join joins a hub in the place of this process, which has no network where this is set; nil: it does so itself.
	Join func(ctx context.Context, address string, code uplink.Code) error
	// Evidence may add to, or for tests replace, what the machine knows about its time; nil: nothing is added.
	Evidence func(*clock.Evidence)
	// Now is the clock for tests; nil is the machine's.
	Now func() time.Time
}

// Sound opens devices. Functions that are nil are those of package audio, with the devices that the settings name.
type Sound struct {
	Microphone func(context.Context, audio.DeviceOptions) (Ear, error)
	Speaker    func(context.Context, audio.DeviceOptions) (audio.Player, error)
	// VAD tells speech from noise; nil is audio.EnergyVAD, which cannot tell a word from a chime.
	VAD func() (audio.VAD, error)
}

// Ear gives frames of what a microphone hears, as audio.Microphone does.
type Ear interface {
	Read(context.Context) ([]float32, error)
	Close() error
}

// Screen is the display as its process sees it.
type Screen struct {
	// Width and Height are in pixels, Renderer is what draws.
	Width, Height int
	Renderer      string
}

// Setup makes and tests the steps. It opens nothing by itself, so it need not be closed. One goroutine uses it.
type Setup struct {
	options  Options
	settings config.Config
	// recovery is the key that was shown and is not kept yet.
	recovery *pendingRecovery
}

// New reads the settings of the home. Its error is theirs; the Setup works all the same, with the defaults, so that Shop
// can say what is wrong.
func New(o Options) (*Setup, error) {
	s := &Setup{options: o}
	if o.Now == nil {
		s.options.Now = time.Now
	}
	return s, s.reload()
}

func (s *Setup) reload() error {
	settings, err := config.Load(s.options.Settings, s.options.Home)
	if err != nil {
		s.settings = config.Default()
		return err
	}
	s.settings = settings
	return nil
}

// unlock is how the vault is opened.
func (s *Setup) unlock() kiosk.Unlock {
	u := s.options.Unlock
	if u.Seal == (config.Seal{}) {
		u.Seal = s.settings.Seal
	}
	return u
}
