package powercuttest

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"tenin/firmware/flash/gpt/gpttest"
	"tenin/firmware/internal/sample"
	"tenin/firmware/uki"
	"tenin/firmware/verity"
)

// The disk of a [Kiosk], in bytes: an ESP, two slots for the system and one for weights.
const (
	ESP      = 1 << 20
	ESPSize  = 8 << 20
	SlotSize = 2 << 20
	RootA    = ESP + ESPSize
	RootB    = RootA + SlotSize
	ModelsA  = RootB + SlotSize
	Size     = ModelsA + SlotSize + 1<<20
)

// A Kiosk is a disk that starts version 1 from root-a, with something old in root-b.
type Kiosk struct {
	t testing.TB
	// Disk is what is on it, but for the changes that Tools made to the ESP.
	Disk []byte
	sign func(program []byte) []byte
	esp  string
}

// New makes the disk. sign signs its programs; nil leaves them as they are. The test is skipped where mkfs.fat or mtools
// are missing.
func New(t testing.TB, sign func(program []byte) []byte) *Kiosk {
	t.Helper()
	for _, tool := range []string{"mkfs.fat", "mcopy"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(tool + " is missing")
		}
	}
	if sign == nil {
		sign = func(program []byte) []byte { return program }
	}
	k := &Kiosk{t: t, Disk: make([]byte, Size), sign: sign, esp: filepath.Join(t.TempDir(), "esp")}
	if err := gpttest.Write(k, Size, gpttest.Part{Name: "esp", Offset: ESP, Size: ESPSize},
		gpttest.Part{Name: "root-a", Offset: RootA, Size: SlotSize}, gpttest.Part{Name: "root-b", Offset: RootB, Size: SlotSize},
		gpttest.Part{Name: "models-a", Offset: ModelsA, Size: SlotSize}); err != nil {
		t.Fatal(err)
	}
	for at, version := range map[int]uint64{RootA: 1, RootB: 9, ModelsA: weights} {
		image, _ := Slot(version)
		copy(k.Disk[at:], image)
	}
	if err := os.WriteFile(k.esp, make([]byte, ESPSize), 0o600); err != nil {
		t.Fatal(err)
	}
	k.run(nil, "mkfs.fat", "-F", "16", "-s", "1", "-i", "1234", k.esp)
	k.Tools(nil, "mmd", "::/EFI", "::/EFI/BOOT", "::/EFI/Linux", "::/loader")
	k.Tools(sign(sample.Stub("257.1")), "mcopy", "-", "::/EFI/BOOT/BOOTX64.EFI")
	k.Tools([]byte("timeout 0\n"), "mcopy", "-", "::/loader/loader.conf")
	k.Tools(k.Kernel(1), "mcopy", "-", "::/EFI/Linux/tenin_1.efi")
	copy(k.Disk[ESP:], k.ReadESP())
	return k
}

// weights is the version in models-a, which all kernel images name.
const weights = 77

// Fatal ends the test.
func (k *Kiosk) Fatal(why string) {
	k.t.Helper()
	k.t.Fatal(why)
}

// WriteAt implements io.WriterAt.
func (k *Kiosk) WriteAt(p []byte, off int64) (int, error) { return copy(k.Disk[off:], p), nil }

// ReadESP returns the ESP as Tools left it.
func (k *Kiosk) ReadESP() []byte {
	k.t.Helper()
	b, err := os.ReadFile(k.esp)
	if err != nil {
		k.t.Fatal(err)
	}
	return b
}

// Tools calls one of mtools on the ESP.
func (k *Kiosk) Tools(input []byte, tool string, args ...string) {
	k.t.Helper()
	k.run(input, tool, append([]string{"-i", k.esp}, args...)...)
}

func (k *Kiosk) run(input []byte, name string, args ...string) {
	k.t.Helper()
	c := exec.Command(name, args...)
	c.Env = append(os.Environ(), "MTOOLS_SKIP_CHECK=1")
	c.Stdin = bytes.NewReader(input)
	if out, err := c.CombinedOutput(); err != nil {
		k.t.Fatalf("%s %v: %v: %s", name, args, err, out)
	}
}

// Noise returns n bytes that are the same each time.
func Noise(seed uint64, n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{byte(seed)}).Read(b)
	return b
}

// Slot returns a slot's content for a version, and its name.
func Slot(version uint64) ([]byte, verity.Image) {
	salt := Noise(version+100, 32)
	return sample.Verity(Noise(version, 150*verity.Block), salt, [16]byte(salt[:16]))
}

// Kernel returns a version's kernel image, which names its slots.
func (k *Kiosk) Kernel(version uint64) []byte {
	k.t.Helper()
	dir := k.t.TempDir()
	put := func(name string, b []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			k.t.Fatal(err)
		}
		return path
	}
	_, root := Slot(version)
	_, models := Slot(weights)
	b, err := uki.Assemble(uki.Parts{
		Stub: put("stub", sample.Stub("257.1")), Linux: put("linux", Noise(version+50, 150_000)), Initrd: put("initrd", Noise(version+60, 30_000)),
		Cmdline:   fmt.Sprintf("quiet tenin.version=%d tenin.root=%s tenin.models=%s", version, root, models),
		OSRelease: fmt.Sprintf("NAME=Tenin\nID=tenin\nVERSION_ID=%d\nVARIANT_ID=test\n", version),
	})
	if err != nil {
		k.t.Fatal(err)
	}
	return k.sign(b)
}
