package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
)

// MaxSecret is the longest secret in bytes that every Sealer takes. It is what
// a TPM 2.0 seals in one object (MAX_SYM_DATA of the TPM 2.0 Library, Part 2).
const MaxSecret = 128

var (
	// ErrWrongKey means that the blob is whole, as far as can be told without
	// its key, but was sealed under another key, phrase or machine.
	ErrWrongKey = errors.New("wrong key")
	// ErrDamaged means that bytes are missing or impossible.
	ErrDamaged = errors.New("damaged")
	// ErrNoKey means that what opens the blob is not there at all.
	ErrNoKey = errors.New("no key")
	// ErrUnsafe means that the key is there but others can read or replace it, or
	// that something between here and the TPM changes what it says.
	ErrUnsafe = errors.New("key is not private")
	// ErrNoTPM means that there is no TPM, or that it stopped answering.
	ErrNoTPM = errors.New("no TPM")
	// ErrLockedOut means that the TPM takes no PIN for a while, right or wrong.
	ErrLockedOut = errors.New("TPM is locked")
	// ErrPCR means that the machine was not started the way that the blob asks for.
	ErrPCR = errors.New("started in another state")
	// ErrNoCounter means that the TPM does not hold the counter that is asked for.
	ErrNoCounter = errors.New("no such counter")
)

// Sealer turns a small secret into a blob that is useless without the sealer's
// own key, and back. Implementations are safe for use by one goroutine at a
// time and hold no secret of the caller between calls.
type Sealer interface {
	// Seal returns a new blob for a secret of 1 to MaxSecret bytes. Two calls
	// with one secret give different blobs. It may create the sealer's key if
	// none exists; it never replaces one. Errors wrap ErrUnsafe, ErrNoKey, those
	// of the file system, or the TPM's: ErrNoTPM, ErrLockedOut, ErrPCR.
	Seal(Secret) ([]byte, error)
	// Unseal returns the secret inside a blob that Seal returned, at any time
	// before. It creates nothing. Errors wrap ErrWrongKey, ErrDamaged, ErrNoKey,
	// ErrUnsafe, ErrNoTPM, ErrLockedOut or ErrPCR. The caller destroys the secret.
	Unseal([]byte) (Secret, error)
	// Describe says in one or two sentences, for the technician, what the
	// sealer protects against and, plainly, what it does not.
	Describe() string
}

// kindSize is the length of the mark at the start of every blob.
const kindSize = 4

// checkKind reports whether blob begins with the mark want.
func checkKind(blob []byte, want string) error {
	if len(blob) < kindSize {
		return fmt.Errorf("sealed root key: %w: %d bytes", ErrDamaged, len(blob))
	}
	got := string(blob[:kindSize])
	if got == want {
		return nil
	}
	for kind, name := range map[string]string{
		keyFileKind:    "a key file",
		passphraseKind: "a passphrase",
		tpmKind:        "a TPM",
	} {
		if got == kind {
			return fmt.Errorf("sealed root key: %w: it was sealed with %s, which is not how this vault is being opened", ErrWrongKey, name)
		}
	}
	return fmt.Errorf("sealed root key: %w: unknown seal; it was damaged or made by a newer tenin", ErrDamaged)
}

func checkSecret(s Secret) error {
	if s.Len() == 0 || s.Len() > MaxSecret {
		return fmt.Errorf("seal: a secret has 1 to %d bytes, this one has %d", MaxSecret, s.Len())
	}
	return nil
}

// newAEAD returns AES-256-GCM (NIST SP 800-38D) that draws a random 96-bit
// nonce for every message and puts it in front of the ciphertext.
func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}
