package storage

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	bolt "go.etcd.io/bbolt"

	"tenin/storage/seal"
)

// KeyStatus is what an open vault knows about its keys.
type KeyStatus struct {
	// Generation counts the rewrites of the keyring.
	Generation uint64
	// RootMade is when the root key was made, UTC; zero if an older tenin made it.
	RootMade time.Time
	// Sessions is the number of session keys.
	Sessions int
	// Recovery says that there is a recovery key, and RecoveryMade when it was made, UTC.
	Recovery     bool
	RecoveryMade time.Time
	// Counted says that a counter outside the disk watches over the vault, and
	// Count what it stands at.
	Counted bool
	Count   uint64
}

// Keys tells about the vault's keys.
func (v *Vault) Keys() KeyStatus {
	v.mu.RLock()
	defer v.mu.RUnlock()
	k := v.ring
	s := KeyStatus{Generation: k.generation, Sessions: len(k.sessions), Counted: len(k.counter) > 0, Count: k.counted}
	if k.rootMade > 0 {
		s.RootMade = time.Unix(int64(k.rootMade), 0).UTC()
	}
	if len(k.recovery) > 0 {
		s.Recovery, s.RecoveryMade = true, time.Unix(int64(k.recoveryMade), 0).UTC()
	}
	return s
}

// SealedKey returns the root key of the vault in home as its sealer wrapped it, for
// seal.Inspect. It needs neither the key nor the lock. Errors wrap fs.ErrNotExist
// without a vault, ErrDamaged or ErrNewer.
func SealedKey(home string) ([]byte, error) {
	path := filepath.Join(home, keyringName)
	file, err := readSmall(path, keyringLimit)
	if err != nil {
		return nil, explain(path, err)
	}
	parts, err := parseKeyring(file)
	if err != nil {
		return nil, explain(path, err)
	}
	return bytes.Clone(parts.sealed), nil
}

// Rotate puts the vault under a new root key of the same sealer. What is left of
// older keyrings on the disk is not opened by it.
func (v *Vault) Rotate() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.reseal(v.sealer, v.options.Counter, nil)
}

// Reseal puts the vault under a new root key of another sealer, counted by counter
// (nil: by none). The new keyring is read back and opened with what to gives before
// it replaces the old one, so whatever fails, one of the two opens the vault. The
// old sealer's own key is the caller's to destroy, after this returned nil.
func (v *Vault) Reseal(to seal.Sealer, counter Counter) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.reseal(to, counter, nil)
}

// reseal is Reseal; change, if not nil, changes the new keyring before it is written.
func (v *Vault) reseal(to seal.Sealer, counter Counter, change func(*keyring)) error {
	if err := v.usable(); err != nil {
		return err
	}
	if err := v.settle(); err != nil {
		return err
	}
	next := v.ring.next()
	before, beforeCounter := v.ring, v.options.Counter
	drop, oldID := beforeCounter, v.ring.counter
	fresh := counter != nil && len(oldID) == 0
	if len(oldID) > 0 && counter != nil {
		switch _, err := counter.Read(oldID, v.ring.state); {
		case errors.Is(err, seal.ErrNoCounter): // another TPM's
			fresh = true
		case err != nil:
			return err
		default:
			drop = nil // it stays
		}
	}
	if counter == nil {
		next.counter, next.counted, next.countedAt = nil, 0, 0
	}
	if fresh {
		if err := v.takeUp(next, counter); err != nil {
			return err
		}
	}
	if change != nil {
		change(next)
	}
	if err := next.renew(to); err != nil {
		return err
	}
	check := func(file []byte) error {
		k, err := openKeyring(file, to)
		if err != nil {
			return fmt.Errorf("the new seal does not open what it sealed, nothing was changed: %w", err)
		}
		defer k.destroy()
		if !k.root.Equal(next.root) || k.vault != next.vault || k.generation != next.generation || len(k.sessions) != len(next.sessions) {
			return errors.New("the new keyring does not read as it was written, nothing was changed")
		}
		return nil
	}
	if fresh {
		// What is to be caught up with is the new number, which is where it should be.
		counted := *before
		counted.counter, counted.counted = next.counter, next.counted
		v.ring = &counted
	}
	v.options.Counter = counter
	if err := v.storeRing(next, true, check); err != nil {
		v.ring, v.options.Counter = before, beforeCounter
		return err
	}
	v.sealer = to
	if err := v.update(nothingMore); err != nil {
		return err
	}
	if drop != nil && len(oldID) > 0 {
		// One that is left behind takes a place in the TPM and does no harm.
		_ = drop.Delete(oldID)
	}
	return v.behind
}

func nothingMore(*bolt.Tx) error { return nil }
