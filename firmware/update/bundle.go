package update

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"tenin/firmware/bundle"
	"tenin/firmware/verity"
)

// KeyFile is where the key that signs bundles is on a device, in the part of it that cannot be changed.
const KeyFile = "/usr/share/tenin/firmware/bundle.pub"

// ReadKey reads the public half of the key that signs bundles, PEM.
func ReadKey(path string) (ed25519.PublicKey, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	p, _ := pem.Decode(b)
	if p == nil {
		return nil, fmt.Errorf("%s: it holds no key", path)
	}
	key, err := x509.ParsePKIXPublicKey(p.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	public, ok := key.(ed25519.PublicKey)
	if !ok {
		return nil, fmt.Errorf("%s: it is no Ed25519 key", path)
	}
	return public, nil
}

// Bundles returns what opens bundles that key has signed, for Options.Open. device is this device's id, for an exception
// that was signed for it alone; now tells the time.
func Bundles(key ed25519.PublicKey, device string, now func() time.Time) func(*os.File, int64) (Contents, error) {
	return func(f *os.File, size int64) (Contents, error) {
		b, err := bundle.Open(f, size, key)
		if err != nil {
			return nil, ofBundle(err)
		}
		m, err := fromManifest(b.Manifest(), b.Digest())
		if err != nil {
			return nil, err
		}
		if d := b.Manifest().Downgrade; d != nil {
			m.Down = func(floor int64) error { return d.Allow(device, floor, now()) }
		}
		return opened{b, m}, nil
	}
}

// opened is a bundle as this package sees it.
type opened struct {
	bundle   *bundle.Bundle
	manifest Manifest
}

// Manifest implements Contents.
func (o opened) Manifest() Manifest { return o.manifest }

// Copy implements Contents.
func (o opened) Copy(name string, w io.Writer) error { return ofBundle(o.bundle.Copy(name, w)) }

// ofBundle gives an error of a bundle's its word.
func ofBundle(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.As(err, new(*Refusal)):
		return err
	case errors.Is(err, bundle.ErrSignature):
		return &Refusal{ReasonSignature, err}
	case errors.Is(err, bundle.ErrDamaged):
		return &Refusal{ReasonDamaged, err}
	case errors.Is(err, bundle.ErrOther):
		return &Refusal{ReasonProduct, err}
	}
	return err
}

func fromManifest(b bundle.Manifest, digest [32]byte) (m Manifest, err error) {
	m = Manifest{
		Product: b.Product, Version: b.Version, Name: b.Name, Arch: b.Arch, Test: b.Test,
		VaultWrites: b.Vault.Writes, VaultReadsFrom: b.Vault.ReadsFrom, Digest: digest,
	}
	if b.ModelsUUID != "" {
		if m.ModelsUUID, err = verity.ParseUUID(b.ModelsUUID); err != nil {
			return m, refuse(ReasonDamaged, "models_uuid: %w", err)
		}
	}
	if m.Root, err = fromSlot(b.Root); err != nil {
		return m, err
	}
	if b.Models != nil {
		models, err := fromSlot(*b.Models)
		if err != nil {
			return m, err
		}
		m.Models, m.ModelsUUID = &models, models.UUID
	}
	m.UKI, err = fromFile(b.UKI.File, b.UKI.Size, b.UKI.SHA256)
	return m, err
}

func fromSlot(s bundle.Slot) (f File, err error) {
	if f, err = fromFile(s.File, s.Size, s.SHA256); err != nil {
		return f, err
	}
	i := s.Image()
	f.UUID, f.DataSize = i.UUID, i.DataSize
	return f, nil
}

func fromFile(name string, size int64, sum string) (f File, err error) {
	b, err := hex.DecodeString(sum)
	if err != nil || len(b) != 32 {
		return f, refuse(ReasonDamaged, "%s: it has no SHA-256", name)
	}
	return File{Name: name, Size: size, SHA256: [32]byte(b)}, nil
}
