package flash

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tenin/firmware/keys"
	"tenin/firmware/powercut/powercuttest"
	"tenin/firmware/uki"
)

// TestWithKeysEverythingThatADeviceStartsIsVerified changes one thing after the other.
func TestWithKeysEverythingThatADeviceStartsIsVerified(t *testing.T) {
	newKeys := func() *keys.Set {
		dir := filepath.Join(t.TempDir(), "keys")
		if err := keys.New(dir, keys.Options{Owner: "Test"}); err != nil {
			t.Fatal(err)
		}
		set, err := keys.Open(dir, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(set.Destroy)
		return set
	}
	ours, others := newKeys(), newKeys()
	k := powercuttest.New(t, func(program []byte) []byte {
		signed, err := uki.SignPE(program, ours.DB)
		if err != nil {
			t.Fatal(err)
		}
		return signed
	})
	path := filepath.Join(t.TempDir(), "kiosk.img")
	write := func(b []byte) {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(k.Disk)
	c, err := VerifyImage(t.Context(), path, ours.DB.Certificate())
	if err != nil || c.Version != "1" || !c.Test {
		t.Fatalf("%+v %v", c, err)
	}
	if _, err := VerifyImage(t.Context(), path, others.DB.Certificate()); !errors.Is(err, ErrImage) || !strings.Contains(err.Error(), "signed by another") {
		t.Errorf("with other keys: %v", err)
	}
	if _, err := VerifyImage(t.Context(), path); !errors.Is(err, ErrImage) {
		t.Errorf("with nothing: %v", err)
	}
	kernel := bytes.Index(k.Disk, powercuttest.Noise(51, 64))
	for what, at := range map[string]int{"the system": powercuttest.RootA + 100_000, "the weights": powercuttest.ModelsA + 5, "the kernel image": kernel + 70_000} {
		b := bytes.Clone(k.Disk)
		b[at] ^= 1
		write(b)
		if _, err := VerifyImage(t.Context(), path, ours.DB.Certificate()); !errors.Is(err, ErrImage) || !strings.Contains(err.Error(), "no device would start from it") {
			t.Errorf("%s has another byte: %v", what, err)
		}
	}
	// What is beside the image counts too.
	write(k.Disk)
	if err := os.WriteFile(path+".sha256", bytes.Repeat([]byte("0"), 64), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := VerifyImage(t.Context(), path, ours.DB.Certificate()); !errors.Is(err, ErrImage) {
		t.Errorf("with another hash beside it: %v", err)
	}
	sidecarFor(t, path)
	if _, err := VerifyImage(t.Context(), path); err != nil {
		t.Errorf("with its hash beside it: %v", err)
	}
}
