package storage

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
)

// ID names a session: 16 random bytes that say nothing about it.
type ID [16]byte

func newID() (id ID) {
	_, _ = rand.Read(id[:])
	return id
}

// String returns 32 lower-case hexadecimal digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// MarshalText returns String's digits.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText accepts what MarshalText writes.
func (id *ID) UnmarshalText(b []byte) (err error) {
	*id, err = ParseID(string(b))
	return err
}

// ParseID returns the ID that s, 32 hexadecimal digits, stands for.
func ParseID(s string) (ID, error) {
	var id ID
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(id) {
		return id, fmt.Errorf("%w: an id has 32 digits 0-9a-f: see `tenin sessions list`", ErrNotFound)
	}
	return ID(b), nil
}
