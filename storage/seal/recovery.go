package seal

import (
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/hpke"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// The recovery key as a person has it: eight groups of four symbols of Crockford's base32, 160 bits. 128 of them are
// random, 32 are of SHA-256 over those and find a mistake in typing.
const (
	// RecoveryGroups is the number of groups, RecoveryGroup the symbols in each.
	RecoveryGroups = 8
	RecoveryGroup  = 4

	recoverySecret = 16
	recoveryCheck  = 4
)

// RecoveryPublic is the length in bytes of what RecoveryKey.Public returns: an X25519 key (RFC 7748).
const RecoveryPublic = 32

// ErrRecoveryKey means that a text is no recovery key, most likely mistyped, or that it is another vault's.
var ErrRecoveryKey = errors.New("not the recovery key")

var crockford = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// RecoveryKey opens a vault whose seal is lost: a TPM that was cleared or replaced, a forgotten PIN. The shop keeps it on
// paper; the machine keeps only its public half, with which each new root key is wrapped once more. So the machine can
// make root keys without the paper, and the paper opens the latest.
//
// A RecoveryKey does not print, but for Groups.
type RecoveryKey struct{ secret Secret }

// NewRecoveryKey returns a random key. The caller destroys it.
func NewRecoveryKey() RecoveryKey { return RecoveryKey{Random(recoverySecret)} }

// ParseRecoveryKey reads what Groups wrote, in any case, with or without spaces and dashes, and with the letters that are
// taken for digits (O, I, L). The error wraps ErrRecoveryKey and repeats nothing of text.
func ParseRecoveryKey(text string) (RecoveryKey, error) {
	b, err := crockford.DecodeString(plainSymbols(text))
	defer clear(b)
	if err != nil || len(b) != recoverySecret+recoveryCheck {
		return RecoveryKey{}, fmt.Errorf("%w: it has %d groups of %d letters and digits", ErrRecoveryKey, RecoveryGroups, RecoveryGroup)
	}
	sum := sha256.Sum256(b[:recoverySecret])
	if string(sum[:recoveryCheck]) != string(b[recoverySecret:]) {
		return RecoveryKey{}, fmt.Errorf("%w: something is mistyped; read it once more", ErrRecoveryKey)
	}
	return RecoveryKey{NewSecret(b[:recoverySecret])}, nil
}

// plainSymbols leaves the symbols as they are written.
func plainSymbols(text string) string {
	return strings.NewReplacer("-", "", " ", "", "\t", "", "\r", "", "\n", "", "O", "0", "I", "1", "L", "1").Replace(strings.ToUpper(text))
}

// SameRecoveryGroup says whether a person typed a group as it is written, in any case and with the letters that are taken
// for digits.
func SameRecoveryGroup(typed, group string) bool { return plainSymbols(typed) == group }

// Groups returns the key as a person writes it down.
func (k RecoveryKey) Groups() []string {
	if k.secret.Len() == 0 {
		return nil
	}
	sum := sha256.Sum256(k.secret.Bytes())
	b := append(append(make([]byte, 0, recoverySecret+recoveryCheck), k.secret.Bytes()...), sum[:recoveryCheck]...)
	defer clear(b)
	text := crockford.EncodeToString(b)
	groups := make([]string, RecoveryGroups)
	for i := range groups {
		groups[i] = text[i*RecoveryGroup : (i+1)*RecoveryGroup]
	}
	return groups
}

// Destroy wipes the key and all its copies.
func (k RecoveryKey) Destroy() { k.secret.Destroy() }

// Format writes "[secret]" whatever the verb.
func (RecoveryKey) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[secret]") }

// LogValue gives slog the text "[secret]".
func (RecoveryKey) LogValue() slog.Value { return slog.StringValue("[secret]") }

// MarshalText returns "[secret]".
func (RecoveryKey) MarshalText() ([]byte, error) { return []byte("[secret]"), nil }

// recoveryInfo binds keys and boxes to what they are for.
const recoveryInfo = "tenin recovery key 1"

// RFC 9180, with X25519, HKDF-SHA-256 and AES-256-GCM.
func recoverySuite() (hpke.KEM, hpke.KDF, hpke.AEAD) {
	return hpke.DHKEM(ecdh.X25519()), hpke.HKDFSHA256(), hpke.AES256GCM()
}

func (k RecoveryKey) private() (hpke.PrivateKey, error) {
	if k.secret.Len() == 0 {
		return nil, fmt.Errorf("%w: it is empty", ErrRecoveryKey)
	}
	seed, err := hkdf.Key(sha256.New, k.secret.Bytes(), nil, recoveryInfo, 32)
	if err != nil {
		return nil, err
	}
	defer clear(seed)
	kem, _, _ := recoverySuite()
	return kem.DeriveKeyPair(seed)
}

// Public returns the half that the machine keeps, RecoveryPublic bytes.
func (k RecoveryKey) Public() ([]byte, error) {
	private, err := k.private()
	if err != nil {
		return nil, err
	}
	return private.PublicKey().Bytes(), nil
}

// WrapForRecovery returns s in a box that only the key with this public half opens.
func WrapForRecovery(public []byte, s Secret) ([]byte, error) {
	kem, kdf, aead := recoverySuite()
	key, err := kem.NewPublicKey(public)
	if err != nil {
		return nil, fmt.Errorf("recovery key: %w: its public half is not one", ErrDamaged)
	}
	return hpke.Seal(key, kdf, aead, []byte(recoveryInfo), s.Bytes())
}

// Unwrap opens a box of WrapForRecovery. The error wraps ErrRecoveryKey when it is another key's, or was changed.
func (k RecoveryKey) Unwrap(box []byte) (Secret, error) {
	private, err := k.private()
	if err != nil {
		return Secret{}, err
	}
	_, kdf, aead := recoverySuite()
	b, err := hpke.Open(private, kdf, aead, []byte(recoveryInfo), box)
	if err != nil {
		return Secret{}, fmt.Errorf("%w: it is another vault's, or an older one of this vault", ErrRecoveryKey)
	}
	return TakeSecret(b), nil
}
