package storage

import (
	"errors"
	"fmt"

	"tenin/storage/seal"
)

// Counter is numbers outside the disk that only grow, each opened by a secret.
// seal.Counter keeps them in a TPM.
type Counter interface {
	// Create makes a number and returns its id, at most 64 bytes, and its value, at
	// least 1. Called again with a secret it returns the number made before.
	Create(secret seal.Secret) (id []byte, value uint64, err error)
	// Read returns the number. The error wraps seal.ErrNoCounter if it is not there.
	Read(id []byte, secret seal.Secret) (uint64, error)
	// Increment adds one and returns the new number.
	Increment(id []byte, secret seal.Secret) (uint64, error)
	// Delete removes the number; that it is not there is no error.
	Delete(id []byte) error
}

// checkCounter compares the keyring with its counter, before anything is written.
//
// The keyring is stored first and the counter moves second. So a keyring one ahead
// of it was cut off in between, and the counter is moved now; a keyring behind it
// is an earlier one. What was put back in place of a keyring whose counter never
// moved is taken, and that keyring was never acknowledged.
func (v *Vault) checkCounter() error {
	k := v.ring
	if len(k.counter) == 0 {
		return nil
	}
	c := v.options.Counter
	if c == nil && v.options.Recovery != nil && v.options.AcceptOlder {
		// The TPM is gone with its number, and the vault moves to a place that has none.
		k.counter, k.counted, k.countedAt = nil, 0, 0
		return nil
	}
	if c == nil {
		return fmt.Errorf("%w: the vault is counted by a TPM, and none is named: set seal.kind to \"tpm\" or \"auto\"", seal.ErrNoCounter)
	}
	value, err := c.Read(k.counter, k.state)
	switch {
	case errors.Is(err, seal.ErrNoCounter) && v.options.AcceptOlder:
		k.counter, k.counted, k.countedAt = nil, 0, 0
		return nil
	case errors.Is(err, seal.ErrNoCounter):
		return fmt.Errorf("%w: without it nobody can tell whether this is the latest state; if it was deleted on purpose: `tenin keys recover --accept-older`", err)
	case err != nil:
		return err
	case k.counted == value:
		return nil
	case k.counted == value+1:
		return v.catchUp()
	case v.options.AcceptOlder:
		k.counted, k.countedAt = value, 0
		return nil
	case k.counted < value:
		return fmt.Errorf("%w: it was written at count %d and the counter stands at %d: an earlier copy of the vault was put back; bring back the latest one, or, if a backup was restored on purpose: `tenin keys recover --accept-older`",
			ErrRolledBack, k.counted, value)
	default:
		return damaged("its count %d is ahead of the counter's %d; restore the vault from a backup", k.counted, value)
	}
}

// catchUp moves the counter to what the stored keyring says, where it did not move.
func (v *Vault) catchUp() error {
	k := v.ring
	if k == nil || len(k.counter) == 0 {
		return nil
	}
	value, err := v.options.Counter.Read(k.counter, k.state)
	if err == nil && value+1 == k.counted {
		value, err = v.options.Counter.Increment(k.counter, k.state)
	}
	if err == nil && value != k.counted {
		err = fmt.Errorf("counter: it stands at %d and not at %d: another program moved it", value, k.counted)
	}
	v.behind = err
	return err
}

// advance moves the counter after a keyring was stored. The keyring is what counts,
// so that this fails undoes nothing: it is made up for before the next count, and
// at the latest at the next start.
func (v *Vault) advance() { _ = v.catchUp() }

// countChanges counts what changed in the keyring since it was counted last, or takes up a
// counter. Erasures, new root keys, ends and starts are counted, sessions are not: a
// TPM's memory wears out.
func (v *Vault) countChanges() error {
	if v.options.Counter == nil {
		return nil
	}
	if len(v.ring.counter) > 0 && v.ring.countedAt == v.ring.generation {
		return nil
	}
	err := func() error {
		if err := v.settle(); err != nil {
			return err
		}
		next := v.ring.next()
		if len(next.counter) == 0 {
			if err := v.takeUp(next, v.options.Counter); err != nil {
				return err
			}
			// There is nothing to catch up with in the keyring before.
			v.ring.counter, v.ring.counted = next.counter, next.counted
		}
		if err := v.storeRing(next, true, nil); err != nil {
			return err
		}
		if v.behind != nil {
			return v.behind
		}
		return v.update(nothingMore)
	}()
	// A full disk must not keep anybody from reading and erasing.
	if errors.Is(err, ErrNoSpace) {
		return nil
	}
	return err
}

// takeUp gives the keyring a number of the counter.
func (v *Vault) takeUp(k *keyring, c Counter) error {
	id, value, err := c.Create(k.state)
	if err != nil {
		return err
	}
	if len(id) == 0 || len(id) > counterIDLimit || value == 0 {
		return fmt.Errorf("counter: an id of %d bytes at %d", len(id), value)
	}
	k.counter, k.counted = id, value
	return nil
}
