package kiosk

import (
	"os"
	"path/filepath"

	"tenin/storage"
	"tenin/storage/seal"
)

// KeyFile returns the seal that guards the vault of home: a key file beside it, until a TPM does.
func KeyFile(home string) *seal.KeyFile { return seal.NewKeyFile(filepath.Join(home, "key")) }

// HasVault says whether home has a vault already.
func HasVault(home string) bool {
	_, err := os.Stat(filepath.Join(home, "vault.db"))
	return err == nil
}

// OpenVault opens the vault of home, and makes both when there is none.
func OpenVault(home string) (*storage.Vault, error) {
	if err := makeHome(home); err != nil {
		return nil, err
	}
	return storage.Open(home, KeyFile(home), storage.Options{})
}
