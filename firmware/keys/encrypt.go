package keys

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/pem"
	"fmt"

	"tenin/storage/seal"
)

const (
	typePlain     = "PRIVATE KEY"
	typeEncrypted = "TENIN ENCRYPTED PRIVATE KEY"
)

// box encrypts the private keys of a folder. The zero box leaves them as they are.
type box struct{ key seal.Secret }

func (b box) aead() (cipher.AEAD, error) {
	block, err := aes.NewCipher(b.key.Bytes())
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// encode returns a private key's file. The key's name is part of what is authenticated, so that files cannot be
// exchanged for each other.
func (b box) encode(name string, der seal.Secret) ([]byte, error) {
	if b.key.Len() == 0 {
		return pem.EncodeToMemory(&pem.Block{Type: typePlain, Bytes: der.Bytes()}), nil
	}
	aead, err := b.aead()
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: typeEncrypted, Bytes: aead.Seal(nil, nil, der.Bytes(), []byte(name))}), nil
}

// decode takes a private key out of what encode encrypted.
func (b box) decode(name string, sealed []byte) (seal.Secret, error) {
	aead, err := b.aead()
	if err != nil {
		return seal.Secret{}, err
	}
	der, err := aead.Open(nil, nil, sealed, []byte(name))
	if err != nil {
		return seal.Secret{}, fmt.Errorf("%w: %s.key was changed, or is another folder's: put its copy back", seal.ErrDamaged, name)
	}
	return seal.TakeSecret(der), nil
}

// newBox makes the key of a folder and returns it with its sealed form, which is the file passphrase.seal.
func newBox(passphrase seal.Secret) (box, []byte, error) {
	key := make([]byte, 32)
	rand.Read(key) // never fails
	b := box{seal.TakeSecret(key)}
	blob, err := seal.NewPassphrase(passphrase).Seal(b.key)
	return b, blob, err
}
