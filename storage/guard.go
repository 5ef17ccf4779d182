package storage

import (
	"errors"
	"runtime/debug"

	bolt "go.etcd.io/bbolt"
)

// guard runs fn and turns a panic of bbolt, or a fault in its memory map, into
// ErrDamaged. What the panic said is dropped: it may quote stored bytes.
func guard(fn func() error) (err error) {
	old := debug.SetPanicOnFault(true)
	defer debug.SetPanicOnFault(old)
	defer func() {
		if recover() != nil {
			err = damaged("the database cannot be read; restore it from a backup")
		}
	}()
	return fn()
}

// view runs fn in a reading transaction.
func (v *Vault) view(fn func(*bolt.Tx) error) error {
	if v.closed {
		return ErrClosed
	}
	return guard(func() error { return v.db.View(fn) })
}

// update runs fn in a writing transaction that also brings the database's
// generation up to the keyring's. After a failure other than a full disk it is
// not known what is stored, so the vault takes no more until it is opened again.
func (v *Vault) update(fn func(*bolt.Tx) error) error {
	if err := v.usable(); err != nil {
		return err
	}
	var inner error
	err := guard(func() error {
		return v.disk.Update(v.db, func(tx *bolt.Tx) error {
			if inner = fn(tx); inner == nil && v.stored != v.ring.generation {
				inner = v.putState(tx)
			}
			return inner
		})
	})
	if err == nil {
		v.stored = v.ring.generation
		return nil
	}
	err = explain(v.path(dbName), err)
	if inner == nil && !errors.Is(err, ErrNoSpace) {
		v.broken = err
	}
	return err
}
