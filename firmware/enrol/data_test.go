package enrol

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"tenin/storage/seal"
)

func opened(t *testing.T, d *device) How {
	t.Helper()
	how, err := d.data().OpenData(context.Background())
	if err != nil {
		t.Fatalf("%v\n%s", err, strings.Join(d.ran, "\n"))
	}
	return how
}

func TestTheFirstStartMakesTheDataPartitionAndTheNextOnesOpenIt(t *testing.T) {
	d := newDevice(t)
	if how := opened(t, d); how != ByMaking {
		t.Errorf("opened by %q", how)
	}
	h := d.header()
	if !h.Made() || !h.TPM() || h.Recovery() {
		t.Errorf("the header is not that of a new device: %+v", h)
	}
	for _, name := range []string{"data/device", "data/drop", "data/log", "data/tenin"} {
		if !d.place.Has(name) {
			t.Errorf("there is no %s", name)
		}
	}
	if !d.ranWith("systemd-repart --dry-run=no") {
		t.Error("the partition did not grow")
	}
	d.restart()
	if how := opened(t, d); how != ByTPM {
		t.Errorf("opened by %q", how)
	}
	if d.made != 1 {
		t.Errorf("%d file systems were made", d.made)
	}
	if d.place.line(DataOpen) != string(ByTPM) || d.place.Has(DataFailed) {
		t.Error("the marks do not say that the data partition is open")
	}
}

func TestPowerMayFailBeforeEachStepOfTheFirstStart(t *testing.T) {
	whole := newDevice(t)
	opened(t, whole)
	steps := len(whole.ran)
	for cut := 1; cut <= steps; cut++ {
		t.Run(fmt.Sprint(cut), func(t *testing.T) {
			d := newDevice(t)
			d.cut = cut
			if _, err := d.data().OpenData(context.Background()); err == nil && cut <= steps-1 {
				t.Fatal("nobody noticed")
			}
			d.restart()
			opened(t, d)
			h := d.header()
			if !h.Made() || !h.TPM() || !d.opens(d.tpm) {
				t.Errorf("after a cut before step %d (%s) the next start leaves %+v", cut, whole.ran[cut-1], h)
			}
			if slots, _ := h.of(tokenSetup); len(h.Slots) != 2 || len(slots) != 1 {
				t.Errorf("slots %v, of the set-up key %v", h.Slots, slots)
			}
		})
	}
}

func TestADiskThatHeldDataIsNeverMadeAnewByItself(t *testing.T) {
	d := newDevice(t)
	opened(t, d)
	d.restart()
	d.tpm = nil // cleared
	_, err := d.data().OpenData(context.Background())
	if !errors.Is(err, ErrLocked) {
		t.Fatalf("the error is %v", err)
	}
	if d.made != 1 {
		t.Error("the file system was made anew")
	}
	if line := d.place.line(DataFailed); !strings.Contains(line, "recovery key") || d.place.Has(DataOpen) {
		t.Errorf("the mark says %q", line)
	}
}

// recoveryText is a new recovery key, as somebody types it.
func recoveryText(t *testing.T) seal.Secret {
	t.Helper()
	key := seal.NewRecoveryKey()
	defer key.Destroy()
	return seal.NewSecret([]byte(strings.ToLower(strings.Join(key.Groups(), " "))))
}

func TestTheRecoveryKeyOpensTheDiskOfAnotherMachine(t *testing.T) {
	ctx := context.Background()
	d := newDevice(t)
	opened(t, d)
	paper := recoveryText(t)
	must(t, d.data().Keep(ctx, paper))
	must(t, d.data().Close(ctx))
	if h := d.header(); len(h.Slots) != 2 || !h.Recovery() {
		t.Fatalf("beside TPM and recovery key something opens the disk: %+v", h)
	}
	if d.place.Has(setupKey) {
		t.Error("the set-up key is still there")
	}
	phrase, err := recoveryPhrase(paper)
	must(t, err)
	if !d.opens(phrase.Bytes()) {
		t.Error("the text of the recovery key does not open the disk")
	}

	d.restart()
	d.tpm = nil
	if _, err := d.data().OpenData(ctx); err == nil {
		t.Fatal("it opens without a TPM")
	}
	if err := d.data().Recover(ctx, recoveryText(t)); !errors.Is(err, ErrLocked) {
		t.Errorf("another disk's key: %v", err)
	}
	if err := d.data().Recover(ctx, seal.NewSecret([]byte("AAAA-BBBB"))); !errors.Is(err, seal.ErrRecoveryKey) {
		t.Errorf("no key at all: %v", err)
	}
	must(t, d.data().Recover(ctx, paper))
	if how := opened(t, d); how != ByRecovery {
		t.Errorf("opened by %q", how)
	}
	d.restart()
	if how := opened(t, d); how != ByTPM {
		t.Errorf("after the recovery the next start opens it by %q", how)
	}
	if h := d.header(); len(h.Slots) != 2 {
		t.Errorf("the old TPM's slot is still there: %+v", h)
	}
}

func TestANewRecoveryKeyTakesTheOldOnesPlaceAndNeedsAStartMadeForIt(t *testing.T) {
	ctx := context.Background()
	d := newDevice(t)
	opened(t, d)
	first, second := recoveryText(t), recoveryText(t)
	must(t, d.data().Keep(ctx, first))
	must(t, d.data().Close(ctx))
	if err := d.data().Keep(ctx, second); !errors.Is(err, ErrNoSetupKey) {
		t.Fatalf("in service: %v", err)
	}
	d.restart()
	opened(t, d)
	if err := d.data().Keep(ctx, second); !errors.Is(err, ErrNoSetupKey) {
		t.Fatalf("at an ordinary start: %v", err)
	}
	d.file(wantsSetup, "")
	d.restart()
	opened(t, d)
	must(t, d.data().Keep(ctx, second))
	must(t, d.data().Close(ctx))
	one, err := recoveryPhrase(first)
	must(t, err)
	two, err := recoveryPhrase(second)
	must(t, err)
	if d.opens(one.Bytes()) || !d.opens(two.Bytes()) {
		t.Error("the old key opens the disk, or the new one does not")
	}
	if d.place.Has(wantsSetup) {
		t.Error("the next start makes a set-up key again")
	}
}

func TestPowerMayFailWhileARecoveryKeyIsReplaced(t *testing.T) {
	ctx := context.Background()
	for cut := 1; cut < 12; cut++ {
		d := newDevice(t)
		opened(t, d)
		first, second := recoveryText(t), recoveryText(t)
		must(t, d.data().Keep(ctx, first))
		d.ran, d.cut = nil, cut
		failed := d.data().Keep(ctx, second)
		one, _ := recoveryPhrase(first)
		two, _ := recoveryPhrase(second)
		if !d.opens(one.Bytes()) && !d.opens(two.Bytes()) {
			t.Fatalf("after a cut before step %d neither key opens the disk", cut)
		}
		if failed == nil && !d.opens(two.Bytes()) {
			t.Fatal("it said that the new key opens the disk")
		}
		d.restart()
		opened(t, d)
		if h := d.header(); !h.TPM() {
			t.Fatalf("after a cut before step %d: %+v", cut, h)
		}
	}
}

func TestWhatWasErasedIsMadeAnew(t *testing.T) {
	ctx := context.Background()
	d := newDevice(t)
	opened(t, d)
	old := d.tpm
	must(t, d.data().Keep(ctx, recoveryText(t)))
	must(t, d.data().Erase(ctx))
	must(t, d.data().Erase(ctx))
	if h := d.header(); len(h.Slots) != 0 || d.opens(old) {
		t.Fatalf("something still opens it: %+v", h)
	}
	d.restart()
	if how := opened(t, d); how != ByMaking || d.made != 2 {
		t.Errorf("opened by %q, %d file systems", how, d.made)
	}
}

func TestADamagedFileSystemIsToldAndNotMadeAnew(t *testing.T) {
	d := newDevice(t)
	opened(t, d)
	d.restart()
	d.fails["fsck.ext4"] = &ExitError{"fsck.ext4", 4, "UNEXPECTED INCONSISTENCY"}
	if _, err := d.data().OpenData(context.Background()); err == nil || !strings.Contains(d.place.line(DataFailed), "damaged") {
		t.Errorf("%v, and the mark says %q", err, d.place.line(DataFailed))
	}
	d.restart()
	d.fails["fsck.ext4"] = &ExitError{"fsck.ext4", 1, "FILE SYSTEM WAS MODIFIED"}
	opened(t, d)
}

func TestADiskThatIsTooSmallSaysSo(t *testing.T) {
	d := newDevice(t)
	d.file("sys/devices/pci0/block/vda/vda6/size", "32768\n")
	if _, err := d.data().OpenData(context.Background()); err == nil || !strings.Contains(d.place.line(DataFailed), "larger disk") {
		t.Errorf("%v", err)
	}
	if d.ranWith("cryptsetup luksFormat") {
		t.Error("it was begun all the same")
	}
}

func TestADiskOfAnotherMachineIsNotTaken(t *testing.T) {
	d := newDevice(t)
	d.file("sys/devices/usb/block/sda/sda6/uevent", "DEVNAME=sda6\nDEVTYPE=partition\nPARTNAME=data\n")
	must(t, os.Symlink(d.place.In("sys/devices/usb/block/sda/sda6"), d.place.In("sys/class/block/sda6")))
	p, err := d.place.dataPartition()
	if err != nil || p.Device != d.place.In("dev/vda6") || p.Disk != d.place.In("dev/vda") {
		t.Errorf("%+v, %v", p, err)
	}
	must(t, os.Remove(d.place.In("run/tenin/disk")))
	if _, err := d.place.dataPartition(); err == nil {
		t.Error("of two disks one was taken")
	}
}

func TestThisStartHasTheMachinesOwnId(t *testing.T) {
	d := newDevice(t)
	opened(t, d)
	own := strings.Repeat("a", 32)
	if got := d.place.line(machineID); got != own {
		t.Fatalf("kept is %q", got)
	}
	d.restart()
	d.file("etc/machine-id", strings.Repeat("b", 32)+"\n")
	d.file("run/machine-id", strings.Repeat("b", 32)+"\n")
	opened(t, d)
	if got := d.place.line("run/machine-id"); got != own {
		t.Errorf("this start has %q", got)
	}
	if !d.ranWith("systemctl --no-block restart systemd-journald.service") {
		t.Error("the journal was not told")
	}
}

func TestNoCommandHasASecretInItsArguments(t *testing.T) {
	ctx := context.Background()
	d := newDevice(t)
	opened(t, d)
	key, err := os.ReadFile(d.place.In(setupKey))
	must(t, err)
	paper := recoveryText(t)
	phrase, err := recoveryPhrase(paper)
	must(t, err)
	must(t, d.data().Keep(ctx, paper))
	must(t, d.data().Close(ctx))
	for _, c := range d.ran {
		for _, secret := range [][]byte{key, phrase.Bytes(), d.tpm} {
			if strings.Contains(c, string(secret)) {
				t.Errorf("a secret is in %q", c)
			}
		}
	}
}
