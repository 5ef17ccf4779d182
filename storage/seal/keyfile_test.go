package seal

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// sealedKeyFile returns a key file in a new folder and a blob it sealed.
func sealedKeyFile(t *testing.T) (*KeyFile, []byte) {
	t.Helper()
	k := NewKeyFile(filepath.Join(t.TempDir(), "tenin.key"))
	blob, err := k.Seal(Random(32))
	if err != nil {
		t.Fatal(err)
	}
	return k, blob
}

func TestTheKeyFileIsPrivateAndTheOnlyFileMade(t *testing.T) {
	k, _ := sealedKeyFile(t)
	info, err := os.Stat(k.Path())
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode() != 0o600 || info.Size() != 32 {
		t.Fatalf("mode %v, %d bytes", info.Mode(), info.Size())
	}
	if left, _ := os.ReadDir(filepath.Dir(k.Path())); len(left) != 1 {
		t.Fatalf("left behind: %v", left)
	}
}

func TestAKeyFileThatOthersMayUseIsRefusedWithTheCommandThatHelps(t *testing.T) {
	k, blob := sealedKeyFile(t)
	for _, mode := range []os.FileMode{0o640, 0o604, 0o660, 0o622, 0o601} {
		if err := os.Chmod(k.Path(), mode); err != nil {
			t.Fatal(err)
		}
		_, err := k.Unseal(blob)
		if !errors.Is(err, ErrUnsafe) || !strings.Contains(err.Error(), "chmod 600 "+k.Path()) {
			t.Fatalf("mode %o: %v", mode, err)
		}
		if _, err := k.Seal(Random(32)); !errors.Is(err, ErrUnsafe) {
			t.Fatalf("mode %o: Seal: %v", mode, err)
		}
	}
}

func TestAKeyFileOfAnotherUserIsRefused(t *testing.T) {
	k, _ := sealedKeyFile(t)
	info, err := os.Stat(k.Path())
	if err != nil {
		t.Fatal(err)
	}
	if err := checkPrivate(k.Path(), info, os.Geteuid()+1); !errors.Is(err, ErrUnsafe) || !strings.Contains(err.Error(), "chown") {
		t.Fatal(err)
	}
}

func TestWhatIsNotARegularFileIsRefused(t *testing.T) {
	k, blob := sealedKeyFile(t)
	link := NewKeyFile(k.Path() + ".link")
	if err := os.Symlink(k.Path(), link.Path()); err != nil {
		t.Fatal(err)
	}
	pipe := NewKeyFile(k.Path() + ".pipe")
	if err := syscall.Mkfifo(pipe.Path(), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []*KeyFile{link, pipe} {
		if _, err := bad.Unseal(blob); !errors.Is(err, ErrUnsafe) {
			t.Fatalf("%s: %v", bad.Path(), err)
		}
	}
}

func TestACutKeyFileIsDamaged(t *testing.T) {
	k, blob := sealedKeyFile(t)
	if err := os.Truncate(k.Path(), 31); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Unseal(blob); !errors.Is(err, ErrDamaged) {
		t.Fatal(err)
	}
}

func TestALostKeyFileIsNotReplaced(t *testing.T) {
	k, blob := sealedKeyFile(t)
	if err := os.Remove(k.Path()); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Unseal(blob); !errors.Is(err, ErrNoKey) {
		t.Fatal(err)
	}
	if _, err := k.Seal(Random(32)); !errors.Is(err, ErrNoKey) {
		t.Fatalf("a new key was made in the place of a lost one: %v", err)
	}
	if _, err := os.Stat(k.Path()); !errors.Is(err, fs.ErrNotExist) {
		t.Fatal("a key file is there")
	}
}

func TestTwoFirstStartsAgreeOnOneKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tenin.key")
	blobs := make([][]byte, 8)
	var wg sync.WaitGroup
	for i := range blobs {
		wg.Go(func() {
			var err error
			if blobs[i], err = NewKeyFile(path).Seal(Random(32)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, b := range blobs {
		if _, err := NewKeyFile(path).Unseal(b); err != nil {
			t.Fatal(err)
		}
	}
}

func TestADestroyedKeyFileIsGoneAndItsBlockHoldsAnotherKey(t *testing.T) {
	k, blob := sealedKeyFile(t)
	// A second name shows what the block holds afterwards.
	old, err := os.ReadFile(k.Path())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Link(k.Path(), k.Path()+".block"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := k.Destroy(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := k.Unseal(blob); !errors.Is(err, ErrNoKey) {
		t.Fatal(err)
	}
	if now, err := os.ReadFile(k.Path() + ".block"); err != nil || string(now) == string(old) || len(now) != len(old) {
		t.Fatalf("the key is still in its block: %v", err)
	}
}
