package esp

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tenin/firmware/flash/gpt"
	"tenin/firmware/powercut/fat"
)

const offset = 1 << 20

// newFS makes a FAT file system at an offset of a file.
func newFS(t *testing.T) FS {
	t.Helper()
	for tool, pkg := range map[string]string{"mkfs.fat": "dosfstools", "mcopy": "mtools"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is missing: install the package %s to test with a file system", tool, pkg)
		}
	}
	image := filepath.Join(t.TempDir(), "an image @ home")
	if err := os.WriteFile(image, make([]byte, 9<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"mkfs.fat", "--invariant", "--offset", "2048", image, "8192"},
		{"mmd", "-i", image + "@@1048576", "::/EFI", "::/EFI/Linux"},
		{"mcopy", "-i", image + "@@1048576", put(t, "old"), "::/EFI/Linux/a long name+3.efi"},
		{"mcopy", "-i", image + "@@1048576", put(t, ""), "::/empty"},
	} {
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Env = append(os.Environ(), "SOURCE_DATE_EPOCH=1700000000", "TZ=UTC")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
	fs, err := Open(image, gpt.Partition{First: offset / gpt.Sector, Last: offset/gpt.Sector + 8<<20/gpt.Sector - 1})
	if err != nil {
		t.Fatal(err)
	}
	return fs
}

func put(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const long = "/EFI/Linux/a long name+3.efi"

func TestFilesAreListedReadAndReplaced(t *testing.T) {
	fs := newFS(t)
	list, err := fs.List()
	if err != nil || !slices.Equal(list, []string{"/EFI/Linux/a long name+3.efi", "/empty"}) {
		t.Errorf("%q %v", list, err)
	}
	if b, err := fs.Read(long, 100); err != nil || string(b) != "old" {
		t.Errorf("%q %v", b, err)
	}
	if b, err := fs.Read("/empty", 100); err != nil || len(b) != 0 {
		t.Errorf("%q %v", b, err)
	}
	content := bytes.Repeat([]byte("new"), 1<<20)
	if err := fs.Replace(t.Context(), long, content); err != nil {
		t.Fatal(err)
	}
	if b, err := fs.Read(long, 4<<20); err != nil || !bytes.Equal(b, content) {
		t.Errorf("%d bytes: %v", len(b), err)
	}
	if _, err := fs.Read(long, 1<<20); err == nil || !strings.Contains(err.Error(), long) {
		t.Error(err)
	}
	if _, err := fs.Read("/gone", 100); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	if s, err := fs.Check(); err != nil || len(s.Crossed)+len(s.Broken) > 0 || s.CopiesDiffer {
		t.Errorf("mtools left a file system that is %+v: %v", s, err)
	}
}

func TestReplacingWithTheSameBytesChangesNoByteOfTheFileSystem(t *testing.T) {
	fs := newFS(t)
	read := func() []byte {
		b, err := os.ReadFile(fs.path)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	if err := fs.Replace(t.Context(), long, []byte("new")); err != nil {
		t.Fatal(err)
	}
	first := read()
	if err := fs.Replace(t.Context(), long, []byte("new")); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, read()) {
		t.Error("the same content makes another file system")
	}
}

func TestWhatIsNoFileSystemIsSaid(t *testing.T) {
	fs := newFS(t)
	if err := os.WriteFile(fs.path, make([]byte, 9<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := fs.List(); !errors.Is(err, fat.ErrDamaged) {
		t.Error(err)
	}
	if err := fs.Replace(t.Context(), long, nil); err == nil {
		t.Error("a file was replaced where there is none")
	}
}

func TestWithoutMtoolsThePackageIsNamed(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if err := (FS{}).Replace(t.Context(), long, nil); !errors.Is(err, ErrNoTool) || !strings.Contains(err.Error(), "install the package mtools") {
		t.Error(err)
	}
}
