package logging

import (
	"encoding/hex"
	"fmt"
	"log/slog"
)

// Safe is a value that no shopper's word can have reached, whatever its key. Only this package makes one.
type Safe struct{ text string }

// constant is a string that only a constant of the source converts to: outside this package nobody can name the type, so
// a call with a variable does not compile.
type constant string

// Word returns a constant of the source.
func Word(w constant) Safe { return Safe{string(w)} }

// Enum returns the one of the allowed constants that value is, or "other".
func Enum[T ~string](value T, allowed ...constant) Safe {
	for _, a := range allowed {
		if string(a) == string(value) {
			return Safe{string(a)}
		}
	}
	return Safe{"other"}
}

// ID returns the first eight bytes of a random identifier in hexadecimal: enough to find it, and no text.
func ID[T ~[16]byte](id T) Safe {
	raw := [16]byte(id)
	return Safe{hex.EncodeToString(raw[:8])}
}

// Type returns the name of a value's type.
func Type(v any) Safe { return Safe{fmt.Sprintf("%T", v)} }

// String returns the text as it is logged.
func (s Safe) String() string { return s.text }

// LogValue gives any other handler the same text.
func (s Safe) LogValue() slog.Value { return slog.StringValue(s.text) }
