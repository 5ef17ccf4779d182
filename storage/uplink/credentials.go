package uplink

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/nats-io/nkeys"
)

// CredentialsFile is the name of a device's credentials in its home.
const CredentialsFile = "hub"

// seedSize is the length of a device's Ed25519 seed in bytes.
const seedSize = 32

// Seed is a device's Ed25519 seed. It does not print.
type Seed struct{ b []byte }

// Bytes returns the seed itself, not a copy, for as short a use as can be.
func (s Seed) Bytes() []byte { return s.b }

// Destroy overwrites the seed and all copies of s.
func (s Seed) Destroy() { clear(s.b) }

// Format writes "[secret]" whatever the verb.
func (Seed) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[secret]")) }

// LogValue gives slog the text "[secret]".
func (Seed) LogValue() slog.Value { return slog.StringValue("[secret]") }

// MarshalJSON returns the JSON string "[secret]".
func (Seed) MarshalJSON() ([]byte, error) { return []byte(`"[secret]"`), nil }

// Credentials is how one device reaches its hub.
type Credentials struct {
	Address   string // host:port
	Authority []byte // DER certificate of the hub's authority: the only root
	Device    string // the name that the hub gave
	Seed      Seed   // 32 bytes
	// Binding is what the hub made of the device's TPM, as Join heard it. It is not
	// kept here: the hub has it.
	Binding Binding
}

// Seal guards the seed inside a credentials file; a TPM or a key file does.
type Seal interface {
	Seal(seed []byte) ([]byte, error)
	Unseal(blob []byte) ([]byte, error)
}

// Key returns the device's public NKey.
func (c Credentials) Key() (string, error) {
	pair, err := nkeys.FromRawSeed(nkeys.PrefixByteUser, c.Seed.b)
	if err != nil {
		return "", fmt.Errorf("credentials: %w: the seed is not one", ErrDamaged)
	}
	defer pair.Wipe()
	return pair.PublicKey()
}

// sign answers the hub's challenge.
func (c Credentials) sign(nonce []byte) ([]byte, error) {
	pair, err := nkeys.FromRawSeed(nkeys.PrefixByteUser, c.Seed.b)
	if err != nil {
		return nil, fmt.Errorf("credentials: %w: the seed is not one", ErrDamaged)
	}
	defer pair.Wipe()
	return pair.Sign(nonce)
}

func (c Credentials) check() error {
	switch authority, err := x509.ParseCertificate(c.Authority); {
	case err != nil || !authority.IsCA:
		return fmt.Errorf("%w: the hub's authority is no certificate", ErrDamaged)
	case len(c.Seed.b) != seedSize:
		return fmt.Errorf("%w: the seed has not %d bytes", ErrDamaged, seedSize)
	case CheckName(c.Device) != nil:
		return fmt.Errorf("%w: the device's name is not one", ErrDamaged)
	}
	if _, err := hostPort(c.Address); err != nil {
		return fmt.Errorf("%w: the hub's address is not one", ErrDamaged)
	}
	return nil
}

// hostPort returns address with the default port where it names none.
func hostPort(address string) (string, error) {
	bad := errors.New("not an address: write host or host:port, as in hub.example.jp:" + DefaultPort)
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		host, port = strings.Trim(address, "[]"), DefaultPort
		if strings.Contains(host, ":") && net.ParseIP(host) == nil {
			return "", bad
		}
	}
	if host == "" || port == "" || strings.ContainsAny(host+port, " /@\t\r\n") || len(host) > 255 {
		return "", bad
	}
	return net.JoinHostPort(host, port), nil
}

// stored is the file's form. Just one of Seed and Sealed is there.
type stored struct {
	Version   int    `json:"version"`
	Address   string `json:"address"`
	Authority []byte `json:"authority"`
	Device    string `json:"device"`
	Seed      []byte `json:"seed,omitempty"`
	Sealed    []byte `json:"sealed,omitempty"`
}

// WriteCredentials writes c to path, readable by its owner only, replacing the file
// as a whole. A nil seal stores the seed as it is.
func WriteCredentials(path string, c Credentials, seal Seal) error {
	b, err := encodeCredentials(c, seal)
	if err != nil {
		return err
	}
	defer clear(b)
	return ReplaceFile(path, b)
}

func encodeCredentials(c Credentials, seal Seal) ([]byte, error) {
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("credentials: %w", err)
	}
	f := stored{Version: 1, Address: c.Address, Authority: c.Authority, Device: c.Device, Seed: c.Seed.b}
	if seal != nil {
		blob, err := seal.Seal(c.Seed.b)
		if err != nil {
			return nil, fmt.Errorf("credentials: the seed cannot be sealed: %w", err)
		}
		f.Seed, f.Sealed = nil, blob
	}
	return json.Marshal(f)
}

// ReadCredentials reads what WriteCredentials wrote. The error wraps
// ErrNotEnrolled where there is no file, ErrNotPrivate where others may use it, and
// ErrDamaged where it is not whole.
func ReadCredentials(path string, seal Seal) (Credentials, error) {
	return readPrivate(path, func(b []byte) (Credentials, error) { return decodeCredentials(b, seal) })
}

// ParseCredentials is ReadCredentials for the file's content, where somebody else has
// read it and guards it, as systemd does for LoadCredential=.
func ParseCredentials(b []byte, seal Seal) (Credentials, error) { return decodeCredentials(b, seal) }

// HubAddress returns the hub's address, host:port, from the same file, for whoever
// need not open a sealed seed. Its errors are those of ReadCredentials.
func HubAddress(path string) (string, error) {
	return readPrivate(path, func(b []byte) (string, error) {
		f, err := decodeStored(b)
		if err != nil {
			return "", err
		}
		defer clear(f.Seed)
		return hostPort(f.Address)
	})
}

// readPrivate has decode read the credentials at path, and wipes them afterwards.
func readPrivate[T any](path string, decode func([]byte) (T, error)) (result T, err error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return result, ErrNotEnrolled
	} else if err != nil {
		return result, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return result, err
	}
	switch {
	case !info.Mode().IsRegular():
		return result, fmt.Errorf("%s: %w: it is no file", path, ErrDamaged)
	case info.Mode().Perm()&0o077 != 0:
		return result, fmt.Errorf("%s: %w: `chmod 600` it, and join the hub anew if somebody may have read it", path, ErrNotPrivate)
	}
	b, err := io.ReadAll(io.LimitReader(f, maxCredentials+1))
	if err != nil {
		return result, err
	}
	defer clear(b)
	if result, err = decode(b); err != nil {
		return result, fmt.Errorf("%s: %w", path, err)
	}
	return result, nil
}

const maxCredentials = 16 << 10

// decodeStored returns the file's form of b, as strictly as it was written.
func decodeStored(b []byte) (f stored, err error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if len(b) > maxCredentials || d.Decode(&f) != nil || f.Version != 1 || (f.Seed == nil) == (f.Sealed == nil) {
		return stored{}, fmt.Errorf("%w: it is no credentials file", ErrDamaged)
	}
	return f, nil
}

func decodeCredentials(b []byte, seal Seal) (Credentials, error) {
	f, err := decodeStored(b)
	if err != nil {
		return Credentials{}, err
	}
	if f.Sealed != nil {
		if seal == nil {
			return Credentials{}, fmt.Errorf("%w: the seed is sealed, and no seal is at hand", ErrDamaged)
		}
		seed, err := seal.Unseal(f.Sealed)
		if err != nil {
			return Credentials{}, fmt.Errorf("the seed cannot be unsealed: %w", err)
		}
		f.Seed = seed
	}
	c := Credentials{Address: f.Address, Authority: f.Authority, Device: f.Device, Seed: Seed{f.Seed}}
	if err := c.check(); err != nil {
		return Credentials{}, err
	}
	return c, nil
}

// ReplaceFile replaces the file at path by one with content b, mode 0600, so that at
// any moment the old or the new one is there whole.
func ReplaceFile(path string, b []byte) error {
	folder := filepath.Dir(path)
	f, err := os.CreateTemp(folder, "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(b)
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	d, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
