package enrol

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"tenin/storage/seal"
)

// How says how the data partition was opened.
type How string

// The ways.
const (
	// ByMaking: it was new.
	ByMaking How = "made"
	// ByTPM: the TPM has opened it, as at every start.
	ByTPM How = "tpm"
	// ByRecovery: the recovery key has.
	ByRecovery How = "recovery"
)

// ErrLocked means that neither the TPM nor the key that was given opens the data partition.
var ErrLocked = errors.New("the data partition does not open")

// unlockTime bounds how long a TPM is waited for: a start without data is better than none.
const unlockTime = 60 * time.Second

// Data are the steps with the data partition of a device.
type Data struct {
	Machine Machine
	Place   Place
	// Owner is the user and group of the kiosk's home.
	Owner [2]int
	// Say is told of each step, nil: nobody is.
	Say func(string)
}

func (d *Data) say(text string) {
	if d.Say != nil {
		d.Say(text)
	}
}

// OpenData opens the data partition and mounts it, and makes it first where it never held data. It may be called again after
// any failure, also of power. Whatever happens is also told by the files DataOpen and DataFailed.
func (d *Data) OpenData(ctx context.Context) (How, error) {
	how, err := d.openAndMount(ctx)
	if err != nil || !d.Place.Has(Enrolled) {
		// It looks for a stick, also where there is no screen. On an enrolled device its socket alone starts it.
		defer func() {
			if err := run(ctx, d.Machine, "systemctl", "--no-block", "start", "tenin-enrol.service"); err != nil {
				d.say("the enrolment does not start: " + err.Error())
			}
		}()
	}
	if err != nil {
		return "", errors.Join(err, d.Place.write(DataFailed, []byte(oneLine(err.Error())+"\n"), 0o644))
	}
	if err := os.Remove(d.Place.In(DataFailed)); err != nil && !os.IsNotExist(err) {
		return "", err
	}
	return how, d.Place.write(DataOpen, []byte(how+"\n"), 0o644)
}

func (d *Data) openAndMount(ctx context.Context) (How, error) {
	p, err := d.Place.dataPartition()
	if err != nil {
		return "", err
	}
	h, luks, err := readHeader(ctx, d.Machine, p.Device)
	if err != nil {
		return "", err
	}
	if !luks || !h.Made() || len(h.Slots) == 0 {
		// It never held anything, or its keys were erased.
		if err := d.make(ctx, p); err != nil {
			return "", err
		}
		return ByMaking, d.mount(ctx)
	}
	how := ByTPM
	if d.Place.Has(mapped) {
		how = ByRecovery // just now
	} else if err := d.attach(ctx, p); err != nil {
		return "", fmt.Errorf("%w by the TPM: %w; the recovery key opens it", ErrLocked, err)
	}
	if err := d.check(ctx); err != nil {
		return "", err
	}
	if err := d.mount(ctx); err != nil {
		return "", err
	}
	// A kiosk that is in service has no set-up key: what one start left is taken away by the next.
	if err := sweep(ctx, d.Machine, p.Device, h); err != nil {
		d.say("the set-up key of the last start stays: " + err.Error())
	}
	if how == ByTPM && (!h.Recovery() || d.Place.Has(wantsSetup)) {
		if err := d.addSetupKey(ctx, p); err != nil {
			// Not fatal: without it the disk has no recovery key until a later start.
			d.say("no set-up key: " + err.Error())
		}
	}
	return how, nil
}

// publicKey is the file with the key that signs PCR 11: that of the verified system, else the one that the loader brought.
func (d *Data) publicKey() (string, error) {
	for _, name := range []string{pcrKey, pcrKeyStub} {
		if d.Place.Has(name) {
			return d.Place.In(name), nil
		}
	}
	return "", errors.New("the key that signs PCR 11 is not in the image: build it with a folder of keys")
}

// make makes the partition as new. Only the last step says that it may hold data.
func (d *Data) make(ctx context.Context, p Partition) error {
	public, err := d.publicKey()
	if err != nil {
		return err
	}
	if err := d.awaitTPM(ctx); err != nil {
		return err
	}
	d.say("making the data partition")
	if err := d.grow(ctx, p); err != nil {
		return err
	}
	key := seal.Random(32)
	defer key.Destroy()
	format := Command{
		Name: "cryptsetup",
		Args: append(append([]string{"luksFormat", "--batch-mode", "--type", "luks2", "--cipher", "aes-xts-plain64", "--key-size", "512", "--label", "tenin-data", "--key-slot", "0"}, quickly...),
			"--key-file", "{0}", p.Device),
		Secrets: []seal.Secret{key},
	}
	if _, err := d.Machine.Run(ctx, format); err != nil {
		return fmt.Errorf("data partition: %w", err)
	}
	if err := addToken(ctx, d.Machine, p.Device, tokenSetup, 0); err != nil {
		return fmt.Errorf("data partition: %w", err)
	}
	if err := d.bindTPM(ctx, p, public, key); err != nil {
		return err
	}
	if err := d.openWith(ctx, p, key); err != nil {
		return err
	}
	if err := run(ctx, d.Machine, "mkfs.ext4", "-q", "-F", "-L", "tenin-data", "-m", "1", "-E", "lazy_itable_init=1", d.Place.In(mapped)); err != nil {
		return fmt.Errorf("data partition: %w", err)
	}
	if err := d.keepSetupKey(key); err != nil {
		return err
	}
	if err := run(ctx, d.Machine, "sync"); err != nil {
		return err
	}
	return addToken(ctx, d.Machine, p.Device, tokenMade)
}

// quickly: the keys are random, with 128 bits and more, so nothing is gained by making each try slow.
var quickly = []string{"--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000"}

// grow lets the partition reach to the end of the disk. systemd-repart finds it by its type, of which there is one.
func (d *Data) grow(ctx context.Context, p Partition) error {
	if err := run(ctx, d.Machine, "systemd-repart", "--dry-run=no", "--no-pager", "--definitions="+d.Place.In(growth), p.Disk); err != nil {
		return fmt.Errorf("data partition: it does not grow: %w", err)
	}
	text := d.Place.line("sys/class/block/" + filepath.Base(p.Device) + "/size")
	sectors, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return fmt.Errorf("data partition: its size is not known: %q", text)
	}
	if size := sectors * 512; size < leastData {
		return fmt.Errorf("data partition: the disk leaves it %d MiB, and it needs %d: flash a larger disk", size>>20, leastData>>20)
	}
	return nil
}

// leastData is the smallest data partition in bytes, of which the header takes 16 MiB: a vault, a log, and a bundle of an update
// do not fit into less.
const leastData = 1 << 30

// bindTPM lets the TPM open the partition from now on, in the place of whichever did before: as long as PCR 7 stays as it is,
// and PCR 11 as the image's maker has signed it. key opens it now. The former TPM's slot goes first: systemd-cryptenroll does
// nothing where there is one for the same PCRs, and cannot know that another TPM made it.
func (d *Data) bindTPM(ctx context.Context, p Partition, public string, key seal.Secret) error {
	if err := drop(ctx, d.Machine, p.Device, tokenTPM, -1); err != nil {
		return fmt.Errorf("data partition: %w", err)
	}
	_, err := d.Machine.Run(ctx, Command{
		Name:    "systemd-cryptenroll",
		Args:    []string{"--unlock-key-file={0}", "--tpm2-device=auto", "--tpm2-pcrs=7", "--tpm2-public-key=" + public, "--tpm2-public-key-pcrs=11", p.Device},
		Secrets: []seal.Secret{key},
	})
	if err != nil {
		return fmt.Errorf("the TPM does not take the disk's key: %w; look whether the firmware has it switched on", err)
	}
	return nil
}

func (d *Data) openWith(ctx context.Context, p Partition, key seal.Secret) error {
	if d.Place.Has(mapped) {
		// What a try that failed has left open is of another key.
		if err := run(ctx, d.Machine, "cryptsetup", "close", mapping); err != nil {
			return err
		}
	}
	_, err := d.Machine.Run(ctx, Command{
		Name: "cryptsetup", Args: []string{"open", "--batch-mode", "--type", "luks2", "--key-file", "{0}", p.Device, mapping}, Secrets: []seal.Secret{key},
	})
	if err != nil {
		return fmt.Errorf("%w: %w", ErrLocked, err)
	}
	return nil
}

// attach has the TPM open the partition.
func (d *Data) attach(ctx context.Context, p Partition) error {
	ctx, stop := context.WithTimeout(ctx, unlockTime)
	defer stop()
	if err := d.awaitTPM(ctx); err != nil {
		return err
	}
	try := func() error {
		return run(ctx, d.Machine, "systemd-cryptsetup", "attach", mapping, p.Device, "-", "luks,tpm2-device=auto,headless=true,tries=1")
	}
	err := try()
	if err != nil {
		// Once more: a TPM that was busy, or measured something just then, is not worth a technician's way.
		err = try()
	}
	return err
}

// driverTime is how long the driver of a TPM may take to be there: the start does not wait for all devices before this.
const driverTime = 15 * time.Second

// awaitTPM waits until the TPM can be spoken to.
func (d *Data) awaitTPM(ctx context.Context) error {
	for began := time.Now(); !d.Place.Has(tpmDevice); {
		if time.Since(began) > driverTime {
			return errors.New("this machine shows no TPM: look whether the firmware has it switched on")
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
	return nil
}

// check mends a file system that was not closed, as after a power cut.
func (d *Data) check(ctx context.Context) error {
	err := run(ctx, d.Machine, "fsck.ext4", "-p", d.Place.In(mapped))
	var exit *ExitError
	if errors.As(err, &exit) && exit.Code < 4 {
		return nil // it was mended
	}
	if err != nil {
		return fmt.Errorf("the file system of the data partition is damaged: %w", err)
	}
	return nil
}

// addSetupKey makes a key that opens the disk until the next start, for whoever gives it a recovery key.
func (d *Data) addSetupKey(ctx context.Context, p Partition) error {
	key := seal.Random(32)
	defer key.Destroy()
	before, _, err := readHeader(ctx, d.Machine, p.Device)
	if err != nil {
		return err
	}
	slot, err := before.free()
	if err != nil {
		return err
	}
	_, err = d.Machine.Run(ctx, Command{
		Name:    "cryptsetup",
		Args:    append(append([]string{"luksAddKey", "--batch-mode", "--token-only", "--token-type", tokenTPM, "--new-key-slot", strconv.Itoa(slot)}, quickly...), p.Device, "{0}"),
		Secrets: []seal.Secret{key},
	})
	if err != nil {
		return err
	}
	if err := addToken(ctx, d.Machine, p.Device, tokenSetup, slot); err != nil {
		return err
	}
	return d.keepSetupKey(key)
}

// free is a key slot that is not in use.
func (h Header) free() (int, error) {
	used := map[int]bool{}
	for _, n := range h.Slots {
		used[n] = true
	}
	for n := range 32 {
		if !used[n] {
			return n, nil
		}
	}
	return 0, errors.New("the disk has no free key slot")
}

func (d *Data) keepSetupKey(key seal.Secret) error {
	return d.Place.write(setupKey, key.Bytes(), 0o400)
}
