package storage

import (
	"bytes"
	"crypto/cipher"
	"fmt"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"
)

// Listing is a session as a list shows it.
type Listing struct {
	ID       ID
	Started  time.Time // UTC
	Source   SourceKind
	Language string
	Turns    int
	Clips    int
	Sound    time.Duration // of all clips
	Open     bool          // it is being written by this process
	Err      error         // why it cannot be read; all but ID is then zero
}

// ClipInfo is a clip of a saved session.
type ClipInfo struct {
	Number   int // from 1, as in Turn.Clip
	Samples  int // at SampleRate
	Complete bool
}

// Duration returns how long the clip sounds.
func (c ClipInfo) Duration() time.Duration { return soundDuration(int64(c.Samples)) }

// Saved is a session as it was read back, without its sound: see Vault.Sound.
type Saved struct {
	ID       ID
	Started  time.Time // UTC
	Source   SourceKind
	Language string
	Consent  *Grant // nil but for a microphone
	Turns    []Turn
	Clips    []ClipInfo
	Open     bool // it is being written by this process
}

// Sessions lists all sessions by the time they began, those that cannot be read
// last. It reads one record of each.
func (v *Vault) Sessions() ([]Listing, error) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	var list []Listing
	err := v.view(func(tx *bolt.Tx) error {
		for id := range v.ring.sessions {
			if v.unborn(tx, id) {
				continue
			}
			l := Listing{ID: id}
			h, _, err := v.readHead(tx, id)
			if err != nil {
				l.Err = err
			} else {
				_, live := v.live[id]
				l = Listing{id, h.Started, h.Source, h.Language, h.Turns, h.Clips, soundDuration(h.Samples), live, nil}
			}
			list = append(list, l)
		}
		return nil
	})
	slices.SortFunc(list, func(a, b Listing) int {
		if (a.Err == nil) != (b.Err == nil) {
			if a.Err == nil {
				return -1
			}
			return 1
		}
		if c := a.Started.Compare(b.Started); c != 0 {
			return c
		}
		return bytes.Compare(a.ID[:], b.ID[:])
	})
	return list, explain(v.path(dbName), err)
}

// unborn reports whether the session is one whose Begin failed half-way.
func (v *Vault) unborn(tx *bolt.Tx, id ID) bool {
	return v.stored != v.ring.generation && tx.Bucket(bucketSessions).Bucket(id[:]) == nil
}

// readHead returns the session's head and its tag.
func (v *Vault) readHead(tx *bolt.Tx, id ID) (h head, p pin, err error) {
	entry := v.ring.sessions[id]
	b := tx.Bucket(bucketSessions).Bucket(id[:])
	if b == nil {
		return h, p, damaged("session %s: its records are missing", id)
	}
	stored := b.Get(keyHead)
	aead, err := newAEAD(entry.key)
	if err != nil {
		return h, p, err
	}
	payload, err := openRecord(aead, headPlace(v.ring.vault, id), kindHead, stored)
	if err != nil {
		return h, p, fmt.Errorf("session %s: %w", id, err)
	}
	if err := decode(payload, &h, v.newer()); err != nil {
		return h, p, fmt.Errorf("session %s: %w", id, err)
	}
	p = tagOf(stored)
	if entry.closed && p != entry.pin {
		return h, p, damaged("session %s: its records are from before it was closed", id)
	}
	return h, p, nil
}

// Load reads and checks every record of a session, its sound too. Errors wrap
// ErrNotFound or ErrDamaged; nothing is returned of a session that is damaged.
func (v *Vault) Load(id ID) (*Saved, error) {
	saved, _, err := v.read(id, 0)
	return saved, err
}

// Sound returns the samples of clip number n of a session, mono PCM16 at
// SampleRate, after checking every record of the session.
func (v *Vault) Sound(id ID, n int) ([]int16, error) {
	saved, samples, err := v.read(id, n)
	if err != nil {
		return nil, err
	}
	if n < 1 || n > len(saved.Clips) {
		return nil, fmt.Errorf("session %s: it has %d clips, not a clip %d", id, len(saved.Clips), n)
	}
	return samples, nil
}

// read returns the session and the samples of clip number want.
func (v *Vault) read(id ID, want int) (saved *Saved, samples []int16, err error) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	entry, ok := v.ring.sessions[id]
	if !ok {
		return nil, nil, fmt.Errorf("session %s: %w; it may have been erased", id, ErrNotFound)
	}
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
		r := &reader{aead: aead, vault: v.ring.vault, id: id, want: want, newer: v.newer()}
		if err := r.all(tx.Bucket(bucketSessions).Bucket(id[:]), h); err != nil {
			return fmt.Errorf("session %s: %w", id, err)
		}
		r.saved.rate(h.Helped)
		_, r.saved.Open = v.live[id]
		saved, samples = &r.saved, r.samples
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	return saved, samples, nil
}

// reader reads a session's entries in their order.
type reader struct {
	aead      cipher.AEAD
	vault, id ID
	want      int
	newer     bool // a newer program may have written kinds of entries that this one skips
	saved     Saved
	samples   []int16
	next      uint32 // index of the next chunk of the open clip
	total     int64
}

func (r *reader) all(b *bolt.Bucket, h head) error {
	r.saved.ID = r.id
	c := b.Cursor()
	k, stored := c.First()
	for seq := range h.Entries {
		if !bytes.Equal(k, entryKey(seq)) {
			return damaged("entry %d is missing", seq)
		}
		found, payload, err := openAny(r.aead, entryPlace(r.vault, r.id, seq), stored)
		if err == nil {
			err = r.entry(seq, found, payload)
		}
		clear(payload)
		if err != nil {
			return fmt.Errorf("entry %d: %w", seq, err)
		}
		k, stored = c.Next()
	}
	if !bytes.Equal(k, keyHead) {
		return damaged("it has more entries than were written")
	}
	if k, _ := c.Next(); k != nil {
		return damaged("it has more entries than were written")
	}
	s := r.saved
	if h.Entries == 0 || h.Turns != len(s.Turns) || h.Clips != len(s.Clips) || h.Samples != r.total ||
		!h.Started.Equal(s.Started) || h.Source != s.Source || h.Language != s.Language {
		return damaged("its entries are not those that were counted")
	}
	return nil
}

func (r *reader) entry(seq uint32, k kind, payload []byte) error {
	if (seq == 0) != (k == kindMeta) {
		return damaged("it is of a kind that does not belong there")
	}
	switch k {
	case kindMeta:
		var m meta
		if err := decode(payload, &m, r.newer); err != nil {
			return err
		}
		if (m.Source == Microphone) != (m.Consent != nil) {
			return damaged("it holds a consent that does not fit its source")
		}
		r.saved.Started, r.saved.Source, r.saved.Language, r.saved.Consent = m.Started, m.Source, m.Language, m.Consent
	case kindTurn:
		var t Turn
		if err := decode(payload, &t, r.newer); err != nil {
			return err
		}
		r.saved.Turns = append(r.saved.Turns, t)
	case kindSound:
		c, err := decodeChunk(payload)
		if err != nil {
			return err
		}
		return r.sound(c)
	default:
		if k > kindAccessHead && r.newer {
			return nil
		}
		return damaged("it is of a kind that does not belong there")
	}
	return nil
}

// sound adds a chunk to its clip. Clips begin at 1 and follow each other; one
// without a last chunk was cut off when the process ended.
func (r *reader) sound(c chunk) error {
	clips := r.saved.Clips
	if int(c.clip) == len(clips)+1 {
		clips = append(clips, ClipInfo{Number: int(c.clip)})
		r.next = 0
	}
	if int(c.clip) != len(clips) || c.index != r.next || clips[len(clips)-1].Complete {
		return damaged("its sound is out of order")
	}
	r.next++
	last := &clips[len(clips)-1]
	last.Samples += len(c.samples)
	last.Complete = c.last
	r.total += int64(len(c.samples))
	r.saved.Clips = clips
	if int(c.clip) == r.want {
		r.samples = append(r.samples, c.samples...)
	}
	clear(c.samples)
	return nil
}

// Verify reads and checks everything in the vault and returns the first damage
// that it finds, or nil.
func (v *Vault) Verify() error {
	list, err := v.Sessions()
	if err != nil {
		return err
	}
	known := map[ID]bool{}
	for _, l := range list {
		known[l.ID] = true
		if _, err := v.Load(l.ID); err != nil {
			return err
		}
	}
	if _, err := v.Outbox().Pending(-1); err != nil {
		return err
	}
	if _, err := v.Staff(); err != nil {
		return err
	}
	if _, err := v.Accesses(-1); err != nil {
		return err
	}
	v.mu.RLock()
	defer v.mu.RUnlock()
	return explain(v.path(dbName), v.view(func(tx *bolt.Tx) error {
		if err := v.checkNotes(tx); err != nil {
			return err
		}
		ids, err := bucketIDs(tx)
		for _, id := range ids {
			if _, ok := v.ring.sessions[id]; !ok {
				return damaged("there are records of a session %s that has no key", id)
			}
		}
		return err
	}))
}
