package verify

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"tenin/firmware/flash/gpt"
	"tenin/firmware/internal/sample"
	"tenin/firmware/keys"
	"tenin/firmware/uki"
	"tenin/firmware/verity"
)

// folders are two shops' keys, made once: RSA keys take their time.
var folders = sync.OnceValues(func() ([2]string, error) {
	dir, err := os.MkdirTemp("", "verify-test-")
	if err != nil {
		return [2]string{}, err
	}
	all := [2]string{filepath.Join(dir, "ours"), filepath.Join(dir, "theirs")}
	for i, owner := range []string{"Yamada Books", "Somebody Else"} {
		if err := keys.New(all[i], keys.Options{Owner: owner}); err != nil {
			return all, err
		}
	}
	return all, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if all, err := folders(); err == nil {
		os.RemoveAll(filepath.Dir(all[0]))
	}
	os.Exit(code)
}

func openKeys(t *testing.T, which int) *keys.Set {
	t.Helper()
	all, err := folders()
	if err != nil {
		t.Fatal(err)
	}
	set, err := keys.Open(all[which], nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(set.Destroy)
	return set
}

func put(t *testing.T, name string, content []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// newSlot returns a small slot image whose content depends on seed.
func newSlot(seed uint64, blocks int) ([]byte, verity.Image) {
	data := make([]byte, blocks*verity.Block)
	for i := range blocks {
		sum := sha256.Sum256(binary.LittleEndian.AppendUint64(nil, seed+uint64(i)))
		copy(data[i*verity.Block:], sum[:])
	}
	return sample.Verity(data, []byte("salt"), [16]byte{byte(seed), 1})
}

// newKernel returns an unsigned kernel image.
func newKernel(t *testing.T, version int, root, models verity.Image, more string) []byte {
	t.Helper()
	image, err := uki.Assemble(uki.Parts{
		Stub: put(t, "stub", sample.Stub("257.1")), Linux: put(t, "linux", []byte("kernel")), Initrd: put(t, "initrd", []byte("initrd")),
		Cmdline:   strings.TrimSpace(fmt.Sprintf("quiet tenin.version=%d tenin.root=%s tenin.models=%s %s", version, root, models, more)),
		OSRelease: fmt.Sprintf("ID=tenin\nVERSION_ID=%d\n", version),
	})
	if err != nil {
		t.Fatal(err)
	}
	return image
}

func signed(t *testing.T, image []byte, set *keys.Set) []byte {
	t.Helper()
	var err error
	if uki.IsUKI(image) {
		image, err = uki.Sign(image, set)
	} else {
		image, err = uki.SignPE(image, set.DB)
	}
	if err != nil {
		t.Fatal(err)
	}
	return image
}

// needTools skips a test of disks where there is nothing to make one with.
func needTools(t *testing.T) {
	t.Helper()
	for tool, pkg := range map[string]string{"sfdisk": "fdisk", "mkfs.fat": "dosfstools", "mcopy": "mtools", "mmd": "mtools"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is missing: install the package %s to test with disks", tool, pkg)
		}
	}
}

func run(t *testing.T, in string, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Stdin = strings.NewReader(in)
	cmd.Env = append(os.Environ(), "MTOOLS_SKIP_CHECK=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
}

// disk is a small disk in the layout of a device.
type disk struct {
	t    *testing.T
	path string
	// files are what its ESP gets, slots what its partitions get.
	files map[string][]byte
	slots map[string][]byte
}

const mib = 1 << 20

var layout = []struct {
	name        string
	start, size int64
}{{"esp", 1, 8}, {"root-a", 9, 2}, {"root-b", 11, 2}, {"models-a", 13, 1}, {"models-b", 14, 1}}

func (d *disk) make() string {
	d.t.Helper()
	d.path = filepath.Join(d.t.TempDir(), "kiosk.img")
	if err := os.WriteFile(d.path, nil, 0o600); err != nil {
		d.t.Fatal(err)
	}
	if err := os.Truncate(d.path, 16*mib); err != nil {
		d.t.Fatal(err)
	}
	script := "label: gpt\nunit: sectors\n"
	for _, p := range layout {
		script += fmt.Sprintf("start=%d, size=%d, name=%q\n", p.start*mib/gpt.Sector, p.size*mib/gpt.Sector, p.name)
	}
	run(d.t, script, "sfdisk", "-q", d.path)
	esp := put(d.t, "esp", make([]byte, 8*mib))
	run(d.t, "", "mkfs.fat", esp)
	var folders []string
	for name := range d.files {
		for dir := path.Dir(name); dir != "/"; dir = path.Dir(dir) {
			folders = append(folders, "::"+dir)
		}
	}
	slices.Sort(folders) // a folder comes before what is in it
	run(d.t, "", "mmd", append([]string{"-i", esp}, slices.Compact(folders)...)...)
	for name, content := range d.files {
		run(d.t, "", "mcopy", "-i", esp, put(d.t, "f", content), "::"+name)
	}
	b, err := os.ReadFile(esp)
	if err != nil {
		d.t.Fatal(err)
	}
	d.write("esp", 0, b)
	for name, content := range d.slots {
		d.write(name, 0, content)
	}
	return d.path
}

// write puts bytes into a partition; the name "" is the whole disk.
func (d *disk) write(name string, at int64, b []byte) {
	d.t.Helper()
	f, err := os.OpenFile(d.path, os.O_WRONLY, 0)
	if err != nil {
		d.t.Fatal(err)
	}
	defer f.Close()
	for _, p := range layout {
		if p.name == name {
			at += p.start * mib
		}
	}
	if _, err := f.WriteAt(b, at); err != nil {
		d.t.Fatal(err)
	}
}

// newDisk describes a disk of two versions that verifies; both share the weights.
func newDisk(t *testing.T) *disk {
	t.Helper()
	set := openKeys(t, 0)
	one, oneName := newSlot(1, 130)
	two, twoName := newSlot(40, 131)
	weights, weightsName := newSlot(90, 4)
	auth, err := os.ReadFile(filepath.Join(set.Dir, "db.auth"))
	if err != nil {
		t.Fatal(err)
	}
	loader := signed(t, sample.Stub("257.1"), set)
	return &disk{t: t,
		files: map[string][]byte{
			"/EFI/BOOT/BOOTX64.EFI":               loader,
			"/EFI/systemd/systemd-bootx64.efi":    loader,
			"/EFI/Linux/tenin_1.efi":              signed(t, newKernel(t, 1, oneName, weightsName, ""), set),
			"/EFI/Linux/tenin_2+3.efi":            signed(t, newKernel(t, 2, twoName, weightsName, ""), set),
			"/loader/loader.conf":                 []byte("timeout 0\n"),
			"/loader/keys/auto/db.auth":           auth,
			"/loader/random-seed":                 []byte("0123456789"),
			"/EFI/a folder with a long name/note": []byte("x"),
		},
		slots: map[string][]byte{"root-a": one, "root-b": two, "models-a": weights},
	}
}

// says returns the words of the parts that are not right.
func says(r Report) (bad []string) {
	for _, p := range r.Parts {
		if !p.OK {
			bad = append(bad, p.Part+": "+p.Says)
		}
	}
	return bad
}

func contains(all []string, text string) bool {
	for _, s := range all {
		if strings.Contains(s, text) {
			return true
		}
	}
	return false
}

func flipped(b []byte, i int) []byte {
	b = bytes.Clone(b)
	b[i] ^= 0x10
	return b
}
