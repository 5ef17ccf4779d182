package fat

import (
	"bytes"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"
)

// A volume is a file system that mkfs.fat and mtools make.
type volume struct {
	t    testing.TB
	path string
}

func newVolume(t testing.TB, mib int64, args ...string) *volume {
	t.Helper()
	for _, tool := range []string{"mkfs.fat", "mcopy"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(tool + " is missing")
		}
	}
	v := &volume{t, filepath.Join(t.TempDir(), "esp")}
	if err := os.WriteFile(v.path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(v.path, mib<<20); err != nil {
		t.Fatal(err)
	}
	v.run(nil, "mkfs.fat", append(args, v.path)...)
	return v
}

func (v *volume) run(input []byte, name string, args ...string) {
	v.t.Helper()
	c := exec.Command(name, args...)
	c.Env = append(os.Environ(), "MTOOLS_SKIP_CHECK=1")
	c.Stdin = bytes.NewReader(input)
	if out, err := c.CombinedOutput(); err != nil {
		v.t.Fatalf("%s %v: %v: %s", name, args, err, out)
	}
}

func (v *volume) mtools(input []byte, tool string, args ...string) {
	v.t.Helper()
	v.run(input, tool, append([]string{"-i", v.path}, args...)...)
}

func (v *volume) bytes() []byte {
	v.t.Helper()
	b, err := os.ReadFile(v.path)
	if err != nil {
		v.t.Fatal(err)
	}
	return b
}

func open(t testing.TB, b []byte) *FS {
	t.Helper()
	f, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func noise(n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{1}).Read(b)
	return b
}

func TestWhatOtherToolsWroteIsRead(t *testing.T) {
	for _, kind := range []struct {
		mib  int64
		args []string
		bits int
	}{
		{1, []string{"-F", "12"}, 12}, {16, nil, 16}, {40, []string{"-F", "32", "-s", "1"}, 32}, {8, []string{"-F", "16", "-s", "1"}, 16},
	} {
		v := newVolume(t, kind.mib, kind.args...)
		large, small := noise(300_000), noise(700)
		v.mtools(nil, "mmd", "::/EFI", "::/EFI/Linux", "::/EFI/BOOT")
		v.mtools(large, "mcopy", "-", "::/EFI/Linux/tenin_12345678+3.efi")
		v.mtools(small, "mcopy", "-", "::/EFI/BOOT/BOOTX64.EFI")
		v.mtools(nil, "mcopy", "-", "::/empty")
		f := open(t, v.bytes())
		if f.bits != kind.bits {
			t.Errorf("FAT%d was taken for FAT%d", kind.bits, f.bits)
		}
		for path, want := range map[string][]byte{"EFI/Linux/tenin_12345678+3.efi": large, "efi/boot/bootx64.efi": small, "empty": nil} {
			if got, err := f.ReadFile(path, 1<<20); err != nil || !bytes.Equal(got, want) {
				t.Errorf("FAT%d %s: %d bytes, %v", kind.bits, path, len(got), err)
			}
		}
		list, err := f.List("EFI/Linux")
		if err != nil || len(list) != 1 || list[0].Name != "tenin_12345678+3.efi" || list[0].Size != 300_000 {
			t.Errorf("FAT%d: %+v %v", kind.bits, list, err)
		}
		if s := f.Check(); len(s.Crossed)+len(s.Broken)+s.Lost != 0 || s.CopiesDiffer {
			t.Errorf("FAT%d: %+v", kind.bits, s)
		}
		for _, path := range []string{"EFI/none", "EFI", "EFI/BOOT/BOOTX64.EFI/x", ""} {
			if _, err := f.ReadFile(path, 1<<20); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%q: %v", path, err)
			}
		}
	}
}

// TestWhatLostItsPowerIsSaid breaks a table entry of a file that is there.
func TestWhatLostItsPowerIsSaid(t *testing.T) {
	v := newVolume(t, 16)
	v.mtools(noise(100_000), "mcopy", "-", "::/a.efi")
	v.mtools(noise(100_000), "mcopy", "-", "::/b.efi")
	b := v.bytes()
	f := open(t, b)
	a, err := f.find("a.efi")
	if err != nil {
		t.Fatal(err)
	}
	other, err := f.find("b.efi")
	if err != nil {
		t.Fatal(err)
	}
	// The table of FAT16 begins behind the boot sectors.
	table := int(f.rootAt) - 2*len(f.table)
	for what, spoil := range map[string]func(b []byte){
		"freed":  func(b []byte) { b[table+2*int(a.first)], b[table+2*int(a.first)+1] = 0, 0 },
		"circle": func(b []byte) { b[table+2*int(a.first)], b[table+2*int(a.first)+1] = byte(a.first), byte(a.first>>8) },
		"crossed": func(b []byte) {
			b[table+2*int(a.first)], b[table+2*int(a.first)+1] = byte(other.first), byte(other.first>>8)
		},
		"ended": func(b []byte) { b[table+2*int(a.first)], b[table+2*int(a.first)+1] = 0xff, 0xff },
	} {
		c := bytes.Clone(b)
		spoil(c)
		f := open(t, c)
		s := f.Check()
		_, err := f.ReadFile("a.efi", 1<<20)
		if !s.CopiesDiffer || s.Lost == 0 {
			t.Errorf("%s: %+v", what, s)
		}
		if what == "crossed" {
			if len(s.Crossed) != 1 {
				t.Errorf("%s: %+v", what, s)
			}
		} else if len(s.Broken) != 1 || what != "circle" && !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %+v %v", what, s, err)
		}
	}
}

// TestNoDamageIsTooMuch changes sectors at random, as a power cut would not.
func TestNoDamageIsTooMuch(t *testing.T) {
	v := newVolume(t, 1, "-F", "12")
	v.mtools(nil, "mmd", "::/EFI", "::/EFI/Linux")
	v.mtools(noise(30_000), "mcopy", "-", "::/EFI/Linux/tenin_1.efi")
	b := v.bytes()
	rapid.Check(t, func(r *rapid.T) {
		c := bytes.Clone(b)
		for range rapid.IntRange(1, 20).Draw(r, "changes") {
			c[rapid.IntRange(0, 60_000).Draw(r, "at")] = rapid.Byte().Draw(r, "byte")
		}
		walk(t, c)
	})
}

func walk(t *testing.T, b []byte) {
	f, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		if !errors.Is(err, ErrDamaged) {
			t.Fatal(err)
		}
		return
	}
	f.Check()
	list, err := f.List("EFI/Linux")
	if err != nil && !errors.Is(err, ErrDamaged) && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	for _, e := range list {
		_, _ = f.ReadFile("EFI/Linux/"+e.Name, 1<<20)
	}
}

func FuzzOpen(f *testing.F) {
	b := make([]byte, 80<<10)
	copy(b[11:], []byte{0, 2, 1, 1, 0, 2, 16, 0, 160, 0, 0xf8, 1, 0})
	b[510], b[511] = 0x55, 0xaa
	copy(b[512:], []byte{0xf8, 0xff, 0xff, 0xff, 0x0f})
	copy(b[1536:], "TENIN   EFI\x20")
	b[1536+26], b[1536+29] = 2, 1
	f.Add(b[:4096])
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) { walk(t, b) })
}
