package storage

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	bolt "go.etcd.io/bbolt"
)

// Access is one line of the log of who has opened shoppers' words.
type Access struct {
	At      time.Time `json:"at"`      // UTC
	Who     string    `json:"who"`     // the staff account; empty: the shop has none
	What    string    `json:"what"`    // what was done, in the program's words: "read", "sound 2", "unanswered"
	Session ID        `json:"session"` // of which session; zero: of several
	Reason  string    `json:"reason"`  // in the words of whoever did it
}

// The limits of a line of the log, in characters.
const (
	MaxAccessReason = 200
	maxAccessWhat   = 40
)

// accessHead says how many lines there are. It is sealed anew with each, and its tag lies in the state, so that a line
// taken away, or an older log, is found out.
type accessHead struct {
	Lines uint32 `json:"lines"`
}

var (
	bucketAccesses = []byte("A")
	keyAccesses    = []byte("accesses")
)

func (v *Vault) accessPlace(seq uint32) place {
	return place{class: classAccess, vault: v.ring.vault, seq: seq}
}

func (v *Vault) accessHeadPlace() place { return place{class: classAccessHead, vault: v.ring.vault} }

// LogAccess appends a line to the log of accesses. When it returns nil the line is stored; whoever opens a shopper's words
// calls it before. There is no way to change or remove a line. Errors wrap ErrNoSpace, ErrDamaged or ErrClosed where one
// fits.
func (v *Vault) LogAccess(a Access) error {
	at, err := storedTime(a.At)
	if err != nil {
		return fmt.Errorf("access: %w", err)
	}
	a.At = at
	switch {
	case a.What == "" || utf8.RuneCountInString(a.What) > maxAccessWhat || !utf8.ValidString(a.What):
		return fmt.Errorf("access: say what was done, in at most %d characters", maxAccessWhat)
	case utf8.RuneCountInString(a.Reason) > MaxAccessReason || !utf8.ValidString(a.Reason):
		return fmt.Errorf("access: a reason has at most %d characters", MaxAccessReason)
	case utf8.RuneCountInString(a.Who) > maxStaffName:
		return fmt.Errorf("access: a name has at most %d characters", maxStaffName)
	}
	payload, err := json.Marshal(a)
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
	aead, err := newAEAD(v.ring.state)
	if err != nil {
		return err
	}
	var h accessHead
	if err := v.view(func(tx *bolt.Tx) (err error) {
		h, err = v.readAccessHead(tx)
		return err
	}); err != nil {
		return explain(v.path(dbName), err)
	}
	if h.Lines >= MaxEntries {
		return fmt.Errorf("access log: %w: it has %d lines", ErrTooLarge, h.Lines)
	}
	line, err := sealRecord(aead, v.accessPlace(h.Lines), kindAccess, payload)
	if err != nil {
		return err
	}
	seq := h.Lines
	h.Lines++
	text, err := json.Marshal(h)
	if err != nil {
		return err
	}
	head, err := sealRecord(aead, v.accessHeadPlace(), kindAccessHead, text)
	if err != nil {
		return err
	}
	before := v.accessTag
	v.accessTag = tagOf(head)
	err = v.update(func(tx *bolt.Tx) error {
		b, err := tx.CreateBucketIfNotExists(bucketAccesses)
		if err != nil {
			return err
		}
		b.FillPercent = 0.9
		if err := b.Put(entryKey(seq), line); err != nil {
			return err
		}
		if err := tx.Bucket(bucketVault).Put(keyAccesses, head); err != nil {
			return err
		}
		return v.putState(tx)
	})
	if err != nil {
		v.accessTag = before
	}
	return err
}

// Accesses returns the last n lines of the log of accesses, the latest first; a negative n means all. That none is missing
// is checked. Errors wrap ErrDamaged.
func (v *Vault) Accesses(n int) (list []Access, err error) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	err = v.view(func(tx *bolt.Tx) error {
		list, err = v.readAccesses(tx, n)
		return err
	})
	return list, explain(v.path(dbName), err)
}

func (v *Vault) readAccessHead(tx *bolt.Tx) (h accessHead, err error) {
	stored := tx.Bucket(bucketVault).Get(keyAccesses)
	if v.accessTag == (pin{}) && stored == nil {
		return h, nil
	}
	if len(stored) < len(pin{}) || v.accessTag != tagOf(stored) {
		return h, damaged("the log of accesses is not the one that was written last; restore the home from a backup")
	}
	aead, err := newAEAD(v.ring.state)
	if err != nil {
		return h, err
	}
	payload, err := openRecord(aead, v.accessHeadPlace(), kindAccessHead, stored)
	if err == nil {
		err = decode(payload, &h, v.newer())
	}
	if err != nil {
		return h, fmt.Errorf("log of accesses: %w", err)
	}
	return h, nil
}

func (v *Vault) readAccesses(tx *bolt.Tx, n int) (list []Access, err error) {
	h, err := v.readAccessHead(tx)
	if err != nil {
		return nil, err
	}
	b := tx.Bucket(bucketAccesses)
	if b == nil {
		if h.Lines > 0 {
			return nil, damaged("the log of accesses is missing")
		}
		return nil, nil
	}
	aead, err := newAEAD(v.ring.state)
	if err != nil {
		return nil, err
	}
	if last, _ := b.Cursor().Last(); len(last) != 4 || binary.BigEndian.Uint32(last)+1 != h.Lines {
		return nil, damaged("the log of accesses has not the lines that were written")
	}
	for seq := h.Lines; seq > 0 && n != len(list); seq-- {
		payload, err := openRecord(aead, v.accessPlace(seq-1), kindAccess, b.Get(entryKey(seq-1)))
		var a Access
		if err == nil {
			err = decode(payload, &a, v.newer())
		}
		clear(payload)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("log of accesses, line %d", seq), err)
		}
		list = append(list, a)
	}
	return list, nil
}
