package keys

import (
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"tenin/storage/seal"
)

const maxFile = 64 << 10

// Open reads the keys in dir. ask returns the passphrase, and is called only where the folder's private keys are
// encrypted; with nil those are refused with seal.ErrNoKey. Files that are missing are missed when they are used.
// A private key that others may read or replace is refused with seal.ErrUnsafe.
func Open(dir string, ask func() (seal.Secret, error)) (*Set, error) {
	return (&opener{dir: dir, ask: ask}).run()
}

// OpenPublic is Open without the private keys, which are not even looked at: for whoever only verifies.
func OpenPublic(dir string) (*Set, error) {
	return (&opener{dir: dir, publicOnly: true}).run()
}

func (o *opener) run() (*Set, error) {
	if info, err := os.Stat(o.dir); err != nil {
		return nil, err
	} else if !info.IsDir() {
		return nil, fmt.Errorf("%s is no folder: name the one of `tenin firmware keys new`", o.dir)
	}
	defer func() { o.box.key.Destroy() }()
	s := &Set{Dir: o.dir}
	if err := o.open(s); err != nil {
		s.Destroy()
		return nil, err
	}
	if s.DB == nil && s.PCRPublic == nil && s.BundlePublic == nil {
		return nil, fmt.Errorf("%w: %s holds none: make them with `tenin firmware keys new`", seal.ErrNoKey, o.dir)
	}
	return s, nil
}

type opener struct {
	dir string
	ask func() (seal.Secret, error)
	box box
	// publicOnly leaves private keys alone.
	publicOnly bool
}

func (o *opener) open(s *Set) error {
	if b, err := o.read(fileGUID); err != nil {
		return err
	} else if b != nil {
		if s.Owner, err = ParseGUID(string(b)); err != nil {
			return fmt.Errorf("%w: %s: %w", seal.ErrDamaged, filepath.Join(o.dir, fileGUID), err)
		}
	}
	for _, name := range secureBoot {
		k, err := o.secureBoot(name)
		if err != nil {
			return err
		}
		switch name {
		case NamePK:
			s.PK = k
		case NameKEK:
			s.KEK = k
		case NameDB:
			s.DB = k
		}
	}
	var err error
	if s.pcr, err = o.private(NamePCR); err != nil {
		return err
	}
	if s.bundle, err = o.private(NameBundle); err != nil {
		return err
	}
	if s.PCRPublic, err = o.read(NamePCR + ".pub"); err != nil {
		return err
	}
	if s.PCRPublic != nil {
		public, err := ParsePCRPublic(s.PCRPublic)
		if err != nil {
			return fmt.Errorf("%s: %w", filepath.Join(o.dir, NamePCR+".pub"), err)
		}
		if s.pcr.der.Len() > 0 {
			if key, err := s.PCRKey(); err != nil {
				return err
			} else if !key.PublicKey.Equal(public) {
				return o.mismatch(NamePCR, NamePCR+".pub")
			}
		}
	}
	if s.BundlePublic, err = o.bundlePublic(); err != nil {
		return err
	}
	if s.BundlePublic != nil && s.bundle.der.Len() > 0 {
		if key, err := s.BundleKey(); err != nil {
			return err
		} else if !key.Public().(ed25519.PublicKey).Equal(s.BundlePublic) {
			return o.mismatch(NameBundle, NameBundle+".pub")
		}
	}
	return nil
}

func (o *opener) mismatch(name, other string) error {
	return fmt.Errorf("%w: %s and %s in %s are not one pair: put the right files back", seal.ErrDamaged, name+".key", other, o.dir)
}

func (o *opener) secureBoot(name string) (*SecureBoot, error) {
	b, err := o.read(name + ".crt")
	if b == nil || err != nil {
		return nil, err
	}
	cert, err := ParseCertificate(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(o.dir, name+".crt"), err)
	}
	k := &SecureBoot{Name: name, cert: cert}
	if k.key, err = o.private(name); err != nil || k.key.der.Len() == 0 {
		return k, err
	}
	key, err := k.key.rsa()
	if err != nil {
		return nil, err
	}
	if !key.PublicKey.Equal(cert.PublicKey) {
		return nil, o.mismatch(name, name+".crt")
	}
	return k, nil
}

// private reads a private key; the path alone is set where there is none.
func (o *opener) private(name string) (p private, err error) {
	p.path = filepath.Join(o.dir, name+".key")
	if o.publicOnly {
		return p, nil
	}
	info, err := os.Stat(p.path)
	if errors.Is(err, fs.ErrNotExist) {
		return p, nil
	} else if err != nil {
		return p, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return p, fmt.Errorf("%w: others may read %s: chmod 600 it", seal.ErrUnsafe, p.path)
	}
	b, err := o.read(name + ".key")
	if err != nil {
		return p, err
	}
	defer clear(b)
	block, _ := pem.Decode(b)
	if block == nil {
		return p, fmt.Errorf("%w: %s is no PEM file", seal.ErrDamaged, p.path)
	}
	switch block.Type {
	case typePlain:
		p.der = seal.TakeSecret(block.Bytes)
	case "RSA PRIVATE KEY":
		key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
		if err != nil {
			return p, fmt.Errorf("%w: %s: %w", seal.ErrDamaged, p.path, err)
		}
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			return p, err
		}
		p.der = seal.TakeSecret(der)
	case typeEncrypted:
		if err := o.unlock(); err != nil {
			return p, err
		}
		if p.der, err = o.box.decode(name, block.Bytes); err != nil {
			return p, err
		}
	case "ENCRYPTED PRIVATE KEY":
		return p, fmt.Errorf("%w: %s was encrypted by another program: decrypt it with `openssl pkey` on a disk that you trust", seal.ErrNoKey, p.path)
	default:
		return p, fmt.Errorf("%w: %s holds %q instead of a private key", seal.ErrDamaged, p.path, block.Type)
	}
	return p, nil
}

// unlock asks for the passphrase once.
func (o *opener) unlock() error {
	if o.box.key.Len() > 0 {
		return nil
	}
	path := filepath.Join(o.dir, filePassphrase)
	blob, err := o.read(filePassphrase)
	if err != nil {
		return err
	}
	if blob == nil {
		return fmt.Errorf("%w: %s is missing, without which the encrypted keys do not open", seal.ErrNoKey, path)
	}
	if o.ask == nil {
		return fmt.Errorf("%w: the keys in %s are encrypted and no passphrase was given", seal.ErrNoKey, o.dir)
	}
	phrase, err := o.ask()
	if err != nil {
		return err
	}
	defer phrase.Destroy()
	key, err := seal.NewPassphrase(phrase).Unseal(blob)
	if errors.Is(err, seal.ErrWrongKey) {
		return fmt.Errorf("%w: the passphrase does not open the keys in %s; check the keyboard layout and try again", seal.ErrWrongKey, o.dir)
	} else if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	o.box = box{key}
	return nil
}

func (o *opener) bundlePublic() (ed25519.PublicKey, error) {
	b, err := o.read(NameBundle + ".pub")
	if b == nil || err != nil {
		return nil, err
	}
	key, err := ParseBundlePublic(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(o.dir, NameBundle+".pub"), err)
	}
	return key, nil
}

// read returns a file of the folder, nil where it is not there.
func (o *opener) read(name string) ([]byte, error) {
	b, err := readBounded(filepath.Join(o.dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return b, err
}

// ParseBundlePublic reads bundle.pub: the PEM form of an Ed25519 public key. The error wraps seal.ErrDamaged.
func ParseBundlePublic(b []byte) (ed25519.PublicKey, error) {
	key, err := parsePublic(b)
	if err != nil {
		return nil, err
	}
	k, ok := key.(ed25519.PublicKey)
	if !ok {
		return nil, fmt.Errorf("%w: not an Ed25519 key", seal.ErrDamaged)
	}
	return k, nil
}

// ParsePCRPublic reads pcr.pub: the PEM form of an RSA public key with 2048 bits, which every TPM takes. The error
// wraps seal.ErrDamaged.
func ParsePCRPublic(b []byte) (*rsa.PublicKey, error) {
	key, err := parsePublic(b)
	if err != nil {
		return nil, err
	}
	k, ok := key.(*rsa.PublicKey)
	if !ok || k.N.BitLen() != 2048 || k.E != 65537 {
		return nil, fmt.Errorf("%w: not an RSA key of 2048 bits with the exponent 65537", seal.ErrDamaged)
	}
	return k, nil
}

func parsePublic(b []byte) (any, error) {
	block, _ := pem.Decode(b)
	if block == nil || block.Type != "PUBLIC KEY" {
		return nil, fmt.Errorf("%w: no PEM file of a public key", seal.ErrDamaged)
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", seal.ErrDamaged, err)
	}
	return key, nil
}

// ParseCertificate reads a certificate in PEM or DER. The error wraps seal.ErrDamaged.
func ParseCertificate(b []byte) (*x509.Certificate, error) {
	if block, _ := pem.Decode(b); block != nil {
		if block.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("%w: it holds %q instead of a certificate", seal.ErrDamaged, block.Type)
		}
		b = block.Bytes
	}
	cert, err := x509.ParseCertificate(b)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", seal.ErrDamaged, err)
	}
	return cert, nil
}

func readBounded(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxFile {
		return nil, fmt.Errorf("%w: %s is no file of at most %d bytes", seal.ErrDamaged, path, maxFile)
	}
	return os.ReadFile(path)
}
