package seal

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/google/go-tpm/tpm2"
)

// The handles that Create looks for a free one among. They lie in the range that
// belongs to the owner (TCG Registry of reserved TPM 2.0 handles, 2.2.2).
const (
	counterFirst = tpm2.TPMHandle(0x01A54E00)
	counterLast  = counterFirst + 31
)

// CounterIDSize is the length in bytes of what Create returns as an id.
const CounterIDSize = 4 + nameSize

// Counter is numbers in a TPM's non-volatile memory that only grow, also when they
// are deleted and made anew (TPM 2.0 Library, Part 1, 37.2.4). So a vault that was
// put back to an earlier moment with all its files is found out.
//
// Each number has a secret of its own: reading and incrementing it takes that, so
// nobody else moves it, and an answer carries a proof that the TPM gave it now.
// Whoever owns the TPM may delete it, which is found out too.
//
// An id is 4 bytes of handle, big-endian, and the index's name of 34 bytes.
type Counter struct{ path string }

// NewCounter returns the counters of the TPM at path (empty: DefaultTPM).
func NewCounter(path string) *Counter {
	if path == "" {
		path = DefaultTPM
	}
	return &Counter{path}
}

// Create makes a number that secret opens and returns its id and first value, at
// least 1. Called again after an interruption, before the id was kept, it returns
// the same number. Errors wrap ErrNoTPM or ErrUnsafe where one fits.
func (c *Counter) Create(secret Secret) (id []byte, value uint64, err error) {
	err = c.with(secret, func(d *device, primary *primaryKey, auth []byte) error {
		for handle := counterFirst; handle <= counterLast; handle++ {
			public := counterPublic(handle)
			_, err := tpm2.NVDefineSpace{
				AuthHandle: tpm2.AuthHandle{Handle: tpm2.TPMRHOwner, Auth: primary.encrypted(tpm2.AESEncryption(128, tpm2.EncryptIn))},
				Auth:       tpm2.TPM2BAuth{Buffer: auth},
				PublicInfo: tpm2.New2B(public),
			}.Execute(d)
			switch {
			case errors.Is(err, tpm2.TPMRCNVDefined):
				// Ours, if our secret opens it.
				if value, err = readCounter(d, primary, &public, auth); err == nil {
					id, err = counterID(public)
					return err
				} else if d.lost != nil {
					return err
				}
				// It may have been made and not yet counted.
				if value, err = increment(d, primary, &public, auth); err == nil {
					id, err = counterID(public)
					return err
				} else if d.lost != nil {
					return err
				}
				continue
			case errors.Is(err, tpm2.TPMRCNVSpace):
				return fmt.Errorf("TPM %s: no room for another counter; delete old ones (`tpm2_nvundefine`)", d.path)
			case err != nil:
				return d.explain("make a counter", err)
			}
			if value, err = increment(d, primary, &public, auth); err != nil {
				return err
			}
			id, err = counterID(public)
			return err
		}
		return fmt.Errorf("TPM %s: all places for counters are taken; delete old ones (`tpm2_nvundefine`)", d.path)
	})
	return id, value, err
}

// Read returns the number. Errors wrap ErrNoCounter, ErrNoTPM or ErrUnsafe.
func (c *Counter) Read(id []byte, secret Secret) (value uint64, err error) {
	public, err := parseCounterID(id)
	if err != nil {
		return 0, err
	}
	err = c.with(secret, func(d *device, primary *primaryKey, auth []byte) error {
		value, err = readCounter(d, primary, public, auth)
		return err
	})
	return value, err
}

// Increment adds one and returns the new number. Errors are those of Read.
func (c *Counter) Increment(id []byte, secret Secret) (value uint64, err error) {
	public, err := parseCounterID(id)
	if err != nil {
		return 0, err
	}
	err = c.with(secret, func(d *device, primary *primaryKey, auth []byte) error {
		value, err = increment(d, primary, public, auth)
		return err
	})
	return value, err
}

// Delete removes the number. A new one in its place begins above it. That it is
// gone already is no error.
func (c *Counter) Delete(id []byte) error {
	public, err := parseCounterID(id)
	if err != nil {
		return err
	}
	d, err := openDevice(c.path)
	if err != nil {
		return err
	}
	defer d.Close()
	name, err := tpm2.NVName(public)
	if err != nil {
		return err
	}
	_, err = tpm2.NVUndefineSpace{
		AuthHandle: tpm2.AuthHandle{Handle: tpm2.TPMRHOwner, Auth: tpm2.PasswordAuth(nil)},
		NVIndex:    tpm2.NamedHandle{Handle: public.NVIndex, Name: *name},
	}.Execute(d)
	if errors.Is(err, tpm2.TPMRCHandle) {
		return nil
	}
	return d.explain("delete a counter", err)
}

// with opens the TPM and derives what opens the number from the vault's secret.
func (c *Counter) with(secret Secret, do func(*device, *primaryKey, []byte) error) error {
	if secret.Len() < 16 {
		return fmt.Errorf("counter: its secret has %d bytes, it takes 16 or more", secret.Len())
	}
	mac := hmac.New(sha256.New, secret.Bytes())
	mac.Write([]byte("tenin counter 1"))
	sum := mac.Sum(nil)
	defer clear(sum)
	auth := make([]byte, 32)
	defer clear(auth)
	base64.RawURLEncoding.Encode(auth, sum[:24])
	d, err := openDevice(c.path)
	if err != nil {
		return err
	}
	defer d.Close()
	primary, err := d.primary()
	if err != nil {
		return err
	}
	defer primary.flush()
	return do(d, primary, auth)
}

// counterPublic describes the index as it is before it is first incremented. It is
// exempt from the count of wrong tries: its authorisation has 192 random bits.
func counterPublic(handle tpm2.TPMHandle) tpm2.TPMSNVPublic {
	return tpm2.TPMSNVPublic{
		NVIndex:    handle,
		NameAlg:    tpm2.TPMAlgSHA256,
		Attributes: tpm2.TPMANV{AuthRead: true, AuthWrite: true, NoDA: true, NT: tpm2.TPMNTCounter},
		DataSize:   8,
	}
}

// counterID returns the id of a number that has been incremented.
func counterID(public tpm2.TPMSNVPublic) ([]byte, error) {
	public.Attributes.Written = true
	name, err := tpm2.NVName(&public)
	if err != nil {
		return nil, err
	}
	return append(binary.BigEndian.AppendUint32(nil, uint32(public.NVIndex)), name.Buffer...), nil
}

// parseCounterID accepts what counterID returns and nothing else.
func parseCounterID(id []byte) (*tpm2.TPMSNVPublic, error) {
	if len(id) == CounterIDSize {
		handle := tpm2.TPMHandle(binary.BigEndian.Uint32(id))
		if handle >= counterFirst && handle <= counterLast {
			public := counterPublic(handle)
			if want, err := counterID(public); err == nil && bytes.Equal(want, id) {
				public.Attributes.Written = true
				return &public, nil
			}
		}
	}
	return nil, fmt.Errorf("counter: %w: its name is damaged", ErrDamaged)
}

// readCounter asks for the number in a session whose answer only the TPM can sign.
func readCounter(d *device, primary *primaryKey, public *tpm2.TPMSNVPublic, auth []byte) (uint64, error) {
	written := *public
	written.Attributes.Written = true
	name, err := tpm2.NVName(&written)
	if err != nil {
		return 0, err
	}
	session := primary.encrypted(tpm2.AESEncryption(128, tpm2.EncryptOut), tpm2.Auth(auth))
	read, err := tpm2.NVRead{
		AuthHandle: tpm2.AuthHandle{Handle: public.NVIndex, Name: *name, Auth: session},
		NVIndex:    tpm2.NamedHandle{Handle: public.NVIndex, Name: *name},
		Size:       8,
	}.Execute(d)
	if err != nil {
		return 0, explainCounter(d, "read a counter", err)
	}
	if len(read.Data.Buffer) != 8 {
		return 0, fmt.Errorf("TPM %s: a counter of %d bytes", d.path, len(read.Data.Buffer))
	}
	return binary.BigEndian.Uint64(read.Data.Buffer), nil
}

func increment(d *device, primary *primaryKey, public *tpm2.TPMSNVPublic, auth []byte) (uint64, error) {
	name, err := tpm2.NVName(public)
	if err != nil {
		return 0, err
	}
	_, err = tpm2.NVIncrement{
		AuthHandle: tpm2.AuthHandle{Handle: public.NVIndex, Name: *name, Auth: primary.encrypted(tpm2.Auth(auth))},
		NVIndex:    tpm2.NamedHandle{Handle: public.NVIndex, Name: *name},
	}.Execute(d)
	if err != nil {
		return 0, explainCounter(d, "increment a counter", err)
	}
	return readCounter(d, primary, public, auth)
}

func explainCounter(d *device, what string, err error) error {
	if errors.Is(err, tpm2.TPMRCHandle) || errors.Is(err, tpm2.TPMRCBadAuth) || errors.Is(err, tpm2.TPMRCAuthFail) || errors.Is(err, tpm2.TPMRCNVUninitialized) {
		return fmt.Errorf("TPM %s: %w: it was deleted, or the TPM was cleared", d.path, ErrNoCounter)
	}
	return d.explain(what, err)
}
