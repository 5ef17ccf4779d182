package keys

import (
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"fmt"

	"tenin/storage/seal"
)

// SecureBoot is one key of Secure Boot and its certificate. It does not print its key.
type SecureBoot struct {
	// Name is PK, KEK or db.
	Name string
	cert *x509.Certificate
	key  private
}

// Certificate returns the public half.
func (k *SecureBoot) Certificate() *x509.Certificate { return k.cert }

// SignDigest signs a SHA-256 digest with RSA PKCS #1 v1.5, which gives the same bytes each time. The error wraps
// seal.ErrNoKey where the private half is not in the folder.
func (k *SecureBoot) SignDigest(digest [32]byte) ([]byte, error) {
	key, err := k.key.rsa()
	if err != nil {
		return nil, err
	}
	return rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:])
}

// private is a private key as PKCS #8 in DER, or why there is none.
type private struct {
	der  seal.Secret
	path string
}

func (p private) parse() (any, error) {
	if p.der.Len() == 0 {
		return nil, fmt.Errorf("%w: %s is missing: put it there, or name the folder that has it", seal.ErrNoKey, p.path)
	}
	key, err := x509.ParsePKCS8PrivateKey(p.der.Bytes())
	if err != nil {
		return nil, fmt.Errorf("%w: %s holds no key: %w", seal.ErrDamaged, p.path, err)
	}
	return key, nil
}

func (p private) rsa() (*rsa.PrivateKey, error) {
	key, err := p.parse()
	if err != nil {
		return nil, err
	}
	k, ok := key.(*rsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%w: %s holds another kind of key: use an RSA key", seal.ErrDamaged, p.path)
	}
	return k, nil
}
