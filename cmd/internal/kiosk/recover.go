package kiosk

import (
	"errors"
	"fmt"

	"tenin/storage"
	"tenin/storage/seal"
)

// Recover opens the vault of home with the recovery key, whatever guarded it, and puts it under the seal to: the machine
// has another TPM, the TPM was cleared, or the PIN or the key file is lost. The number that counted the vault was in
// the old TPM; where it is gone, u.AcceptOlder takes the vault as it is, as for a backup that was restored. pin gives the new
// PIN or passphrase where the new seal has one. Errors wrap seal.ErrRecoveryKey, storage.ErrNoRecovery or those of Reseal.
func Recover(home string, u Unlock, key seal.RecoveryKey, to seal.Kind, pin PIN) (err error) {
	if k := u.Seal.Kind; k != "" && k != "auto" && k != string(to) {
		return fmt.Errorf("%w: seal.kind is %q; set it to \"auto\" or %q first, or the vault would not open afterwards", ErrSettings, k, to)
	}
	if !HasVault(home) {
		return fmt.Errorf("vault: there is none in %s", home)
	}
	u.PIN = pin
	next, counter, err := u.sealer(home, to)
	if err != nil {
		return err
	}
	vault, err := storage.Open(home, next, storage.Options{Counter: counter, AcceptOlder: u.AcceptOlder, Recovery: &key})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, vault.Close()) }()
	if to == seal.KindKeyFile {
		// One that is left from before may be in a backup, or be damaged: it is not used again.
		if err := KeyFile(home).Destroy(); err != nil {
			return err
		}
	}
	if err := vault.Reseal(next, counter); err != nil {
		return err
	}
	if to != seal.KindKeyFile {
		return KeyFile(home).Destroy()
	}
	return nil
}
