package enrol

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"

	"tenin/storage/peer"
	"tenin/storage/seal"
)

// Server is the half of the enrolment that runs as root, without a network. It does a few things for the kiosk's user and
// for root, one after the other, and nothing else for nobody else.
type Server struct {
	Data *Data
	// Floor is renewed where the data partition was recovered, since the number that it stands by is gone with the TPM, and
	// destroyed with the partition, whose record it is; nil: there is none.
	Floor interface {
		Renew() error
		Destroy() error
	}
	// Say is told what was done, without a secret; nil: nobody is.
	Say func(string)
	// Addresses are those of a network card; nil: the machine is asked.
	Addresses func(card string) ([]netip.Prefix, error)

	mu    sync.Mutex
	stick string // what became of the last stick
	seen  map[[32]byte]bool
	back  *time.Timer   // turns the picture back; nil: it is as it is kept
	holds time.Duration // in the place of TurnHolds
}

// The longest that a call may take: a join waits for the hub, a recovery for two programs.
const callTime = 4 * time.Minute

// Serve answers calls on l until ctx ends.
func (s *Server) Serve(ctx context.Context, l *net.UnixListener) error {
	stop := context.AfterFunc(ctx, func() { _ = l.Close() })
	defer stop()
	var calls sync.WaitGroup
	defer calls.Wait()
	s.resumeTurn()
	defer s.forgetTurn()
	for {
		conn, err := l.AcceptUnix()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		who, err := peer.Of(conn)
		if err != nil || who.UID != 0 && who.UID != s.Data.Owner[0] {
			s.say("a process of another user was turned away")
			_ = conn.Close()
			continue
		}
		calls.Go(func() {
			defer conn.Close()
			ctx, stop := context.WithTimeout(ctx, callTime)
			defer stop()
			_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
			c, err := readCall(conn)
			if err != nil {
				s.say("a call was not understood")
				return
			}
			defer c.destroy()
			_ = writeAnswer(conn, s.answer(ctx, c))
		})
	}
}

func (s *Server) say(text string) {
	if s.Say != nil {
		s.Say(oneLine(text))
	}
}

// answer does what a call wants. One call is done at a time.
func (s *Server) answer(ctx context.Context, c *call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	var a answer
	var err error
	switch c.Op {
	case opStatus:
		a.Status, err = s.status(ctx)
	case opErase:
		err = s.erase(ctx)
	case opReopen:
		err = s.reopen(ctx)
	case opPower:
		err = s.power(ctx, c.Power)
	case opRecover:
		if err = s.failed(); err == nil {
			err = s.recover(ctx, c.Recovery.Secret, c.PIN.Secret)
		}
	case opSettings, opTurn, opLinks, opJoin, opKeep, opFile, opFinish:
		// A kiosk in service cannot be led to another hub or network by whoever took its process over.
		if err = s.unfinished(); err == nil {
			a, err = s.enrol(ctx, c)
		}
	default:
		err = fmt.Errorf("nobody here knows how to %q", printable(c.Op))
	}
	if err != nil {
		s.say(c.Op + ": " + err.Error())
		a.fail(err)
	}
	return a
}

func (s *Server) enrol(ctx context.Context, c *call) (a answer, err error) {
	switch c.Op {
	case opSettings:
		settings := c.Settings
		settings.WiFi.Passphrase = c.Passphrase
		err = s.set(ctx, settings)
	case opTurn:
		err = s.turn(ctx, c.Settings.Rotation)
	case opLinks:
		a.Links, err = s.links()
	case opJoin:
		a.Joined, err = s.join(ctx, c.Address, c.Code.Secret)
	case opKeep:
		err = s.Data.Keep(ctx, c.Recovery.Secret)
	case opFile:
		a.Joined, err = s.carryText(ctx, c.File.Secret)
	case opFinish:
		err = s.finish(ctx, c.WithoutHub)
	}
	return a, err
}

// ErrEnrolled means that a device is enrolled, and what was asked for belongs to the time before.
var ErrEnrolled = errors.New("this device is enrolled: `tenin firmware enrol --again` begins anew at the next start")

func (s *Server) unfinished() error {
	switch {
	case !s.Data.Place.Has(DataOpen):
		return errors.New("the data partition is not open: give the recovery key first")
	case s.Data.Place.Has(Enrolled):
		return ErrEnrolled
	}
	return nil
}

func (s *Server) failed() error {
	if s.Data.Place.Has(DataOpen) {
		return errors.New("the data partition is open: there is nothing to recover")
	}
	return nil
}

// Status is how the enrolment stands.
type Status struct {
	// Failed says why the data partition is not open; empty: it is.
	Failed string `json:"failed,omitempty"`
	// Enrolled: the technician has finished.
	Enrolled bool `json:"enrolled"`
	// Recovery: a recovery key opens the disk. Hub: a hub was joined.
	Recovery bool `json:"recovery"`
	Hub      bool `json:"hub"`
	// Keyless: this start has no set-up key, so that a new recovery key waits for the next one.
	Keyless bool `json:"keyless,omitempty"`
	// Stick says what became of the last stick that had a RequestFile.
	Stick string `json:"stick,omitempty"`
	// Settings are those that are kept, without the Wi-Fi's secret.
	Settings Settings `json:"settings,omitzero"`
}

// Missing lists what a device lacks, in words for a technician.
func (t Status) Missing() (list []string) {
	if t.Failed != "" {
		return []string{"the data partition is not open: " + t.Failed}
	}
	if !t.Recovery {
		list = append(list, "no recovery key: another mainboard or a cleared TPM loses what was kept")
	}
	if !t.Hub {
		list = append(list, "no hub: summaries, knowledge and updates do not come by the network; summaries wait on this device, and updates come by a stick")
	}
	if !t.Enrolled {
		list = append(list, "the enrolment is not finished")
	}
	return list
}

func (s *Server) status(ctx context.Context) (Status, error) {
	t := Status{Failed: s.Data.Place.line(DataFailed), Stick: s.stick}
	if t.Failed != "" || !s.Data.Place.Has(DataOpen) {
		if t.Failed == "" {
			t.Failed = "it was not tried"
		}
		return t, nil
	}
	t.Enrolled = s.Data.Place.Has(Enrolled)
	t.Hub = s.Data.Place.Has(credentials)
	t.Keyless = !s.Data.Place.Has(setupKey)
	var err error
	if t.Recovery, err = s.Data.HasRecovery(ctx); err != nil {
		return t, err
	}
	t.Settings, err = LoadSettings(s.Data.Place)
	return t, err
}

// credentials are the hub's in the home, whose folder root sees at this place.
const credentials = "data/tenin/hub"

// set keeps settings and applies them.
func (s *Server) set(ctx context.Context, settings Settings) error {
	settings.keepWiFi(s.Data.Place)
	defer settings.WiFi.Passphrase.Destroy()
	if err := settings.Save(s.Data.Place); err != nil {
		return err
	}
	s.stopBack()
	turned := !s.shows(settings.Rotation)
	unknown := Apply(s.Data.Place, settings)
	if turned {
		s.restartDisplay(ctx)
	}
	if err := run(ctx, s.Data.Machine, "systemctl", "restart", "systemd-networkd.service"); err != nil {
		return errors.Join(unknown, fmt.Errorf("the network's settings are kept, and hold from the next start: %w", err))
	}
	if err := run(ctx, s.Data.Machine, "systemctl", "--no-block", "restart", "tenin-wifi.service"); err != nil {
		s.say("Wi-Fi: " + err.Error())
	}
	s.say("the settings are kept")
	return unknown
}

// finish ends the enrolment and starts the kiosk.
func (s *Server) finish(ctx context.Context, withoutHub bool) error {
	if !s.Data.Place.Has(credentials) && !withoutHub {
		return errors.New("no hub was joined: join one, or say that this shop has none")
	}
	if err := s.Data.Close(ctx); err != nil {
		return err
	}
	if err := s.Data.Place.write(Enrolled, []byte("enrolled\n"), 0o644); err != nil {
		return err
	}
	s.say("this device is enrolled")
	// The kiosk is ordered after the screens, so it starts when they have ended.
	if err := run(ctx, s.Data.Machine, "systemctl", "--no-block", "stop", "tenin-enrol-screen.service"); err != nil {
		s.say("the screens: " + err.Error())
	}
	return run(ctx, s.Data.Machine, "systemctl", "--no-block", "start", "tenin.service")
}

// reopen has the next start begin with the enrolment. What is set stays until it is changed; the PIN stands before it.
func (s *Server) reopen(context.Context) error {
	if !s.Data.Place.Has(DataOpen) {
		return errors.New("the data partition is not open")
	}
	if err := s.Data.Place.write(wantsSetup, nil, 0o600); err != nil {
		return err
	}
	if err := os.Remove(s.Data.Place.In(Enrolled)); err != nil && !os.IsNotExist(err) {
		return err
	}
	s.say("the next start begins with the enrolment")
	return nil
}

func (s *Server) erase(ctx context.Context) error {
	if err := s.Data.Erase(ctx); err != nil {
		return err
	}
	if s.Floor != nil {
		// A number that stays in the TPM takes a place there and does no harm.
		if err := s.Floor.Destroy(); err != nil {
			s.say("the number behind the lowest version stays in the TPM: " + err.Error())
		}
	}
	s.say("the disk's keys are erased: the next start makes the device as new")
	return nil
}

// power restarts or shuts down.
func (s *Server) power(ctx context.Context, what string) error {
	switch what {
	case "reboot", "poweroff":
		return run(ctx, s.Data.Machine, "systemctl", "--no-block", what)
	}
	return errors.New("the power is switched by reboot or poweroff")
}

// recover opens the disk and the vault with the recovery key, and gives both to this machine's TPM.
func (s *Server) recover(ctx context.Context, recovery, pin seal.Secret) error {
	if err := s.Data.Recover(ctx, recovery); err != nil {
		return err
	}
	// The unit that opens the partition mounts it where everybody sees it, which this process does not.
	if err := run(ctx, s.Data.Machine, "systemctl", "restart", "tenin-first-boot.service"); err != nil {
		return err
	}
	if s.Data.Place.Has(DataFailed) {
		return errors.New(s.Data.Place.line(DataFailed))
	}
	s.say("the recovery key has opened the disk; it is this TPM's now")
	if s.Floor != nil {
		// Whether this version may run could not be told without it, and no kiosk would start.
		if err := s.Floor.Renew(); err != nil {
			return fmt.Errorf("the disk is open, and the lowest version that may run is not this TPM's: %w", err)
		}
	}
	if !s.Data.Place.Has("data/tenin/keyring") {
		return nil
	}
	phrase, err := recoveryPhrase(recovery)
	if err != nil {
		return err
	}
	defer phrase.Destroy()
	if _, err := s.asKiosk(ctx, false, phrase, "keys", "recover", "--quiet", "--key", "--accept-older", "--to", "tpm", "--recovery-file", "-"); err != nil {
		return fmt.Errorf("the disk is open, the vault is not: %w", err)
	}
	s.say("the recovery key has opened the vault; it is this TPM's now")
	if pin.Len() == 0 {
		return nil
	}
	return s.resetPIN(ctx, phrase, pin)
}

const pinFile = "run/tenin/new-pin"

// resetPIN gives the technician, or where there is none the manager, a new PIN.
func (s *Server) resetPIN(ctx context.Context, phrase, pin seal.Secret) error {
	path := s.Data.Place.In(pinFile)
	if err := s.Data.Place.write(pinFile, pin.Bytes(), 0o400); err != nil {
		return err
	}
	defer os.Remove(path)
	if err := os.Chown(path, s.Data.Owner[0], s.Data.Owner[1]); err != nil {
		return err
	}
	var err error
	for _, name := range []string{"technician", "manager"} {
		if _, err = s.asKiosk(ctx, false, phrase, "staff", "reset", "--quiet", name, "--recovery-file", "-", "--pin-file", path); err == nil {
			return nil
		}
	}
	// Whoever has another account's PIN, or the paper, goes on with it.
	s.say("no PIN was changed: " + err.Error())
	return nil
}
