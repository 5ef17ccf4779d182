package storage

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"
	"time"

	"tenin/storage/seal"
)

// ErrNoRecovery means that the vault has no recovery key.
var ErrNoRecovery = errors.New("the vault has no recovery key")

// SetRecovery makes the key with this public half the vault's recovery key, in the place of one that there is, under a
// new root key: what an older recovery key opens is not this vault any more. The caller has made sure that somebody wrote
// the key down.
func (v *Vault) SetRecovery(public []byte, now time.Time) error {
	if len(public) != seal.RecoveryPublic {
		return fmt.Errorf("recovery key: a public half of %d bytes", len(public))
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.reseal(v.sealer, v.options.Counter, func(k *keyring) {
		k.recovery, k.recoveryMade = slices.Clone(public), uint64(max(now.Unix(), 0))
	})
}

// CheckRecovery returns nil when key is the vault's recovery key. Errors wrap ErrNoRecovery or seal.ErrRecoveryKey. It
// has 128 random bits, so tries are not counted.
func (v *Vault) CheckRecovery(key seal.RecoveryKey) error {
	public, err := key.Public()
	if err != nil {
		return err
	}
	v.mu.RLock()
	defer v.mu.RUnlock()
	switch {
	case v.closed:
		return ErrClosed
	case len(v.ring.recovery) == 0:
		return ErrNoRecovery
	case subtle.ConstantTimeCompare(v.ring.recovery, public) != 1:
		return fmt.Errorf("%w: it is another vault's, or an older one of this vault", seal.ErrRecoveryKey)
	}
	return nil
}

// recover is how the recovery key opens a keyring.
func (v *Vault) recover(parts keyringParts) (seal.Secret, error) {
	if len(parts.box) == 0 {
		return seal.Secret{}, ErrNoRecovery
	}
	return v.options.Recovery.Unwrap(parts.box)
}

// CounterID returns the id of the counter outside the disk, for whoever destroys the vault; empty where there is none.
func (v *Vault) CounterID() []byte {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return slices.Clone(v.ring.counter)
}

// ResetPIN gives an account a new PIN, for an owner who has lost the old one and has the recovery key. A disabled account
// works again. An account that does not exist is made, as a manager's, if none of a manager is left. Its lock after wrong
// PINs ends. Errors wrap ErrNoRecovery, seal.ErrRecoveryKey, ErrWeakPIN, ErrStaff or ErrWhichStaff, which means that
// there are several accounts and name is empty.
//
// Whoever gave the old PIN is somebody else from now on: StaffMember.Added changes, so sessions that were opened with it
// end.
func (v *Vault) ResetPIN(key seal.RecoveryKey, name string, pin seal.Secret, now time.Time) (StaffMember, error) {
	if err := v.CheckRecovery(key); err != nil {
		return StaffMember{}, err
	}
	if err := checkPIN(pin); err != nil {
		return StaffMember{}, err
	}
	now, err := storedTime(now)
	if err != nil {
		return StaffMember{}, fmt.Errorf("%w: %w", ErrStaff, err)
	}
	hash := v.hashPIN(pin)
	v.staffMu.Lock()
	defer v.staffMu.Unlock()
	accounts, err := v.accounts()
	if err != nil {
		return StaffMember{}, err
	}
	if name == "" {
		if name, err = onlyStaff(accounts); errors.Is(err, ErrWrongPIN) {
			return StaffMember{}, fmt.Errorf("%w: there is none yet; name the manager who shall be the first", ErrStaff)
		} else if err != nil {
			return StaffMember{}, err
		}
	}
	managed := slices.ContainsFunc(accounts, func(a account) bool { return a.Role == RoleManager && !a.Disabled })
	i := findStaff(accounts, name)
	switch {
	case i < 0 && managed:
		return StaffMember{}, fmt.Errorf("%w %s does not exist: `tenin staff list` shows them", ErrStaff, name)
	case i < 0:
		if err := checkStaffName(name); err != nil {
			return StaffMember{}, err
		}
		if len(accounts) >= maxStaff {
			return StaffMember{}, fmt.Errorf("%w: there are %d already: name one of them", ErrStaff, len(accounts))
		}
		accounts = append(accounts, account{StaffMember: StaffMember{Name: name, Role: RoleManager}})
		i = len(accounts) - 1
	case !managed:
		// Else nobody could look after the others.
		accounts[i].Role = RoleManager
	}
	if !now.After(accounts[i].Added) {
		// The clock was set back: the account is another one all the same.
		now = accounts[i].Added.Add(time.Second)
	}
	accounts[i] = account{StaffMember: StaffMember{Name: accounts[i].Name, Role: accounts[i].Role, Added: now}, PIN: hash}
	member := accounts[i].StaffMember
	return member, v.putStaff(accounts)
}
