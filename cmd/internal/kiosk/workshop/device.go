package workshop

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"tenin/firmware/enrol"
	"tenin/storage/seal"
	"tenin/storage/uplink"
	"tenin/ui/technician"
)

// Device is a machine that was flashed with our image, as the technician's screens need it: enrol.Client is one.
type Device interface {
	Status(ctx context.Context) (enrol.Status, error)
	Join(ctx context.Context, address string, code seal.Secret) (enrol.Joined, error)
	Keep(ctx context.Context, recovery seal.Secret) error
	Recover(ctx context.Context, recovery, pin seal.Secret) error
	Finish(ctx context.Context, withoutHub bool) error
	Set(ctx context.Context, s enrol.Settings) error
	Turn(ctx context.Context, rotation int) error
	Links(ctx context.Context) ([]enrol.Link, error)
	Reopen(ctx context.Context) error
	Erase(ctx context.Context) error
	Reboot(ctx context.Context) error
	PowerOff(ctx context.Context) error
}

// FromDevice is FromSetup for a device: the recovery key opens its disk too, its hub is joined by a process that has the
// network, the end of the set-up is the end of its enrolment, and a wipe erases the keys of its disk. Where the disk does not
// open, the screens are locked, and the recovery key is the only way on.
func FromDevice(m Machine, d Device) Bench {
	b := &deviceBench{device: d, display: m.Display, patience: patience}
	m.Setup.Keep = func(key seal.RecoveryKey) error {
		text := seal.TakeSecret([]byte(strings.Join(key.Groups(), "-")))
		defer text.Destroy()
		return again(context.Background(), d, d.Keep(context.Background(), text))
	}
	m.Setup.Join = func(ctx context.Context, address string, code uplink.Code) error {
		text := seal.TakeSecret([]byte(code.Text()))
		defer text.Destroy()
		_, err := d.Join(ctx, address, text)
		if errors.Is(err, enrol.ErrRefused) {
			err = fmt.Errorf("%w: %w", uplink.ErrRefused, err)
		}
		b.answered = err == nil
		return again(ctx, d, err)
	}
	// These screens have no network: that a hub answers is known of one that has just let this device in.
	m.Reach = func(context.Context) (time.Duration, error) {
		if !b.answered {
			return 0, errCannotAsk
		}
		return 0, nil
	}
	program := m.Power
	m.Power = func(ctx context.Context, what technician.PowerKind) error {
		switch {
		case what == technician.PowerOff:
			return d.PowerOff(ctx)
		case what == technician.PowerProgram && !b.wiped && program != nil:
			return program(ctx, what)
		}
		return d.Reboot(ctx)
	}
	b.Bench = FromSetup(m)
	return b
}

// again has the next start begin with the enrolment where a kiosk in service was asked for what belongs there: while it serves
// shoppers nobody, whoever has its process, leads it to another hub or to another key.
func again(ctx context.Context, d Device, err error) error {
	if !errors.Is(err, enrol.ErrEnrolled) && !errors.Is(err, enrol.ErrNoSetupKey) {
		return err
	}
	if err := d.Reopen(ctx); err != nil {
		return err
	}
	return errors.New("this is done before the kiosk serves anybody: restart the machine now, and these screens come first")
}

type deviceBench struct {
	Bench
	device Device
	wiped  bool // what the program stands on is gone: only the machine can be started anew
	// answered: the hub has let this device in since the screens were opened.
	answered bool
	// tried: the picture is turned otherwise than it is kept.
	tried   bool
	display func(ctx context.Context, restart func() error) error
	// patience is for how long a link and an address are waited for.
	patience time.Duration
}

// shut says whether the disk did not open.
func (b *deviceBench) shut(ctx context.Context) bool {
	status, err := b.device.Status(ctx)
	return err == nil && status.Failed != ""
}

// Lock guards where the disk is shut: there is nothing behind it yet.
func (b *deviceBench) Lock(ctx context.Context) Lock {
	if b.shut(ctx) {
		return Lock{Guarded: true, Shut: true}
	}
	return b.Bench.Lock(ctx)
}

func (b *deviceBench) CheckPIN(ctx context.Context, pin string) Entry {
	if b.shut(ctx) {
		return Entry{Refusal: technician.PINShut}
	}
	return b.Bench.CheckPIN(ctx, pin)
}

// ResetPIN opens the disk with the recovery key where it is shut, and starts the machine anew: from then on its TPM opens it.
func (b *deviceBench) ResetPIN(ctx context.Context, groups []string, pin string) Entry {
	if !b.shut(ctx) {
		return b.Bench.ResetPIN(ctx, groups, pin)
	}
	recovery, secret := seal.TakeSecret([]byte(strings.Join(groups, "-"))), seal.TakeSecret([]byte(pin))
	defer recovery.Destroy()
	defer secret.Destroy()
	switch err := b.device.Recover(ctx, recovery, secret); {
	case errors.Is(err, seal.ErrRecoveryKey), errors.Is(err, enrol.ErrLocked):
		return Entry{Refusal: technician.PINWrong, Problem: technician.RecoveryWrong}
	case err != nil:
		return Entry{Refusal: technician.PINShut}
	}
	if err := b.device.Reboot(ctx); err != nil {
		return Entry{Refusal: technician.PINShut}
	}
	return Entry{}
}

// Finish is the last step: the device is a shop's kiosk from then on.
func (b *deviceBench) Finish(ctx context.Context, rows []technician.Row) technician.Result {
	r := b.Bench.Finish(ctx, rows)
	if !r.Done() {
		return r
	}
	withoutHub := false
	for _, row := range rows {
		withoutHub = withoutHub || row.Step == technician.StepHub && row.Result.Problem == technician.HubNone
	}
	if err := b.device.Finish(ctx, withoutHub); err != nil {
		return failed(technician.NotSaved, err)
	}
	return r
}

// Wipe ends with the keys of the disk: what a home's wipe has left behind is unreadable then.
func (b *deviceBench) Wipe(ctx context.Context) technician.Result {
	r := b.Bench.Wipe(ctx)
	b.wiped = true
	if err := b.device.Erase(context.WithoutCancel(ctx)); err != nil {
		return failed(technician.TestFailed, err)
	}
	return r
}
