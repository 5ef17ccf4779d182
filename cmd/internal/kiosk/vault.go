package kiosk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"tenin/cmd/internal/config"
	"tenin/storage"
	"tenin/storage/seal"
)

// Where systemd-stub's files about PCR 11 are put (systemd-stub(7), systemd-tmpfiles).
const (
	imageSignature = "/run/systemd/tpm2-pcr-signature.json"
	imagePublicKey = "/run/systemd/tpm2-pcr-public-key.pem"
)

// KeyFile returns the key file of home, which guards its vault where no TPM or passphrase does.
func KeyFile(home string) *seal.KeyFile { return seal.NewKeyFile(filepath.Join(home, "key")) }

// HasVault says whether home has a vault already.
func HasVault(home string) bool {
	_, err := os.Stat(filepath.Join(home, "vault.db"))
	return err == nil
}

// ErrWiping means that a wipe of this home was begun and not ended.
var ErrWiping = errors.New("this home is being wiped")

// WipeMark returns the file that stands in a home from the beginning of its wipe to the end.
func WipeMark(home string) string { return filepath.Join(home, "wiping") }

// Unlock says how a vault is opened.
type Unlock struct {
	Seal config.Seal
	// PIN gives the PIN or the passphrase; nil means FindPIN("").
	PIN PIN
	// AcceptOlder opens a vault that was put back to an earlier moment: see storage.Options.
	AcceptOlder bool
}

// OpenVault opens the vault of home, and makes both when there is none. Without an Unlock the home's own settings say what
// guards it.
func OpenVault(home string, how ...Unlock) (*storage.Vault, error) {
	var u Unlock
	if len(how) > 0 {
		u = how[0]
	} else {
		settings, err := config.Load("", home)
		if err != nil {
			return nil, err
		}
		u.Seal = settings.Seal
	}
	if _, err := os.Lstat(WipeMark(home)); err == nil {
		return nil, fmt.Errorf("%w: `tenin wipe` ends what was begun", ErrWiping)
	}
	if err := makeHome(home); err != nil {
		return nil, err
	}
	sealer, counter, err := u.sealer(home, SealKind(home, u.Seal))
	if err != nil {
		return nil, err
	}
	return storage.Open(home, sealer, storage.Options{Counter: counter, AcceptOlder: u.AcceptOlder})
}

// SealKind returns what guards the vault of home, or will guard a new one. A new vault is given to a TPM by itself only
// where our signed image was started: elsewhere an update of the firmware would shut the vault for ever.
func SealKind(home string, s config.Seal) seal.Kind {
	if s.Kind != "auto" && s.Kind != "" {
		return seal.Kind(s.Kind)
	}
	blob, err := storage.SealedKey(home)
	switch {
	case err == nil:
		if info, err := seal.Inspect(blob); err == nil {
			return info.Kind
		}
	case errors.Is(err, fs.ErrNotExist) && !HasVault(home) && (imageFile(s.PCRPublicKey, imagePublicKey) != "" || OnDevice()):
		if _, err := seal.ReadTPM(s.Device); err == nil {
			return seal.KindTPM
		}
	}
	// What is damaged is said by whoever opens the vault.
	return seal.KindKeyFile
}

// sealer returns the sealer of a kind, and the counter that goes with it.
func (u Unlock) sealer(home string, kind seal.Kind) (seal.Sealer, storage.Counter, error) {
	pin := u.PIN
	if pin == nil {
		pin = FindPIN("")
	}
	switch kind {
	case seal.KindKeyFile:
		return KeyFile(home), nil, nil
	case seal.KindPassphrase:
		phrase, err := pin("Passphrase of the vault: ")
		if err != nil {
			return nil, nil, err
		}
		return seal.NewPassphrase(phrase), nil, nil
	case seal.KindTPM:
		o := seal.TPMOptions{
			Device: u.Seal.Device, RequirePIN: u.Seal.PIN,
			PublicKey: signer(u.Seal), Signature: u.Seal.PCRSignature,
			PIN: func() (seal.Secret, error) { return pin("PIN of the vault: ") },
		}
		if o.Signature == "" {
			o.Signature = imageSignature
		}
		return seal.NewTPM(o), seal.NewCounter(u.Seal.Device), nil
	}
	return nil, nil, fmt.Errorf("seal.kind is %q: use one of %v", kind, config.SealKinds)
}

// deviceData stands in memory when a device's data partition is open; see firmware/enrol.
const deviceData = "/run/tenin/data"

// OnDevice says whether this machine runs our image with its data partition open. What lies there opens only while an image
// of ours starts, by PCR 7 and signed PCR 11.
func OnDevice() bool {
	_, err := os.Stat(deviceData)
	return err == nil
}

// signer is the file with the key whose signature over PCR 11 a new blob is bound to; empty: none. On a device there is none
// but by the settings: only the phase in which the data partition opens is signed there, and it is over when a kiosk starts.
// The blob lies on that partition, so it takes the signature all the same, and PCR 7 once more by itself.
func signer(s config.Seal) string {
	if OnDevice() {
		return s.PCRPublicKey
	}
	return imageFile(s.PCRPublicKey, imagePublicKey)
}

// imageFile returns the path that the settings name, or the image's own if it is there.
func imageFile(named, own string) string {
	if named != "" {
		return named
	}
	if _, err := os.Stat(own); err == nil {
		return own
	}
	return ""
}

// DescribeSeal says what the seal of home's vault protects against and what not, without opening it.
func DescribeSeal(home string, s config.Seal) string {
	where := KeyFile(home).Path()
	kind := SealKind(home, s)
	if kind == seal.KindTPM {
		if where = s.Device; where == "" {
			where = seal.DefaultTPM
		}
	}
	info := seal.Info{Kind: kind, PIN: s.PIN}
	if signer(s) != "" {
		info.SignedPCRs = []int{11}
	}
	if blob, err := storage.SealedKey(home); err == nil {
		if of, err := seal.Inspect(blob); err == nil && of.Kind == kind {
			info = of
		}
	}
	if OnDevice() {
		// By the partition that the blob lies on.
		info.SignedPCRs = []int{11}
	}
	return info.Describe(where)
}
