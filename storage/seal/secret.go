package seal

import (
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// hidden is all that a Secret ever shows of itself.
const hidden = "[secret]"

// Secret is bytes that do not print. Every way that the standard library has of
// turning a value into text or bytes gives "[secret]" or an error, also when
// the Secret is an unexported field deep inside a value that is printed, where
// fmt cannot call its methods.
//
// Copies of a Secret share one buffer, so Destroy wipes them all. The zero
// Secret is empty.
type Secret struct {
	// Two pointers deep: given a verb that does not fit, fmt follows one pointer
	// of an unexported field, and would print the bytes.
	b **buffer
}

type buffer struct {
	bytes []byte
}

// NewSecret returns a Secret with a copy of b. Wiping b is the caller's matter.
func NewSecret(b []byte) Secret {
	return TakeSecret(append([]byte(nil), b...))
}

// TakeSecret returns a Secret that owns b: Destroy wipes b itself.
func TakeSecret(b []byte) Secret {
	inner := &buffer{b}
	return Secret{&inner}
}

// Random returns a Secret of n bytes from the system's random source.
func Random(n int) Secret {
	b := make([]byte, n)
	// crypto/rand.Read is documented never to fail: it ends the program instead.
	_, _ = rand.Read(b)
	return TakeSecret(b)
}

// Bytes returns the secret itself, not a copy, for as short a use as can be. It
// is nil when the secret is empty or destroyed.
func (s Secret) Bytes() []byte {
	if s.b == nil {
		return nil
	}
	return (*s.b).bytes
}

// Len returns the number of bytes, 0 after Destroy.
func (s Secret) Len() int { return len(s.Bytes()) }

// Equal reports in a time that depends only on the lengths whether s and t hold
// the same bytes.
func (s Secret) Equal(t Secret) bool {
	return subtle.ConstantTimeCompare(s.Bytes(), t.Bytes()) == 1
}

// Destroy overwrites the bytes with zeros and empties s and all its copies. It
// may be called more than once.
func (s Secret) Destroy() {
	if s.b == nil {
		return
	}
	clear((*s.b).bytes)
	(*s.b).bytes = nil
}

// String returns "[secret]".
func (s Secret) String() string { return hidden }

// GoString returns "[secret]".
func (s Secret) GoString() string { return hidden }

// Format writes "[secret]" whatever the verb and flags.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden) }

// LogValue gives slog the text "[secret]".
func (s Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText returns "[secret]".
func (s Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// MarshalJSON returns the JSON string "[secret]".
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + hidden + `"`), nil }

var errSecretOut = errors.New("a secret is not encoded: seal it")

// MarshalBinary always fails: binary encodings are for secrets that are sealed.
func (s Secret) MarshalBinary() ([]byte, error) { return nil, errSecretOut }

// GobEncode always fails, as MarshalBinary does.
func (s Secret) GobEncode() ([]byte, error) { return nil, errSecretOut }

// UnmarshalText always fails: a secret does not come out of a text file.
func (s *Secret) UnmarshalText([]byte) error { return errSecretOut }

// UnmarshalJSON always fails, as UnmarshalText does.
func (s *Secret) UnmarshalJSON([]byte) error { return errSecretOut }
