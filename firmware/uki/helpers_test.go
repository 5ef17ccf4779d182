package uki

import (
	"bytes"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"tenin/firmware/internal/sample"
	"tenin/firmware/keys"
)

// newParts writes small parts into a folder of the test's.
func newParts(t testing.TB) Parts {
	t.Helper()
	dir := t.TempDir()
	write := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return Parts{
		Stub:         write("stub", sample.Stub("257.1-test")),
		Linux:        write("linux", bytes.Repeat([]byte("kernel"), 5000)),
		Initrd:       write("initrd", bytes.Repeat([]byte("initrd!"), 3000)),
		Cmdline:      "quiet panic=5 tenin.version=7 tenin.root=aa,bb,4096",
		OSRelease:    "ID=tenin\nVERSION_ID=\"7\"\n",
		Uname:        "6.12.0-amd64",
		PCRPublicKey: testKeys(t).PCRPublic,
	}
}

// realStubs are systemd's own, where they are installed or named.
func realStubs() (paths []string) {
	for _, path := range []string{"/usr/lib/systemd/boot/efi/linuxx64.efi.stub", os.Getenv("TENIN_TEST_STUB")} {
		if _, err := os.Stat(path); path != "" && err == nil {
			paths = append(paths, path)
		}
	}
	return paths
}

// testFolders are made once: RSA keys take their time.
var testFolders = sync.OnceValues(func() ([2]string, error) {
	dir, err := os.MkdirTemp("", "uki-test-")
	if err != nil {
		return [2]string{}, err
	}
	folders := [2]string{filepath.Join(dir, "ours"), filepath.Join(dir, "theirs")}
	for i, owner := range []string{"Yamada Books", "Somebody Else"} {
		if err := keys.New(folders[i], keys.Options{Owner: owner, Now: time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)}); err != nil {
			return folders, err
		}
	}
	return folders, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if folders, err := testFolders(); err == nil {
		os.RemoveAll(filepath.Dir(folders[0]))
	}
	os.Exit(code)
}

func openKeys(t testing.TB, which int) *keys.Set {
	t.Helper()
	folders, err := testFolders()
	if err != nil {
		t.Fatal(err)
	}
	set, err := keys.Open(folders[which], nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(set.Destroy)
	return set
}

func testKeys(t testing.TB) *keys.Set  { return openKeys(t, 0) }
func otherKeys(t testing.TB) *keys.Set { return openKeys(t, 1) }

func assembled(t testing.TB, p Parts) []byte {
	t.Helper()
	image, err := Assemble(p)
	if err != nil {
		t.Fatal(err)
	}
	return image
}

func signed(t testing.TB, p Parts) []byte {
	t.Helper()
	image, err := SignPE(assembled(t, p), testKeys(t).DB)
	if err != nil {
		t.Fatal(err)
	}
	return image
}
