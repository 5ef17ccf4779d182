package kiosk

import (
	"time"

	"tenin/storage"
	"tenin/storage/seal"
)

// ResetPIN gives an account of an open vault a new PIN, for an owner who has lost the old one and has the recovery key;
// the log of accesses tells of it before it is done. Sessions that were opened with the old PIN end. Errors are those of
// storage.Vault.ResetPIN.
func ResetPIN(vault *storage.Vault, key seal.RecoveryKey, name string, pin seal.Secret, now time.Time) (storage.StaffMember, error) {
	// What anybody may try is not written down: only who has the key leaves a line.
	if err := vault.CheckRecovery(key); err != nil {
		return storage.StaffMember{}, err
	}
	if err := vault.LogAccess(storage.Access{At: now, Who: name, What: "PIN reset by the recovery key"}); err != nil {
		return storage.StaffMember{}, err
	}
	return vault.ResetPIN(key, name, pin, now)
}
