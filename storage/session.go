package storage

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	bolt "go.etcd.io/bbolt"

	"tenin/storage/seal"
)

// MaxEntries is the most records that one session takes; at a second of sound
// each, 12 days. It keeps the count of nonces under one key far below the 2^32
// that NIST SP 800-38D allows for random ones.
const MaxEntries = 1 << 20

// SessionMeta is what a session begins with.
type SessionMeta struct {
	Started  time.Time
	Source   Source
	Language string // as BCP 47, at most 35 bytes; may be empty
}

// Turn is a question and its answer. Text that is not UTF-8 is kept with U+FFFD
// in the place of what was not.
type Turn struct {
	At         time.Time `json:"at"`
	Transcript string    `json:"transcript"`
	Language   string    `json:"language,omitempty"`
	Answer     string    `json:"answer"`
	Detail     string    `json:"detail,omitempty"`
	Kind       string    `json:"kind"`              // as in `tenin ask --json`
	Sources    []string  `json:"sources,omitempty"` // knowledge ids
	Score      float64   `json:"score"`             // in [0, 1]
	Clip       int       `json:"clip,omitempty"`    // the shopper's voice: a Clip's Number, 0 for none
	Helped     string    `json:"helped,omitempty"`  // "yes" or "no" where the shopper said so: see [Vault.Rate]
	Timings    Timings   `json:"timings"`
}

// Timings is how long the parts of a turn took.
type Timings struct {
	VAD        time.Duration `json:"vad,omitempty"`
	ASR        time.Duration `json:"asr,omitempty"`
	Retrieve   time.Duration `json:"retrieve,omitempty"`
	Generate   time.Duration `json:"generate,omitempty"`
	FirstAudio time.Duration `json:"first_audio,omitempty"`
	Total      time.Duration `json:"total,omitempty"`
}

// meta is a session's first entry.
type meta struct {
	Started  time.Time  `json:"started"`
	Source   SourceKind `json:"source"`
	Language string     `json:"language,omitempty"`
	Consent  *Grant     `json:"consent,omitempty"`
}

// head is what a listing shows, and how many entries must be there. It is
// written anew with every entry, in the same transaction.
type head struct {
	Started  time.Time  `json:"started"`
	Source   SourceKind `json:"source"`
	Language string     `json:"language,omitempty"`
	Entries  uint32     `json:"entries"`
	Turns    int        `json:"turns"`
	Clips    int        `json:"clips"`
	Samples  int64      `json:"samples"`
	// Receipt is the hash of the code that the shopper has; Helped what they said of turns, by number.
	Receipt []byte       `json:"receipt,omitempty"`
	Helped  map[int]bool `json:"helped,omitempty"`
}

var keyHead = []byte("head")

func entryKey(seq uint32) []byte { return binary.BigEndian.AppendUint32(nil, seq) }

func headPlace(vault, id ID) place { return place{class: classHead, vault: vault, owner: id} }

func entryPlace(vault, id ID, seq uint32) place {
	return place{class: classEntry, vault: vault, owner: id, seq: seq}
}

// Session is a session that is being written. Its methods may be called from
// several goroutines.
type Session struct {
	vault *Vault
	id    ID
	// What follows is guarded by the vault's mu.
	head head
	pin  pin
	clip *Clip
	done error // why it takes no more
}

// Begin starts a session. A microphone needs a consent that no session has used:
// without one the error wraps ErrNoConsent and nothing is written.
func (v *Vault) Begin(m SessionMeta) (_ *Session, err error) {
	started, err := storedTime(m.Started)
	if err != nil {
		return nil, fmt.Errorf("session: %w", err)
	}
	if len(m.Language) > 35 {
		return nil, fmt.Errorf("session: language tag has %d bytes, the most is 35", len(m.Language))
	}
	first := meta{Started: started, Source: m.Source.kind, Language: m.Language}
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := v.room(); err != nil {
		return nil, err
	}
	if err := v.settle(); err != nil {
		return nil, err
	}
	switch m.Source.kind {
	case File, Text:
	case Microphone:
		if first.Consent, err = m.Source.consent.take(); err != nil {
			return nil, err
		}
		defer func() {
			// The yes still stands if the disk did not take it.
			if err != nil {
				m.Source.consent.used.Store(false)
			}
		}()
	default:
		return nil, fmt.Errorf("session: %w: it has no source", ErrNoConsent)
	}

	s := &Session{vault: v, id: newID(), head: head{Started: started, Source: first.Source, Language: first.Language}}
	next := v.ring.next()
	next.sessions[s.id] = keyEntry{key: seal.Random(keySize)}
	if err := v.writeRing(next, false); err != nil {
		return nil, err
	}
	payload, err := json.Marshal(first)
	if err != nil {
		return nil, err
	}
	if err := s.put(kindMeta, payload, s.head, true); err != nil {
		return nil, err
	}
	v.live[s.id] = s
	return s, nil
}

// ID returns the session's name.
func (s *Session) ID() ID { return s.id }

// put writes one entry and the head after it, in one transaction.
func (s *Session) put(k kind, payload []byte, after head, create bool) error {
	v := s.vault
	if after.Entries >= MaxEntries {
		return fmt.Errorf("session %s: %w: it has %d entries; begin another", s.id, ErrTooLarge, after.Entries)
	}
	aead, err := newAEAD(v.ring.sessions[s.id].key)
	if err != nil {
		return err
	}
	seq := after.Entries
	after.Entries++
	entry, err := sealRecord(aead, entryPlace(v.ring.vault, s.id, seq), k, payload)
	if err != nil {
		return fmt.Errorf("session %s: %w", s.id, err)
	}
	text, err := json.Marshal(after)
	if err != nil {
		return err
	}
	sealedHead, err := sealRecord(aead, headPlace(v.ring.vault, s.id), kindHead, text)
	if err != nil {
		return err
	}
	err = v.update(func(tx *bolt.Tx) error {
		sessions := tx.Bucket(bucketSessions)
		b := sessions.Bucket(s.id[:])
		if create {
			var err error
			if b, err = sessions.CreateBucket(s.id[:]); err != nil {
				return err
			}
		}
		if b == nil {
			return damaged("session %s has no records", s.id)
		}
		// Records come in order, so pages may be filled to the brim.
		b.FillPercent = 0.9
		if err := b.Put(entryKey(seq), entry); err != nil {
			return err
		}
		return b.Put(keyHead, sealedHead)
	})
	if err != nil {
		return err
	}
	s.head, s.pin = after, tagOf(sealedHead)
	return nil
}

// tagOf returns the authentication tag of a stored record.
func tagOf(stored []byte) pin { return pin(stored[len(stored)-len(pin{}):]) }

func (s *Session) writable() error {
	if s.done != nil {
		return s.done
	}
	if err := s.vault.room(); err != nil {
		return err
	}
	return s.vault.settle()
}

// Append keeps a turn. When it returns nil the turn is stored. Errors wrap
// ErrNoSpace, ErrTooLarge, ErrClosed, ErrNotFound (the session was erased) or
// those of the file system; after one the session goes on without the turn.
func (s *Session) Append(t Turn) error {
	at, err := storedTime(t.At)
	if err != nil {
		return fmt.Errorf("turn: %w", err)
	}
	t.At, t.Helped = at, ""
	if math.IsNaN(t.Score) || t.Score < 0 || t.Score > 1 {
		return fmt.Errorf("turn: score is not in [0, 1]")
	}
	payload, err := json.Marshal(t)
	if err != nil {
		return fmt.Errorf("turn: %w", err)
	}
	defer clear(payload)
	s.vault.mu.Lock()
	defer s.vault.mu.Unlock()
	if err := s.writable(); err != nil {
		return err
	}
	clips := s.head.Clips
	if s.clip != nil {
		clips = s.clip.number
	}
	if t.Clip < 0 || t.Clip > clips {
		return fmt.Errorf("turn: there is no clip %d", t.Clip)
	}
	after := s.head
	after.Turns++
	return s.put(kindTurn, payload, after, false)
}

// Close ends the session, and its clip if one is open: from now on a change to
// what it holds, and an older copy in its place, are found out.
func (s *Session) Close() error {
	s.vault.mu.Lock()
	defer s.vault.mu.Unlock()
	if s.done != nil {
		return s.done
	}
	var err error
	if s.clip != nil {
		err = s.clip.close()
	}
	if cerr := s.vault.seal(map[ID]pin{s.id: s.pin}); err == nil {
		err = cerr
	}
	s.done = ErrClosed
	delete(s.vault.live, s.id)
	return err
}

// seal marks sessions as closed in the keyring.
func (v *Vault) seal(pins map[ID]pin) error {
	if err := v.usable(); err != nil {
		return err
	}
	if err := v.settle(); err != nil {
		return err
	}
	next := v.ring.next()
	for id, p := range pins {
		e, ok := next.sessions[id]
		if !ok {
			return ErrNotFound
		}
		e.closed, e.pin = true, p
		next.sessions[id] = e
	}
	if err := v.writeRing(next, false); err != nil {
		return err
	}
	return v.update(func(*bolt.Tx) error { return nil })
}

// closeInterrupted closes the sessions that a process left open when it ended.
// One that cannot be read stays as it is, for Sessions to show.
func (v *Vault) closeInterrupted() error {
	pins := map[ID]pin{}
	err := v.view(func(tx *bolt.Tx) error {
		for id, e := range v.ring.sessions {
			if e.closed {
				continue
			}
			if _, p, err := v.readHead(tx, id); err == nil {
				pins[id] = p
			}
		}
		return nil
	})
	if err != nil || len(pins) == 0 {
		return err
	}
	err = v.seal(pins)
	// A full disk must not keep anybody from reading and erasing.
	if errors.Is(err, ErrNoSpace) {
		return nil
	}
	return err
}

// decode reads the JSON of a record and takes nothing that was not written so. In the vault of a newer program fields that
// this one does not know are skipped.
func decode(payload []byte, into any, newer bool) error {
	d := json.NewDecoder(bytes.NewReader(payload))
	if !newer {
		d.DisallowUnknownFields()
	}
	if err := d.Decode(into); err != nil {
		// The decoder's own words may quote the record.
		return damaged("a record does not read")
	}
	if _, err := d.Token(); err != io.EOF {
		return damaged("a record has bytes after its end")
	}
	return nil
}
