package uplink

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"log/slog"
	"strings"
)

// A code is 35 symbols of five bits in Crockford's base32, seven groups of five:
// 17 of secret (85 bits), 16 of the fingerprint (80 bits), 2 that find mistakes in
// typing.
const (
	secretSymbols = 17
	pinSymbols    = 16
	checkSymbols  = 2
	codeSymbols   = secretSymbols + pinSymbols + checkSymbols
	groupSymbols  = 5
	alphabet      = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
)

// Fingerprint is SHA-256 over the DER form of an authority's public key
// (SubjectPublicKeyInfo, RFC 5280).
type Fingerprint [sha256.Size]byte

// Code is a one-time enrolment code. It lets one device join the hub whose
// authority it names, and tells the device which authority that is. It does not
// print, but for Text.
type Code struct {
	symbols [codeSymbols]byte // values 0 to 31
}

// NewCode returns a random code for the hub whose authority has this fingerprint.
func NewCode(hub Fingerprint) Code {
	var c Code
	_, _ = rand.Read(c.symbols[:secretSymbols])
	for i := range secretSymbols {
		c.symbols[i] &= 31
	}
	pin := pinOf(hub)
	copy(c.symbols[secretSymbols:], pin[:])
	check := checkOf(c.symbols[:secretSymbols+pinSymbols])
	copy(c.symbols[secretSymbols+pinSymbols:], check[:])
	return c
}

// ParseCode reads what Text wrote, in any case, with or without the dashes, and
// with the letters that are taken for digits (O, I, L). The error wraps ErrCode and
// repeats nothing of text.
func ParseCode(text string) (Code, error) {
	var c Code
	n := 0
	for _, r := range strings.ToUpper(text) {
		switch r {
		case '-', ' ', '\t', '\n', '\r':
			continue
		case 'O':
			r = '0'
		case 'I', 'L':
			r = '1'
		}
		v := strings.IndexRune(alphabet, r)
		if v < 0 {
			return Code{}, fmt.Errorf("%w: it has a character that no code has", ErrCode)
		}
		if n == codeSymbols {
			return Code{}, fmt.Errorf("%w: it is longer than %d characters", ErrCode, codeSymbols)
		}
		c.symbols[n] = byte(v)
		n++
	}
	if n < codeSymbols {
		return Code{}, fmt.Errorf("%w: it has %d characters, a code has %d", ErrCode, n, codeSymbols)
	}
	check := checkOf(c.symbols[:secretSymbols+pinSymbols])
	if [checkSymbols]byte(c.symbols[secretSymbols+pinSymbols:]) != check {
		return Code{}, fmt.Errorf("%w: a character is mistyped or two are swapped", ErrCode)
	}
	return c, nil
}

// Text returns the code as a person reads it: XXXXX-XXXXX-…
func (c Code) Text() string {
	var b strings.Builder
	for i, v := range c.symbols {
		if i > 0 && i%groupSymbols == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(alphabet[v&31])
	}
	return b.String()
}

// Secret returns the part that only the hub and the device know, as it is sent.
func (c Code) Secret() string {
	var b strings.Builder
	for _, v := range c.symbols[:secretSymbols] {
		b.WriteByte(alphabet[v&31])
	}
	return b.String()
}

// Names reports whether the code is for the hub whose authority has this
// fingerprint.
func (c Code) Names(hub Fingerprint) bool {
	pin := pinOf(hub)
	return subtle.ConstantTimeCompare(pin[:], c.symbols[secretSymbols:secretSymbols+pinSymbols]) == 1
}

// HashSecret is the form in which a hub keeps a code's secret. The secret is 85
// random bits, so a fast hash is as good as a slow one.
func HashSecret(secret string) [sha256.Size]byte {
	return sha256.Sum256([]byte("tenin enrolment secret 1\x00" + secret))
}

// String returns "[code]".
func (Code) String() string { return "[code]" }

// GoString returns "[code]".
func (Code) GoString() string { return "[code]" }

// LogValue gives slog the text "[code]".
func (Code) LogValue() slog.Value { return slog.StringValue("[code]") }

// Format writes "[code]" whatever the verb.
func (Code) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[code]")) }

func pinOf(hub Fingerprint) (pin [pinSymbols]byte) {
	symbols(pin[:], hub[:])
	return pin
}

func checkOf(rest []byte) (check [checkSymbols]byte) {
	sum := sha256.Sum256(append([]byte("tenin enrolment code 1\x00"), rest...))
	symbols(check[:], sum[:])
	return check
}

// symbols cuts the first bits of b into fives.
func symbols(to, b []byte) {
	var bits, have uint
	next := 0
	for i := range to {
		if have < 5 {
			bits, have = bits<<8|uint(b[next]), have+8
			next++
		}
		to[i] = byte(bits >> (have - 5) & 31)
		have -= 5
	}
}
