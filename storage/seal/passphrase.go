package seal

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"

	"golang.org/x/crypto/argon2"
)

const (
	passphraseKind = "TPP1"
	// MinPassphrase is the shortest phrase in bytes that Seal takes.
	MinPassphrase = 12

	passphraseSalt   = 16
	passphraseHeader = kindSize + 4 + 4 + 1 + passphraseSalt

	// The second recommended choice of RFC 9106, section 4: 64 MiB, 3 passes,
	// 4 lanes. A kiosk pays it once at its start and once for each erasure.
	argonPasses  = 3
	argonMemory  = 64 * 1024 // KiB
	argonLanes   = 4
	maxPasses    = 32
	maxMemoryKiB = 1024 * 1024
)

// Passphrase is a Sealer whose key is stretched from a phrase by Argon2id
// (RFC 9106). Nothing is kept on disk but the blob.
//
// A blob is "TPP1", u32 passes, u32 memory in KiB, u8 lanes (little-endian), a
// 16-byte salt, a 12-byte random nonce, and the secret under AES-256-GCM with
// its 16-byte tag. All that stands before the nonce is authenticated.
type Passphrase struct {
	phrase         Secret
	passes, memory uint32
	lanes          uint8
}

// NewPassphrase returns a Passphrase for phrase, which the caller may destroy
// when the sealer is no longer used. The phrase is taken byte for byte.
func NewPassphrase(phrase Secret) *Passphrase {
	return &Passphrase{phrase: phrase, passes: argonPasses, memory: argonMemory, lanes: argonLanes}
}

// Describe says what a passphrase is good for, and what not.
func (p *Passphrase) Describe() string {
	return "The vault's root key is guarded by a passphrase. A stolen disk is as safe as the phrase is hard to guess; " +
		"whoever becomes this user or root while tenin runs can read every session, " +
		"and a key deleted from the vault can come back from old disk blocks or backups to someone who knows the phrase."
}

// Seal implements Sealer. A phrase shorter than MinPassphrase is refused.
func (p *Passphrase) Seal(s Secret) ([]byte, error) {
	if err := checkSecret(s); err != nil {
		return nil, err
	}
	if p.phrase.Len() < MinPassphrase {
		return nil, fmt.Errorf("passphrase: %w: it is shorter than %d bytes; choose a longer one", ErrUnsafe, MinPassphrase)
	}
	header := append(make([]byte, 0, passphraseHeader), passphraseKind...)
	header = binary.LittleEndian.AppendUint32(header, p.passes)
	header = binary.LittleEndian.AppendUint32(header, p.memory)
	header = append(header, p.lanes)
	salt := make([]byte, passphraseSalt)
	_, _ = rand.Read(salt)
	header = append(header, salt...)
	key := TakeSecret(argon2.IDKey(p.phrase.Bytes(), salt, p.passes, p.memory, p.lanes, 32))
	defer key.Destroy()
	aead, err := newAEAD(key.Bytes())
	if err != nil {
		return nil, err
	}
	return aead.Seal(header[:passphraseHeader:passphraseHeader], nil, s.Bytes(), header), nil
}

// Unseal implements Sealer.
func (p *Passphrase) Unseal(blob []byte) (Secret, error) {
	if err := checkKind(blob, passphraseKind); err != nil {
		return Secret{}, err
	}
	if p.phrase.Len() == 0 {
		return Secret{}, fmt.Errorf("passphrase: %w: none was given", ErrNoKey)
	}
	if n := len(blob) - passphraseHeader - 12 - 16; n < 1 || n > MaxSecret {
		return Secret{}, fmt.Errorf("sealed root key: %w: %d bytes", ErrDamaged, len(blob))
	}
	header := blob[:passphraseHeader]
	passes := binary.LittleEndian.Uint32(header[4:])
	memory := binary.LittleEndian.Uint32(header[8:])
	lanes := header[12]
	// A changed header must not make the start eat all memory.
	if passes < 1 || passes > maxPasses || memory < 8*uint32(max(lanes, 1)) || memory > maxMemoryKiB || lanes < 1 {
		return Secret{}, fmt.Errorf("sealed root key: %w: impossible cost of the passphrase", ErrDamaged)
	}
	key := TakeSecret(argon2.IDKey(p.phrase.Bytes(), header[13:], passes, memory, lanes, 32))
	defer key.Destroy()
	aead, err := newAEAD(key.Bytes())
	if err != nil {
		return Secret{}, err
	}
	b, err := aead.Open(nil, nil, blob[passphraseHeader:], header)
	if err != nil {
		return Secret{}, fmt.Errorf("passphrase: %w: it does not open this vault; check the keyboard layout and try again", ErrWrongKey)
	}
	return TakeSecret(b), nil
}
