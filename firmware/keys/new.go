package keys

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"tenin/firmware/internal/guid"
	"tenin/storage/seal"
)

// years is how long the certificates last. Firmware ignores it; people who look at one do not.
const years = 30

// Options say whose keys are made.
type Options struct {
	// Owner stands in the certificates: "Yamada Books". Empty means "Tenin".
	Owner string
	// Passphrase encrypts the private keys; empty leaves them plain. It stays the caller's.
	Passphrase seal.Secret
	// Trust are certificates that db holds beside our own, for example that of the maker of a graphics card whose
	// firmware is signed: without it such a machine may show nothing.
	Trust []*x509.Certificate
	// Now is the time that the certificates begin; zero means now.
	Now time.Time
}

// New makes all keys in dir, which must not exist or be empty: nothing is ever replaced. The error wraps fs.ErrExist
// where something is there.
func New(dir string, o Options) error {
	if o.Owner == "" {
		o.Owner = "Tenin"
	}
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	if strings.ContainsFunc(o.Owner, func(r rune) bool { return r < ' ' }) || len(o.Owner) > 48 {
		return fmt.Errorf("owner %q: use up to 48 bytes without control characters", o.Owner)
	}
	files, err := generate(o)
	if err != nil {
		return err
	}
	defer func() {
		for _, f := range files {
			clear(f.content)
		}
	}()
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return fmt.Errorf("%s holds files: keys are never replaced, name a new folder: %w", dir, fs.ErrExist)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	parent := filepath.Dir(filepath.Clean(dir))
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return err
	}
	// The folder appears whole or not at all.
	made, err := os.MkdirTemp(parent, ".keys-*") // 0700
	if err != nil {
		return err
	}
	defer os.RemoveAll(made)
	for _, f := range files {
		if err := write(filepath.Join(made, f.name), f.content); err != nil {
			return err
		}
	}
	// An empty folder makes room; one that was filled in the meantime stays.
	if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := errors.Join(syncDir(made), os.Rename(made, dir)); err != nil {
		return err
	}
	return syncDir(parent)
}

type file struct {
	name    string
	content []byte
}

func generate(o Options) ([]file, error) {
	var files []file
	add := func(name string, content []byte) { files = append(files, file{name, content}) }
	var b box
	if o.Passphrase.Len() > 0 {
		made, blob, err := newBox(o.Passphrase)
		if err != nil {
			return nil, err
		}
		b = made
		defer b.key.Destroy()
		add(filePassphrase, blob)
	}
	addPrivate := func(name string, key any) (private, error) {
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			return private{}, err
		}
		secret := seal.TakeSecret(der)
		content, err := b.encode(name, secret)
		add(name+".key", content)
		return private{der: secret, path: name + ".key"}, err
	}
	addPublic := func(name string, key any) error {
		der, err := x509.MarshalPKIXPublicKey(key)
		add(name+".pub", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
		return err
	}

	owner := guid.New()
	add(fileGUID, []byte(owner.String()+"\n"))
	var above *SecureBoot
	for _, name := range secureBoot {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			return nil, err
		}
		cert, err := selfSigned(o, name, key)
		if err != nil {
			return nil, err
		}
		secret, err := addPrivate(name, key)
		if err != nil {
			return nil, err
		}
		defer secret.der.Destroy()
		k := &SecureBoot{Name: name, cert: cert, key: secret}
		if above == nil {
			above = k
		}
		trusted := []*x509.Certificate{cert}
		if name == NameDB {
			trusted = append(trusted, o.Trust...)
		}
		list := signatureList(owner, trusted...)
		auth, err := signedVariable(name, list, o.Now, above)
		if err != nil {
			return nil, err
		}
		add(name+".crt", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}))
		add(name+".esl", list)
		add(name+".auth", auth)
		above = k
	}

	pcr, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	public, secret, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	for _, pair := range []struct {
		name            string
		private, public any
	}{{NamePCR, pcr, &pcr.PublicKey}, {NameBundle, secret, public}} {
		p, err := addPrivate(pair.name, pair.private)
		if err != nil {
			return nil, err
		}
		p.der.Destroy()
		if err := addPublic(pair.name, pair.public); err != nil {
			return nil, err
		}
	}
	return slices.Clip(files), nil
}

func selfSigned(o Options, name string, key *rsa.PrivateKey) (*x509.Certificate, error) {
	serial := make([]byte, 16)
	rand.Read(serial) // never fails
	serial[0] &= 0x7f
	template := &x509.Certificate{
		SerialNumber:          new(big.Int).SetBytes(serial),
		Subject:               pkix.Name{CommonName: o.Owner + " " + name},
		NotBefore:             o.Now.UTC().Truncate(time.Second),
		NotAfter:              o.Now.UTC().Truncate(time.Second).AddDate(years, 0, 0),
		BasicConstraintsValid: true,
		IsCA:                  true, // it signed itself
		SignatureAlgorithm:    x509.SHA256WithRSA,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

// write makes a file for its owner alone and replaces nothing.
func write(path string, content []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Sync(), f.Close())
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
