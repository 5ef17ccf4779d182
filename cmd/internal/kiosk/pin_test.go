package kiosk

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tenin/storage/seal"
)

func TestAPINComesFromItsFileBeforeTheCredential(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("tenin.pin", "246810\n", 0o600)
	t.Setenv("CREDENTIALS_DIRECTORY", dir)
	for file, want := range map[string]string{
		"":                                   "246810",
		write("own", "135790", 0o600):        "135790",
		write("lines", "135 790\r\n", 0o600): "135 790",
		write("japanese", "ひみつの番号", 0o600): "ひみつの番号",
	} {
		find := FindPIN(file)
		for range 2 {
			// Each caller destroys its own.
			pin, err := find("PIN: ")
			if err != nil || string(pin.Bytes()) != want {
				t.Fatalf("%q: %v", file, err)
			}
			pin.Destroy()
		}
	}
	for file, want := range map[string]error{
		write("open", "135790", 0o644):                  seal.ErrUnsafe,
		write("empty", "\n", 0o600):                     seal.ErrNoKey,
		write("two", "135790\n24\n", 0o600):             seal.ErrNoKey,
		filepath.Join(dir, "none"):                      fs.ErrNotExist,
		write("long", strings.Repeat("1", 2000), 0o600): seal.ErrNoKey,
	} {
		if _, err := FindPIN(file)("PIN: "); !errors.Is(err, want) || strings.Contains(err.Error(), "1357") {
			t.Errorf("%s: %v", file, err)
		}
	}
}

func TestWhereNobodyCanBeAskedThatIsSaid(t *testing.T) {
	t.Setenv("CREDENTIALS_DIRECTORY", "")
	nobody, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer nobody.Close()
	in := os.Stdin
	os.Stdin = nobody
	defer func() { os.Stdin = in }()
	if _, err := FindPIN("")("PIN: "); !errors.Is(err, seal.ErrNoKey) || !strings.Contains(err.Error(), "--pin-file") {
		t.Fatal(err)
	}
	if _, err := NewPIN("")("PIN: "); !errors.Is(err, seal.ErrNoKey) {
		t.Fatal(err)
	}
}
