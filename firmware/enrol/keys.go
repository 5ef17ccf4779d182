package enrol

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"tenin/storage/seal"
)

// ErrNoSetupKey means that nothing here opens the disk for another key to be added.
var ErrNoSetupKey = errors.New("the disk takes a recovery key only at a start that was made for it: start the device anew")

// recoveryPhrase is the text under which a recovery key opens the disk: its groups joined by dashes, as they were written down.
// Whoever has the paper can type it at any machine with cryptsetup.
func recoveryPhrase(text seal.Secret) (seal.Secret, error) {
	key, err := seal.ParseRecoveryKey(string(text.Bytes()))
	if err != nil {
		return seal.Secret{}, err
	}
	defer key.Destroy()
	return seal.TakeSecret([]byte(strings.Join(key.Groups(), "-"))), nil
}

// Keep makes a recovery key open the disk, in the place of the one before. At each moment one of the two does. It takes the
// set-up key of this start, which stays until Close: a vault that refuses the key asks for another.
func (d *Data) Keep(ctx context.Context, recovery seal.Secret) error {
	phrase, err := recoveryPhrase(recovery)
	if err != nil {
		return err
	}
	defer phrase.Destroy()
	b, err := os.ReadFile(d.Place.In(setupKey))
	if err != nil {
		return ErrNoSetupKey
	}
	key := seal.TakeSecret(b)
	defer key.Destroy()
	p, err := d.Place.dataPartition()
	if err != nil {
		return err
	}
	return d.keep(ctx, p, key, phrase)
}

func (d *Data) keep(ctx context.Context, p Partition, key, phrase seal.Secret) error {
	h, _, err := readHeader(ctx, d.Machine, p.Device)
	if err != nil {
		return err
	}
	slot, err := h.free()
	if err != nil {
		return err
	}
	_, err = d.Machine.Run(ctx, Command{
		Name:    "cryptsetup",
		Args:    append(append([]string{"luksAddKey", "--batch-mode", "--key-slot", strconv.Itoa(slot)}, quickly...), "--key-file", "{0}", p.Device, "{1}"),
		Secrets: []seal.Secret{key, phrase},
	})
	if err != nil {
		return fmt.Errorf("the disk does not take the recovery key: %w", err)
	}
	if err := addToken(ctx, d.Machine, p.Device, tokenRecovery, slot); err != nil {
		return err
	}
	return drop(ctx, d.Machine, p.Device, tokenRecovery, slot)
}

// Close takes the set-up key away: from the disk, and from memory.
func (d *Data) Close(ctx context.Context) error {
	p, err := d.Place.dataPartition()
	if err != nil {
		return err
	}
	h, _, err := readHeader(ctx, d.Machine, p.Device)
	if err != nil {
		return err
	}
	if !h.Recovery() {
		return errors.New("the disk has no recovery key yet")
	}
	if err := sweep(ctx, d.Machine, p.Device, h); err != nil {
		return err
	}
	if err := os.Remove(d.Place.In(wantsSetup)); err != nil && !os.IsNotExist(err) {
		return err
	}
	if err := os.Remove(d.Place.In(setupKey)); err != nil && !os.IsNotExist(err) {
		return err
	}
	return nil
}

// HasRecovery says whether a recovery key opens the disk.
func (d *Data) HasRecovery(ctx context.Context) (bool, error) {
	p, err := d.Place.dataPartition()
	if err != nil {
		return false, err
	}
	h, _, err := readHeader(ctx, d.Machine, p.Device)
	return h.Recovery(), err
}

// Recover opens the data partition with the recovery key and gives it to this machine's TPM: after another mainboard, a TPM that
// was cleared, or other Secure Boot keys. It mounts nothing: OpenData does, where everybody sees it. The error wraps
// seal.ErrRecoveryKey for a text that is none, and ErrLocked for the key of another disk.
func (d *Data) Recover(ctx context.Context, recovery seal.Secret) error {
	phrase, err := recoveryPhrase(recovery)
	if err != nil {
		return err
	}
	defer phrase.Destroy()
	public, err := d.publicKey()
	if err != nil {
		return err
	}
	p, err := d.Place.dataPartition()
	if err != nil {
		return err
	}
	if err := d.openWith(ctx, p, phrase); err != nil {
		return err
	}
	return d.bindTPM(ctx, p, public, phrase)
}

// Erase makes the partition unreadable for good: every key slot goes, whatever is still mounted works until the next start, which
// makes the partition anew. It may be repeated.
func (d *Data) Erase(ctx context.Context) error {
	p, err := d.Place.dataPartition()
	if err != nil {
		return err
	}
	if _, luks, err := readHeader(ctx, d.Machine, p.Device); err != nil {
		return err
	} else if luks {
		if err := run(ctx, d.Machine, "cryptsetup", "erase", "--batch-mode", p.Device); err != nil {
			return fmt.Errorf("the disk's keys are not erased: %w", err)
		}
	}
	if err := os.Remove(d.Place.In(setupKey)); err != nil && !os.IsNotExist(err) {
		return err
	}
	return run(ctx, d.Machine, "sync")
}
