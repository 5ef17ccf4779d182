package redact

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// MaxID is the most bytes in a KnowledgeID.
const MaxID = 32

// KnowledgeID is the id of an entry, topic or product of the shop's knowledge.
// An IDSet alone makes one, from an id that the shop wrote, so a shopper's words
// cannot become one. The zero KnowledgeID is none. It is comparable.
type KnowledgeID struct {
	n     uint8
	chars [MaxID]byte
}

// String returns the id, "" for none.
func (k KnowledgeID) String() string { return string(k.chars[:k.n]) }

// IsZero reports whether k is no id.
func (k KnowledgeID) IsZero() bool { return k.n == 0 }

// IDSet is the ids of a knowledge base.
type IDSet struct {
	ids    map[string]KnowledgeID
	wire   map[KnowledgeID]bool
	anyone bool
}

// NewIDSet returns the set of ids, topics, entries and products alike. An id of
// 1 to MaxID characters A-Z a-z 0-9 - _ . goes upstream as it is; another one
// goes as "h." and the first 16 hexadecimal digits of its SHA-256, which whoever
// has the knowledge can look up.
func NewIDSet(ids []string) *IDSet {
	s := &IDSet{ids: make(map[string]KnowledgeID, len(ids)), wire: make(map[KnowledgeID]bool, len(ids))}
	for _, id := range ids {
		if id == "" {
			continue
		}
		k, ok := wellFormed(id)
		if !ok {
			sum := sha256.Sum256([]byte(id))
			k, _ = wellFormed("h." + hex.EncodeToString(sum[:8]))
		}
		s.ids[id] = k
		s.wire[k] = true
	}
	return s
}

// AnyID returns a set that holds every well-formed id. It is for a receiver that
// does not have the shop's knowledge and trusts the sender to have checked; where
// the knowledge is at hand, use NewIDSet.
func AnyID() *IDSet { return &IDSet{anyone: true} }

// ID returns the KnowledgeID of an id of the set. The error wraps ErrSummary and
// does not repeat id, which may be anything.
func (s *IDSet) ID(id string) (KnowledgeID, error) {
	if s != nil && s.anyone {
		if k, ok := wellFormed(id); ok {
			return k, nil
		}
	} else if s != nil {
		if k, ok := s.ids[id]; ok {
			return k, nil
		}
	}
	return KnowledgeID{}, fmt.Errorf("%w: an id is not one of the shop's knowledge", ErrSummary)
}

// onWire returns the KnowledgeID whose wire form is id, if the set has it.
func (s *IDSet) onWire(id string) (KnowledgeID, bool) {
	k, ok := wellFormed(id)
	return k, ok && s != nil && (s.anyone || s.wire[k])
}

func wellFormed(id string) (k KnowledgeID, ok bool) {
	if len(id) == 0 || len(id) > MaxID {
		return k, false
	}
	for i := range len(id) {
		c := id[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_', c == '.':
		default:
			return KnowledgeID{}, false
		}
		k.chars[i] = c
	}
	k.n = uint8(len(id))
	return k, true
}
