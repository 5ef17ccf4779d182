package storage

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	bolt "go.etcd.io/bbolt"
)

// A Receipt is the code that a shopper gets for a session, by which it can be
// erased later: 45 random bits. The vault keeps a hash of it beside the session
// and forgets it with the session.
//
// It is written in Crockford's base 32 (no I, L, O, U) with his check symbol, in
// groups: 7K4M-2QXD-93. Codes whose check symbol would be none of the 32 are not
// drawn, so that all ten characters can be read out and typed.
type Receipt uint64

const (
	receiptDigits = 9
	receiptBits   = 5 * receiptDigits
	crockford     = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	// checkModulus is Crockford's: the least prime above 32 finds every wrong
	// character and every two that were swapped.
	checkModulus = 37
)

// ErrNoReceipt means that a text is not a receipt's code: a character is wrong.
var ErrNoReceipt = errors.New("not a receipt's code")

func newReceipt() Receipt {
	for {
		var b [8]byte
		_, _ = rand.Read(b[:])
		if r := Receipt(binary.BigEndian.Uint64(b[:]) >> (64 - receiptBits)); r.check() < uint64(len(crockford)) {
			return r
		}
	}
}

func (r Receipt) check() uint64 { return uint64(r) % checkModulus }

// String is the code in groups of four. It is the shopper's: it belongs on their
// screen and nowhere else.
func (r Receipt) String() string {
	var b [receiptDigits + 1]byte
	v := uint64(r)
	for i := receiptDigits - 1; i >= 0; i-- {
		b[i] = crockford[v%32]
		v /= 32
	}
	b[receiptDigits] = '?'
	if c := r.check(); c < uint64(len(crockford)) {
		b[receiptDigits] = crockford[c]
	}
	return string(b[:4]) + "-" + string(b[4:8]) + "-" + string(b[8:])
}

// ParseReceipt reads a code as somebody types it: in any case, with or without
// the dashes, with O for 0 and I or L for 1. The error wraps [ErrNoReceipt] and
// does not repeat the code.
func ParseReceipt(code string) (Receipt, error) {
	var digits []uint64
	for _, c := range strings.ToUpper(code) {
		switch c {
		case '-', ' ', '　':
			continue
		case 'O':
			c = '0'
		case 'I', 'L':
			c = '1'
		}
		v := strings.IndexRune(crockford, c)
		if v < 0 || len(digits) > receiptDigits {
			return 0, fmt.Errorf("%w: it has ten letters and digits, as on the shopper's screen", ErrNoReceipt)
		}
		digits = append(digits, uint64(v))
	}
	if len(digits) != receiptDigits+1 {
		return 0, fmt.Errorf("%w: it has ten letters and digits, as on the shopper's screen", ErrNoReceipt)
	}
	r := Receipt(0)
	for _, d := range digits[:receiptDigits] {
		r = r<<5 | Receipt(d)
	}
	if r.check() != digits[receiptDigits] {
		return 0, fmt.Errorf("%w: a character is wrong: compare it with the shopper's", ErrNoReceipt)
	}
	return r, nil
}

// hash binds the code to its session. It is as good as the code to whoever reads
// it (2^45 can be tried), so it lies inside the session's sealed head.
func (r Receipt) hash(vault, session ID) []byte {
	b := append([]byte("tenin receipt"), vault[:]...)
	b = append(b, session[:]...)
	sum := sha256.Sum256(binary.BigEndian.AppendUint64(b, uint64(r)))
	return sum[:]
}

// Receipt gives a session that is being written a code by which it can be erased
// later. A session has one: a code that was given before is good no more. Errors
// wrap ErrNotFound when the session was closed or erased, or are those of Append.
func (v *Vault) Receipt(id ID) (Receipt, error) {
	r := newReceipt()
	return r, v.amend(id, func(h *head) error {
		h.Receipt = r.hash(v.ring.vault, id)
		return nil
	})
}

// Rate keeps whether the last turn of a session that is being written helped the
// shopper. A later answer replaces an earlier one. Errors are those of
// [Vault.Receipt].
func (v *Vault) Rate(id ID, helped bool) error {
	return v.amend(id, func(h *head) error {
		if h.Turns == 0 {
			return fmt.Errorf("session %s: it has no turn yet", id)
		}
		h.Helped = maps.Clone(h.Helped)
		if h.Helped == nil {
			h.Helped = map[int]bool{}
		}
		h.Helped[h.Turns] = helped
		return nil
	})
}

// FindReceipt returns the session of a receipt. The error wraps ErrNotFound when
// there is none: it was erased, or its days are over.
func (v *Vault) FindReceipt(r Receipt) (found ID, err error) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	none := fmt.Errorf("%w for this code: it was erased already, or its days are over", ErrNotFound)
	err = v.view(func(tx *bolt.Tx) error {
		for _, id := range slices.Collect(maps.Keys(v.ring.sessions)) {
			h, _, err := v.readHead(tx, id)
			// One session that cannot be read does not hide the others.
			if err == nil && len(h.Receipt) > 0 && subtle.ConstantTimeCompare(h.Receipt, r.hash(v.ring.vault, id)) == 1 {
				found, none = id, nil
			}
		}
		return none
	})
	return found, err
}

// amend rewrites the head of a session that is being written.
func (v *Vault) amend(id ID, change func(*head) error) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	s := v.live[id]
	if s == nil {
		return fmt.Errorf("session %s: %w that is being written", id, ErrNotFound)
	}
	if err := s.writable(); err != nil {
		return err
	}
	after := s.head
	if err := change(&after); err != nil {
		return err
	}
	aead, err := newAEAD(v.ring.sessions[id].key)
	if err != nil {
		return err
	}
	text, err := json.Marshal(after)
	if err != nil {
		return err
	}
	sealed, err := sealRecord(aead, headPlace(v.ring.vault, id), kindHead, text)
	if err != nil {
		return err
	}
	err = v.update(func(tx *bolt.Tx) error {
		b := tx.Bucket(bucketSessions).Bucket(id[:])
		if b == nil {
			return damaged("session %s has no records", id)
		}
		return b.Put(keyHead, sealed)
	})
	if err != nil {
		return err
	}
	s.head, s.pin = after, tagOf(sealed)
	return nil
}

// rate puts what shoppers said of answers beside them.
func (s *Saved) rate(helped map[int]bool) {
	for n, yes := range helped {
		if n < 1 || n > len(s.Turns) {
			continue
		}
		s.Turns[n-1].Helped = "no"
		if yes {
			s.Turns[n-1].Helped = "yes"
		}
	}
}
