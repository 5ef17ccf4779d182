package storage

import (
	"fmt"

	bolt "go.etcd.io/bbolt"
)

// Erase destroys a session: first its key, by a keyring under a new root key,
// and then its records. Once the key is gone the session cannot be read again,
// even if an error says that the records could not be removed yet; they go at
// the next change or start. A session that is being written ends. The error
// wraps ErrNotFound if there is no such session.
func (v *Vault) Erase(id ID) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := v.usable(); err != nil {
		return err
	}
	if err := v.settle(); err != nil {
		return err
	}
	entry, ok := v.ring.sessions[id]
	if !ok {
		return fmt.Errorf("session %s: %w; it may have been erased", id, ErrNotFound)
	}
	idle, err := v.outboxEmpty()
	if err != nil {
		return err
	}
	next := v.ring.next()
	delete(next.sessions, id)
	old := v.ring.outbox
	if idle {
		// Summaries that were sent are forgotten at the same time: what is left of
		// them in free pages has no key either.
		next.outbox = newOutboxKey()
	}
	if err := v.writeRing(next, true); err != nil {
		return fmt.Errorf("session %s: not erased: %w", id, err)
	}
	entry.key.Destroy()
	if idle {
		old.Destroy()
	}
	if s := v.live[id]; s != nil {
		s.done = fmt.Errorf("session %s: %w: it was erased", id, ErrNotFound)
		if s.clip != nil {
			s.clip.end(s.done)
		}
		delete(v.live, id)
	}
	err = v.update(func(tx *bolt.Tx) error {
		b := tx.Bucket(bucketSessions)
		if b.Bucket(id[:]) == nil {
			return nil
		}
		return b.DeleteBucket(id[:])
	})
	if err != nil {
		return fmt.Errorf("session %s: its key is destroyed; its records will be removed later: %w", id, err)
	}
	if v.behind != nil {
		return fmt.Errorf("session %s: erased, but the counter did not move, so an earlier copy of the whole vault would still be taken: %w", id, v.behind)
	}
	return nil
}
