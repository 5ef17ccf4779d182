package uplink

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func someCredentials(t testing.TB) Credentials {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "x"}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, form, form, public, private)
	if err != nil {
		t.Fatal(err)
	}
	c := Credentials{Address: "hub.example.jp:4222", Authority: der, Device: "ginza-1", Seed: Seed{make([]byte, seedSize)}}
	_, _ = rand.Read(c.Seed.b)
	return c
}

// flipping is a seal for tests.
type flipping struct{ broken bool }

func (f flipping) Seal(seed []byte) ([]byte, error) {
	b := bytes.Clone(seed)
	for i := range b {
		b[i] ^= 0x55
	}
	return b, nil
}

func (f flipping) Unseal(blob []byte) ([]byte, error) {
	if f.broken {
		return nil, errors.New("another machine's")
	}
	return f.Seal(blob)
}

func TestCredentialsAreReadAgainSealedOrNot(t *testing.T) {
	for _, seal := range []Seal{nil, flipping{}} {
		c := someCredentials(t)
		path := filepath.Join(t.TempDir(), CredentialsFile)
		if err := WriteCredentials(path, c, seal); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", info.Mode(), err)
		}
		again, err := ReadCredentials(path, seal)
		if err != nil || again.Address != c.Address || again.Device != c.Device || !bytes.Equal(again.Seed.b, c.Seed.b) || !bytes.Equal(again.Authority, c.Authority) {
			t.Errorf("%v", err)
		}
		if seal == nil {
			continue
		}
		if _, err := ReadCredentials(path, nil); !errors.Is(err, ErrDamaged) {
			t.Errorf("without the seal: %v", err)
		}
		if _, err := ReadCredentials(path, flipping{broken: true}); err == nil {
			t.Error("another machine read it")
		}
	}
}

func TestCredentialsThatOthersMayReadAreRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), CredentialsFile)
	if _, err := ReadCredentials(path, nil); !errors.Is(err, ErrNotEnrolled) {
		t.Errorf("no file: %v", err)
	}
	if err := WriteCredentials(path, someCredentials(t), nil); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadCredentials(path, nil); !errors.Is(err, ErrNotPrivate) {
		t.Errorf("%v", err)
	}
}

func TestAnAddressMayLeaveOutThePort(t *testing.T) {
	for text, want := range map[string]string{
		"hub": "hub:4222", "hub:1": "hub:1", "192.0.2.1": "192.0.2.1:4222", "2001:db8::1": "[2001:db8::1]:4222", "[2001:db8::1]": "[2001:db8::1]:4222",
		"[2001:db8::1]:5": "[2001:db8::1]:5",
	} {
		if got, err := hostPort(text); err != nil || got != want {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	for _, bad := range []string{"", ":4222", "nats://hub", "a b", "user@hub:1", "hub:"} {
		if got, err := hostPort(bad); err == nil {
			t.Errorf("%q: %q", bad, got)
		}
	}
}

func FuzzCredentialsAreReadOrRefused(f *testing.F) {
	b, err := encodeCredentials(someCredentials(f), nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte("{}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := decodeCredentials(b, nil)
		if err != nil {
			if !errors.Is(err, ErrDamaged) {
				t.Error(err)
			}
			return
		}
		if _, err := encodeCredentials(c, nil); err != nil {
			t.Error("what was read cannot be written")
		}
	})
}
