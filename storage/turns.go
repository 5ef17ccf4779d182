package storage

import (
	"fmt"

	bolt "go.etcd.io/bbolt"
)

// soundRecordSize is the length of every record of sound as it is stored.
const soundRecordSize = recordHeader + gcmOverhead + (frameHeader+chunkSize+4095)&^4095

// Turns returns the turns of a session without opening its sound, which is most of it. Each turn is checked, and that
// none is missing by their count; [Vault.Load] checks everything, and says what shoppers thought of them. Errors wrap ErrNotFound or ErrDamaged.
func (v *Vault) Turns(id ID) (turns []Turn, err error) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	entry, ok := v.ring.sessions[id]
	if !ok {
		return nil, fmt.Errorf("session %s: %w; it may have been erased", id, ErrNotFound)
	}
	whole := false
	err = v.view(func(tx *bolt.Tx) error {
		if v.unborn(tx, id) {
			return fmt.Errorf("session %s: %w", id, ErrNotFound)
		}
		h, _, err := v.readHead(tx, id)
		if err != nil {
			return err
		}
		aead, err := newAEAD(entry.key)
		if err != nil {
			return err
		}
		b := tx.Bucket(bucketSessions).Bucket(id[:])
		skipped := false
		for seq := range h.Entries {
			stored := b.Get(entryKey(seq))
			if len(stored) == soundRecordSize {
				skipped = true
				continue
			}
			k, payload, err := openAny(aead, entryPlace(v.ring.vault, id, seq), stored)
			if err == nil && k == kindTurn {
				var t Turn
				if err = decode(payload, &t, v.newer()); err == nil {
					turns = append(turns, t)
				}
			}
			clear(payload)
			if err != nil {
				return fmt.Errorf("session %s: entry %d: %w", id, seq, err)
			}
		}
		if whole = len(turns) == h.Turns; !whole && !skipped {
			return damaged("session %s: its turns are not those that were counted", id)
		}
		return nil
	})
	if err != nil {
		return nil, explain(v.path(dbName), err)
	}
	if !whole {
		// One of them is as long as a second of sound.
		saved, _, err := v.read(id, 0)
		if err != nil {
			return nil, err
		}
		return saved.Turns, nil
	}
	return turns, nil
}

// Has returns nil when there is a session of that name; the error wraps ErrNotFound when there is none.
func (v *Vault) Has(id ID) error {
	v.mu.RLock()
	defer v.mu.RUnlock()
	if v.closed {
		return ErrClosed
	}
	if _, ok := v.ring.sessions[id]; !ok {
		return fmt.Errorf("session %s: %w; it may have been erased", id, ErrNotFound)
	}
	return nil
}
