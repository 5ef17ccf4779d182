package bundle

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"tenin/firmware/internal/sample"
	"tenin/firmware/uki"
	"tenin/firmware/verity"
)

func newKey(seed byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize))
}

func public(k ed25519.PrivateKey) ed25519.PublicKey { return k.Public().(ed25519.PublicKey) }

// newSlot returns a small slot image whose content depends on seed.
func newSlot(seed uint64, blocks int) ([]byte, verity.Image) {
	data := make([]byte, blocks*verity.Block)
	for i := range blocks {
		sum := sha256.Sum256(binary.LittleEndian.AppendUint64(nil, seed+uint64(i)))
		copy(data[i*verity.Block:], sum[:])
	}
	return sample.Verity(data, []byte("salt"), [16]byte{byte(seed), 1})
}

// newUKI returns a small kernel image with that command line.
func newUKI(t testing.TB, cmdline string) []byte {
	t.Helper()
	dir := t.TempDir()
	write := func(name string, b []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	image, err := uki.Assemble(uki.Parts{
		Stub: write("stub", sample.Stub("257.1")), Linux: write("linux", []byte("kernel")), Initrd: write("initrd", []byte("initrd")),
		Cmdline: cmdline, OSRelease: "ID=tenin\nVERSION_ID=7\n",
	})
	if err != nil {
		t.Fatal(err)
	}
	return image
}

func newFiles(t testing.TB, version int, withModels bool) Files {
	t.Helper()
	root, rootName := newSlot(1, 130)
	models, modelsName := newSlot(2, 3)
	f := Files{
		UKI:  newUKI(t, fmt.Sprintf("quiet tenin.version=%d tenin.root=%s tenin.models=%s", version, rootName, modelsName)),
		Root: bytes.NewReader(root),
	}
	if withModels {
		f.Models = bytes.NewReader(models)
	}
	return f
}

var given = Manifest{Product: "tenin-kiosk", Name: "1.4.0", Created: 1700000000, Arch: "amd64", Vault: Vault{Writes: 3, ReadsFrom: 2}}

func newBundle(t testing.TB, m Manifest, key ed25519.PrivateKey, f Files) []byte {
	t.Helper()
	var b bytes.Buffer
	if _, err := Write(t.Context(), &b, m, key, f, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// checkAll opens a bundle and reads all of it.
func checkAll(b []byte, pub ed25519.PublicKey) error {
	opened, err := Open(bytes.NewReader(b), int64(len(b)), pub)
	if err != nil {
		return err
	}
	for _, name := range opened.Files() {
		if err := opened.Copy(name, &bytes.Buffer{}); err != nil {
			return err
		}
	}
	image, err := opened.UKI()
	if err != nil {
		return err
	}
	return opened.Manifest().CheckUKI(image)
}
