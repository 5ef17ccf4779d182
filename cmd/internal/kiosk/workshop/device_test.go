package workshop

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"tenin/cmd/internal/clock"
	"tenin/cmd/internal/kiosk"
	"tenin/cmd/internal/setup"
	"tenin/firmware/enrol"
	"tenin/storage/seal"
	"tenin/ui/technician"
)

// flashed plays the half of a device that is root.
type flashed struct {
	failed   string
	refuse   error
	did      []string
	set      enrol.Settings
	links    []enrol.Link
	enrolled bool
	kept     string
}

func (f *flashed) do(what string) error {
	f.did = append(f.did, what)
	return f.refuse
}

func (f *flashed) Status(context.Context) (enrol.Status, error) {
	return enrol.Status{Failed: f.failed, Settings: f.set, Enrolled: f.enrolled}, nil
}
func (f *flashed) Join(_ context.Context, address string, code seal.Secret) (enrol.Joined, error) {
	return enrol.Joined{}, f.do("join " + address + " " + string(code.Bytes()))
}
func (f *flashed) Set(_ context.Context, s enrol.Settings) error {
	err := f.do(fmt.Sprintf("set %+v %s", s.WiFi.SSID, s.WiFi.Passphrase.Bytes()))
	if err == nil {
		s.WiFi.Passphrase = enrol.SecretText{}
		f.set = s
	}
	return err
}
func (f *flashed) Turn(_ context.Context, rotation int) error {
	return f.do(fmt.Sprint("turn ", rotation))
}
func (f *flashed) Links(context.Context) ([]enrol.Link, error) { return f.links, nil }
func (f *flashed) Keep(_ context.Context, recovery seal.Secret) error {
	f.kept = string(recovery.Bytes())
	return f.do("keep")
}
func (f *flashed) Recover(_ context.Context, recovery, pin seal.Secret) error {
	return f.do("recover " + string(recovery.Bytes()) + " " + string(pin.Bytes()))
}
func (f *flashed) Finish(_ context.Context, withoutHub bool) error {
	if withoutHub {
		return f.do("finish without a hub")
	}
	return f.do("finish")
}
func (f *flashed) Reopen(context.Context) error {
	f.did = append(f.did, "reopen")
	return nil
}
func (f *flashed) Erase(context.Context) error    { return f.do("erase") }
func (f *flashed) Reboot(context.Context) error   { return f.do("reboot") }
func (f *flashed) PowerOff(context.Context) error { return f.do("poweroff") }

func onDevice(t *testing.T, f *flashed) Bench {
	t.Helper()
	home := t.TempDir()
	return FromDevice(Machine{Setup: setup.Options{
		Home: home, Unlock: kiosk.Unlock{}, Evidence: func(e *clock.Evidence) { e.Synchronised = true },
	}}, f)
}

func TestADisksRecoveryKeyIsTheVaultsAndIsKeptThereFirst(t *testing.T) {
	ctx := context.Background()
	f := &flashed{refuse: errors.New("the disk is full")}
	b := onDevice(t, f)
	groups, asked, _ := b.MakeRecovery(ctx)
	confirm := func() technician.Result { return b.ConfirmRecovery(ctx, groups[asked[0]-1], groups[asked[1]-1]) }
	if r := confirm(); r.Mark != technician.Bad {
		t.Errorf("a key that the disk did not take is the vault's: %+v", r)
	}
	f.refuse = nil
	if r := confirm(); r.Mark != technician.Good {
		t.Errorf("%+v", r)
	}
	if f.kept != strings.Join(groups, "-") {
		t.Error("the disk has another key than the paper")
	}
}

func TestAKioskInServiceIsToldToStartAnewForAnotherHubOrKey(t *testing.T) {
	ctx := context.Background()
	f := &flashed{refuse: enrol.ErrEnrolled}
	b := onDevice(t, f)
	groups, asked, _ := b.MakeRecovery(ctx)
	r := b.ConfirmRecovery(ctx, groups[asked[0]-1], groups[asked[1]-1])
	if r.Mark != technician.Bad || !strings.Contains(r.Detail, "restart the machine") || f.did[len(f.did)-1] != "reopen" {
		t.Errorf("%+v after %q", r, f.did)
	}
}

func TestADiskThatDoesNotOpenIsBehindTheRecoveryKeyAlone(t *testing.T) {
	ctx := context.Background()
	f := &flashed{failed: "the TPM was cleared"}
	b := onDevice(t, f)
	if l := b.Lock(ctx); !l.Guarded || !l.Shut {
		t.Error("the screens are open")
	}
	if e := b.CheckPIN(ctx, "314159"); e.Refusal != technician.PINShut {
		t.Errorf("a PIN was looked at: %+v", e)
	}
	key := seal.NewRecoveryKey()
	defer key.Destroy()
	f.refuse = enrol.ErrLocked
	if e := b.ResetPIN(ctx, key.Groups(), "314159"); e.Problem != technician.RecoveryWrong {
		t.Errorf("another disk's key: %+v", e)
	}
	f.refuse, f.did = nil, nil
	if e := b.ResetPIN(ctx, key.Groups(), "314159"); e.Refusal != technician.PINFine {
		t.Errorf("%+v", e)
	}
	if want := "recover " + strings.Join(key.Groups(), "-") + " 314159|reboot"; strings.Join(f.did, "|") != want {
		t.Errorf("it did %q", f.did)
	}
}

func TestAWipeErasesTheDisksKeysAndStartsTheMachineAnew(t *testing.T) {
	ctx := context.Background()
	f := &flashed{}
	b := onDevice(t, f)
	if r := b.Wipe(ctx); r.Mark != technician.Good || strings.Join(f.did, "|") != "erase" {
		t.Errorf("%+v, %q", r, f.did)
	}
	if r := b.Power(ctx, technician.PowerProgram); r.Mark != technician.Good || f.did[len(f.did)-1] != "reboot" {
		t.Errorf("after a wipe the program alone was started anew: %q", f.did)
	}
}
