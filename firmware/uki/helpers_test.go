package uki

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"tenin/firmware/keys"
)

// newStub makes a program in the form of systemd's stub, small, for tests that need no real one.
func newStub(version string) []byte {
	le := binary.LittleEndian
	const header, table, headers = 0x40, 0x40 + offOptional + 240, 0x200
	sections := []struct {
		name string
		data []byte
	}{
		{".text", bytes.Repeat([]byte{0xcc}, 700)},
		{".sbat", []byte("sbat,1,SBAT Version,sbat,1,https://example.org\n")},
		{".sdmagic", []byte(magic + version + " ####\x00")},
	}
	b := make([]byte, headers)
	copy(b, "MZ")
	le.PutUint32(b[60:], header)
	h, o := b[header:], b[header+offOptional:]
	copy(h, "PE\x00\x00")
	le.PutUint16(h[4:], machineX64)
	le.PutUint16(h[offSections:], uint16(len(sections)))
	le.PutUint16(h[offOptionalSize:], 240)
	le.PutUint16(o, 0x20b)
	le.PutUint32(o[optSectionAl:], 0x1000)
	le.PutUint32(o[optFileAl:], 0x200)
	le.PutUint32(o[optHeadersSize:], headers)
	le.PutUint32(o[optDirectories:], 16)
	for i, s := range sections {
		e := b[table+i*headerSize:]
		copy(e[:8], s.name)
		le.PutUint32(e[8:], uint32(len(s.data)))
		le.PutUint32(e[12:], uint32(0x1000*(i+1)))
		le.PutUint32(e[16:], uint32(alignUp(uint64(len(s.data)), 0x200)))
		le.PutUint32(e[20:], uint32(len(b)))
		le.PutUint32(e[36:], readData)
		b = append(b, s.data...)
		b = append(b, make([]byte, -len(s.data)&0x1ff)...)
	}
	le.PutUint32(b[header+offOptional+optImageSize:], uint32(0x1000*(len(sections)+1)))
	return b
}

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
		Stub:         write("stub", newStub("257.1-test")),
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
