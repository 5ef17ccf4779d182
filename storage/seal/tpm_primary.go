package seal

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/google/go-tpm/tpm2"
)

// nonceSize of a session in bytes: as long as its hash, the most there is.
const nonceSize = 32

// primaryKey is the storage key in a TPM: what wraps sealed objects and what
// sessions are salted to.
type primaryKey struct {
	d      *device
	handle tpm2.TPMHandle
	public tpm2.TPMTPublic
	name   tpmName // computed here from public, not believed
}

// primary makes the storage key from the owner seed.
func (d *device) primary() (*primaryKey, error) {
	made, err := tpm2.CreatePrimary{
		PrimaryHandle: tpm2.AuthHandle{Handle: tpm2.TPMRHOwner, Auth: tpm2.PasswordAuth(nil)},
		InPublic:      tpm2.New2B(tpm2.ECCSRKTemplate),
	}.Execute(d)
	if errors.Is(err, tpm2.TPMRCBadAuth) || errors.Is(err, tpm2.TPMRCAuthFail) {
		return nil, fmt.Errorf("TPM %s: %w: its owner has a password; take it away (`tpm2_changeauth -c owner -p OLD`)", d.path, ErrNoTPM)
	} else if err != nil {
		return nil, d.explain("make the storage key", err)
	}
	public, err := made.OutPublic.Contents()
	if err == nil {
		err = isStorageKey(public)
	}
	if err != nil {
		d.flush(made.ObjectHandle)
		return nil, d.explain("make the storage key", err)
	}
	name, err := tpm2.ObjectName(public)
	if err != nil || len(name.Buffer) != nameSize {
		d.flush(made.ObjectHandle)
		return nil, d.explain("name the storage key", errors.Join(errors.New("it has no name"), err))
	}
	return &primaryKey{d, made.ObjectHandle, *public, tpmName(name.Buffer)}, nil
}

// isStorageKey reports whether public is the template but for its point.
func isStorageKey(public *tpm2.TPMTPublic) error {
	point, err := public.Unique.ECC()
	if err != nil || len(point.X.Buffer) != 32 || len(point.Y.Buffer) != 32 {
		return errors.New("it is not the key that was asked for")
	}
	plain := *public
	plain.Unique = tpm2.ECCSRKTemplate.Unique
	if !bytes.Equal(tpm2.Marshal(plain), tpm2.Marshal(tpm2.ECCSRKTemplate)) {
		return errors.New("it is not the key that was asked for")
	}
	return nil
}

func (p *primaryKey) flush() { p.d.flush(p.handle) }

func (p *primaryKey) salted() tpm2.AuthOption { return tpm2.Salted(p.handle, p.public) }

// encrypted returns a one-time session that is salted to the key and encrypts
// parameters both ways. The direction is of a type that go-tpm does not export.
func (p *primaryKey) encrypted(options ...tpm2.AuthOption) tpm2.Session {
	return tpm2.HMAC(tpm2.TPMAlgSHA256, nonceSize, append(options, p.salted())...)
}

// auth returns the key as the parent of a command whose first parameters are
// encrypted both ways.
func (p *primaryKey) auth() tpm2.AuthHandle {
	return tpm2.AuthHandle{
		Handle: p.handle,
		Name:   tpm2.TPM2BName{Buffer: bytes.Clone(p.name[:])},
		Auth:   p.encrypted(tpm2.AESEncryption(128, tpm2.EncryptInOut)),
	}
}

// readPCR returns a PCR of the SHA-256 bank. The session proves that the TPM said it.
func (p *primaryKey) readPCR(n uint) ([]byte, error) {
	read, err := tpm2.PCRRead{PCRSelectionIn: pcrSelection(n)}.Execute(p.d, p.encrypted(tpm2.Audit()))
	if err != nil {
		return nil, p.d.explain("read a PCR", err)
	}
	if len(read.PCRValues.Digests) != 1 || len(read.PCRValues.Digests[0].Buffer) != 32 {
		return nil, fmt.Errorf("TPM %s: %w: it has no SHA-256 bank of PCRs; switch it on in the firmware's settings", p.d.path, ErrNoTPM)
	}
	return read.PCRValues.Digests[0].Buffer, nil
}
