package keys

import (
	"crypto/ed25519"
	"crypto/rsa"
	"fmt"

	"tenin/storage/seal"
)

// Set is an opened folder of keys. Private keys are held as secrets and do not print.
type Set struct {
	// Dir is the folder.
	Dir string
	// Owner stands in the lists of certificates.
	Owner GUID
	// PK, KEK and DB are the keys of Secure Boot; nil where the folder has no certificate of that name.
	PK, KEK, DB *SecureBoot
	// PCRPublic is pcr.pub as it stands in the file, PEM: it becomes the section .pcrpkey of an image. Nil without.
	PCRPublic []byte
	// BundlePublic verifies bundles; nil where the folder has none.
	BundlePublic ed25519.PublicKey

	pcr, bundle private
}

// PCRKey returns the key that signs PCR 11. The error wraps seal.ErrNoKey where it is not in the folder.
func (s *Set) PCRKey() (*rsa.PrivateKey, error) { return s.pcr.rsa() }

// BundleKey returns the key that signs bundles. The error wraps seal.ErrNoKey where it is not in the folder.
func (s *Set) BundleKey() (ed25519.PrivateKey, error) {
	key, err := s.bundle.parse()
	if err != nil {
		return nil, err
	}
	k, ok := key.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%w: %s holds another kind of key: use an Ed25519 key", seal.ErrDamaged, s.bundle.path)
	}
	return k, nil
}

// Destroy wipes the private keys. What PCRKey and BundleKey returned is the caller's.
func (s *Set) Destroy() {
	for _, k := range []*SecureBoot{s.PK, s.KEK, s.DB} {
		if k != nil {
			k.key.der.Destroy()
		}
	}
	s.pcr.der.Destroy()
	s.bundle.der.Destroy()
}
