package storage

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	bolt "go.etcd.io/bbolt"
)

// What the kiosk itself has to remember lies in notes: small JSON values that hold no word of a shopper, each under a name
// of the program's own. Their keys in the database are the names' hashes under a key of the vault, so that nobody without
// it sees which there are.

var bucketNotes = []byte("N")

// maxNoteName bounds a note's name, in bytes.
const maxNoteName = 64

// PutNote keeps value, as JSON, under name. A note that was there is replaced. Errors wrap ErrTooLarge, ErrNoSpace or
// ErrClosed where one fits.
func (v *Vault) PutNote(name string, value any) error {
	payload, err := json.Marshal(value)
	if err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := v.room(); err != nil {
		return err
	}
	if err := v.settle(); err != nil {
		return err
	}
	key, err := v.noteKey(name)
	if err != nil {
		return err
	}
	aead, err := newAEAD(v.ring.state)
	if err != nil {
		return err
	}
	stored, err := sealRecord(aead, v.notePlace(key), kindNote, payload)
	if err != nil {
		return fmt.Errorf("note %s: %w", name, err)
	}
	return v.update(func(tx *bolt.Tx) error {
		b, err := tx.CreateBucketIfNotExists(bucketNotes)
		if err != nil {
			return err
		}
		return b.Put(key[:], stored)
	})
}

// Note reads the note of that name into value; false when there is none. Errors wrap ErrDamaged.
func (v *Vault) Note(name string, value any) (found bool, err error) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	key, err := v.noteKey(name)
	if err != nil {
		return false, err
	}
	err = v.view(func(tx *bolt.Tx) error {
		b := tx.Bucket(bucketNotes)
		if b == nil {
			return nil
		}
		stored := b.Get(key[:])
		if stored == nil {
			return nil
		}
		aead, err := newAEAD(v.ring.state)
		if err != nil {
			return err
		}
		payload, err := openRecord(aead, v.notePlace(key), kindNote, stored)
		if err != nil {
			return err
		}
		defer clear(payload)
		found = true
		return decode(payload, value, v.newer())
	})
	if err != nil {
		return false, explain(v.path(dbName), fmt.Errorf("note %s: %w", name, err))
	}
	return found, nil
}

// DropNote removes the note of that name; that there is none is no error.
func (v *Vault) DropNote(name string) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := v.usable(); err != nil {
		return err
	}
	if err := v.settle(); err != nil {
		return err
	}
	key, err := v.noteKey(name)
	if err != nil {
		return err
	}
	return v.update(func(tx *bolt.Tx) error {
		b := tx.Bucket(bucketNotes)
		if b == nil {
			return nil
		}
		return b.Delete(key[:])
	})
}

// noteKey is the place of a note in the database: it tells nothing to who has not the vault's key.
func (v *Vault) noteKey(name string) (key ID, err error) {
	if name == "" || len(name) > maxNoteName || strings.ContainsRune(name, 0) {
		return key, fmt.Errorf("a note's name has 1 to %d bytes", maxNoteName)
	}
	if v.closed {
		return key, ErrClosed
	}
	own := hmac.New(sha256.New, v.ring.state.Bytes())
	own.Write([]byte("tenin vault note names"))
	named := hmac.New(sha256.New, own.Sum(nil))
	named.Write([]byte(name))
	return ID(named.Sum(nil)[:len(key)]), nil
}

func (v *Vault) notePlace(key ID) place {
	return place{class: classNote, vault: v.ring.vault, owner: key}
}

// checkNotes opens every note; v.mu is held.
func (v *Vault) checkNotes(tx *bolt.Tx) error {
	b := tx.Bucket(bucketNotes)
	if b == nil {
		return nil
	}
	aead, err := newAEAD(v.ring.state)
	if err != nil {
		return err
	}
	return b.ForEach(func(k, stored []byte) error {
		if len(k) != len(ID{}) || stored == nil {
			return damaged("there is something among the notes that is none")
		}
		payload, err := openRecord(aead, v.notePlace(ID(k)), kindNote, stored)
		clear(payload)
		if err != nil {
			return errors.Join(errors.New("a note"), err)
		}
		return nil
	})
}
