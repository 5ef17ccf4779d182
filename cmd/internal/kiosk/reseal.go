package kiosk

import (
	"errors"
	"fmt"

	"tenin/storage"
	"tenin/storage/seal"
)

// ErrSettings means that the settings would not open the vault afterwards.
var ErrSettings = errors.New("settings name another seal")

// Reseal puts the vault of home under another seal. Until the new one has opened what it sealed, nothing is changed; after
// that the old key file, if there was one, is destroyed. It returns what guarded the vault before. pin gives the new PIN or
// passphrase where the new seal has one.
func Reseal(home string, u Unlock, to seal.Kind, pin PIN) (from seal.Kind, err error) {
	if k := u.Seal.Kind; k != "" && k != "auto" && k != string(to) {
		return "", fmt.Errorf("%w: seal.kind is %q; set it to \"auto\" or %q first, or the vault would not open afterwards", ErrSettings, k, to)
	}
	if !HasVault(home) {
		return "", fmt.Errorf("vault: there is none in %s yet; a new one is sealed as seal.kind says", home)
	}
	from = SealKind(home, u.Seal)
	if blob, err := storage.SealedKey(home); err == nil {
		if info, err := seal.Inspect(blob); err == nil {
			// Whatever the settings say: they are those of afterwards.
			from = info.Kind
		}
	}
	if from == seal.KindKeyFile && to == seal.KindKeyFile {
		return from, errors.New("vault: it is sealed with its key file already; `tenin keys rotate` makes a new root key")
	}
	old, oldCounter, err := u.sealer(home, from)
	if err != nil {
		return from, err
	}
	vault, err := storage.Open(home, old, storage.Options{Counter: oldCounter})
	if err != nil {
		return from, err
	}
	defer func() { err = errors.Join(err, vault.Close()) }()
	u.PIN = pin
	next, counter, err := u.sealer(home, to)
	if err != nil {
		return from, err
	}
	if to == seal.KindKeyFile {
		// One that is left from before may be in a backup: it is not used again.
		if err := KeyFile(home).Destroy(); err != nil {
			return from, err
		}
	}
	if err := vault.Reseal(next, counter); err != nil {
		return from, err
	}
	if from == seal.KindKeyFile {
		return from, KeyFile(home).Destroy()
	}
	return from, nil
}
