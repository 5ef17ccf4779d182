package image

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func needTools(t *testing.T, names ...string) {
	t.Helper()
	for _, n := range names {
		if _, err := FindTool(n); err != nil {
			t.Skipf("%s is not installed", n)
		}
	}
}

func TestASlotIsTheSameForTheSameFilesAndItsHashesFindOneFlippedByte(t *testing.T) {
	needTools(t, "mksquashfs", "veritysetup")
	tree := writeTree(t, map[string]string{"usr/bin/x": strings.Repeat("word ", 100_000), "etc/y": "y"})
	one, two := filepath.Join(t.TempDir(), "a.img"), filepath.Join(t.TempDir(), "b.img")
	a, err := makeSlot(context.Background(), tree, one, rootCompression, 1_000_000_000)
	if err != nil {
		t.Fatal(err)
	}
	b, err := makeSlot(context.Background(), tree, two, rootCompression, 1_000_000_000)
	if err != nil {
		t.Fatal(err)
	}
	if a.Hash != b.Hash || a.SHA256 != b.SHA256 || a.UUID != b.UUID {
		t.Errorf("%+v\n%+v", a, b)
	}
	if err := sameFile(one, two); err != nil {
		t.Error(err)
	}
	data, err := os.ReadFile(one)
	if err != nil {
		t.Fatal(err)
	}
	if int64(len(data)) != a.Size || a.DataSize%block != 0 || !bytes.HasPrefix(data[a.DataSize:], []byte("verity\x00\x00")) {
		t.Fatalf("%+v", a)
	}
	// A slot is found by what the superblock says 16 bytes in.
	if got := strings.ReplaceAll(a.UUID, "-", ""); got != hexOf(data[a.DataSize+16:a.DataSize+32]) {
		t.Error(got)
	}
	verify := func() error {
		path, _ := FindTool("veritysetup")
		return exec.Command(path, "verify", "--hash-offset="+itoa(a.DataSize), one, one, a.Hash).Run()
	}
	if err := verify(); err != nil {
		t.Error(err)
	}
	data[100] ^= 1
	if err := os.WriteFile(one, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if verify() == nil {
		t.Error("a flipped byte was not found")
	}
}

func hexOf(b []byte) string {
	const digits = "0123456789abcdef"
	var s strings.Builder
	for _, v := range b {
		s.WriteByte(digits[v>>4])
		s.WriteByte(digits[v&15])
	}
	return s.String()
}

func TestTheWayIntoTheSystemIsAScriptThatAShellUnderstands(t *testing.T) {
	needTools(t, "sh")
	path := filepath.Join(t.TempDir(), "init")
	if err := os.WriteFile(path, initScript, 0o700); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("sh", "-n", path).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

func TestWeightsThatAreNotWhatTheyShouldBeAreRefused(t *testing.T) {
	from := filepath.Join(t.TempDir(), "w")
	if err := os.WriteFile(from, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	const right = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
	if err := copyWeight(filepath.Join(t.TempDir(), "licences", "w"), from, right); err != nil {
		t.Error(err)
	}
	if err := copyWeight(filepath.Join(t.TempDir(), "w"), from, strings.Repeat("0", 64)); err == nil || !strings.Contains(err.Error(), "models verify") {
		t.Error(err)
	}
}
