package flash

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tenin/firmware/flash/gpt"
	"tenin/firmware/flash/gpt/gpttest"
	"tenin/firmware/powercut"
	"tenin/firmware/powercut/powercuttest"
)

// makeImage writes an image of some MiB with a hole, a range of zeros that is none, and its hash beside it.
func makeImage(t testing.TB, mib int64, seed uint64) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kiosk.img")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(mib << 20); err != nil {
		t.Fatal(err)
	}
	random := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)})
	data := make([]byte, (mib-2)<<20/2)
	random.Read(data)
	clear(data[len(data)/2 : len(data)/2+600<<10])
	if _, err := f.WriteAt(data, 1<<20); err != nil {
		t.Fatal(err)
	}
	end := make([]byte, 5000)
	random.Read(end)
	if _, err := f.WriteAt(end, mib<<20-1<<20-int64(len(end))); err != nil {
		t.Fatal(err)
	}
	if err := gpttest.Write(f, mib<<20, gpttest.Part{Name: "esp", Offset: 1 << 20, Size: 2 << 20}, gpttest.Part{Name: "root-a", Offset: 3 << 20, Size: (mib - 4) << 20}); err != nil {
		t.Fatal(err)
	}
	sidecarFor(t, path)
	return path
}

func sidecarFor(t testing.TB, path string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(b)
	if err := os.WriteFile(path+".sha256", []byte(hex.EncodeToString(sum[:])+"  "+filepath.Base(path)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// starts says whether firmware or Linux would find a partition table: the first, or a backup at the very end.
func starts(disk []byte) bool {
	_, first := gpt.Read(bytes.NewReader(disk), int64(len(disk)))
	_, second := gpt.ReadBackup(bytes.NewReader(disk), int64(len(disk)))
	return first == nil || second == nil
}

// holds says whether a disk has all of an image: its partitions' bytes, and its tables where they belong.
func holds(t testing.TB, disk []byte, imagePath string) bool {
	t.Helper()
	want, err := os.ReadFile(imagePath)
	if err != nil {
		t.Fatal(err)
	}
	table, err := gpt.Read(bytes.NewReader(disk), int64(len(disk)))
	if err != nil {
		return false
	}
	if _, err := gpt.ReadBackup(bytes.NewReader(disk), int64(len(disk))); err != nil {
		return false
	}
	for _, p := range table.Partitions {
		if !bytes.Equal(disk[p.Offset():p.Offset()+p.Size()], want[p.Offset():p.Offset()+p.Size()]) {
			return false
		}
	}
	return len(table.Partitions) == 2
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestAnImageIsWrittenToANewFile(t *testing.T) {
	img := makeImage(t, 24, 1)
	out := filepath.Join(t.TempDir(), "disk")
	var stages []Stage
	report, err := Write(t.Context(), img, out, Options{ToFile: true, Progress: func(p Progress) {
		if len(stages) == 0 || stages[len(stages)-1] != p.Stage {
			stages = append(stages, p.Stage)
		}
		if p.Done > p.Total {
			t.Errorf("%+v", p)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, out); !bytes.Equal(got, read(t, img)) {
		t.Error("a file of the image's size is not equal to it")
	}
	if len(stages) != 4 || report.Size != 24<<20 || report.Zeroed == 0 || report.Written+report.Zeroed < 23<<20 {
		t.Errorf("%v %+v", stages, report)
	}
}

// TestADiskOfAnySizeHoldsTheImageAfterwards also begins with another system on the disk, whose data lie in the image's holes.
func TestADiskOfAnySizeHoldsTheImageAfterwards(t *testing.T) {
	img := makeImage(t, 6, 2)
	rapid.Check(t, func(r *rapid.T) {
		size := 6<<20 + 512*rapid.Int64Range(0, 9000).Draw(r, "more sectors")
		m := newMemory(size)
		old(t, m)
		if _, err := Write(t.Context(), img, "disk", Options{ToFile: true, open: m.open}); err != nil {
			r.Fatal(err)
		}
		if !holds(t, m.disk, img) {
			r.Fatal("the disk does not hold the image")
		}
	})
}

// TestWhateverEndsTheWorkTheDiskStartsWholeOrNotAtAll lets each write, zeroing or flush fail in turn, half done.
func TestWhateverEndsTheWorkTheDiskStartsWholeOrNotAtAll(t *testing.T) {
	img := makeImage(t, 12, 3)
	m := newMemory(14<<20 + 512)
	old(t, m)
	was := bytes.Clone(m.disk)
	if _, err := Write(t.Context(), img, "disk", Options{ToFile: true, open: m.open}); err != nil {
		t.Fatal(err)
	}
	steps := m.steps
	if steps < 12 {
		t.Fatalf("only %d steps were counted", steps)
	}
	for failAt := 1; failAt <= steps; failAt++ {
		m := newMemory(int64(len(was)))
		copy(m.disk, was)
		m.failAt = failAt
		_, err := Write(t.Context(), img, "disk", Options{ToFile: true, open: m.open})
		if err == nil {
			t.Fatalf("step %d failed, and nobody said so", failAt)
		}
		if !strings.Contains(err.Error(), "do not start anything from it") {
			t.Errorf("step %d: %v", failAt, err)
		}
		checkState(t, m.disk, was, img)
	}
}

// TestAPulledPlugLeavesADiskThatStartsWholeOrNotAtAll has the disk lose what was not flushed, in every order.
func TestAPulledPlugLeavesADiskThatStartsWholeOrNotAtAll(t *testing.T) {
	img := makeImage(t, 12, 12)
	m := newMemory(13<<20 + 7*512)
	old(t, m)
	was := bytes.Clone(m.disk)
	m.record = &powercuttest.Recorder{}
	if _, err := Write(t.Context(), img, "disk", Options{ToFile: true, open: m.open}); err != nil {
		t.Fatal(err)
	}
	record := m.record.Bytes()
	log, err := powercut.OpenLog(bytes.NewReader(record), int64(len(record)))
	if err != nil {
		t.Fatal(err)
	}
	nothing, whole := 0, 0
	disk := make([]byte, len(was))
	err = powercut.Each(bytes.NewReader(was), int64(len(was)), log, 1, 300, func(c powercut.Case, v *powercut.View) error {
		if _, err := v.ReadAt(disk, 0); err != nil {
			return err
		}
		checkState(t, disk, was, img)
		if holds(t, disk, img) {
			whole++
		} else if !starts(disk) {
			nothing++
		}
		return nil
	})
	if err != nil || nothing == 0 || whole == 0 {
		t.Errorf("%d disks start nothing, %d hold the image: %v", nothing, whole, err)
	}
}

// checkState fails unless the disk starts the old system, all of the new one, or nothing. A system is all there when its
// first table is: the backup is what tools repair.
func checkState(t *testing.T, disk, was []byte, img string) {
	t.Helper()
	table, err := gpt.Read(bytes.NewReader(disk), int64(len(disk)))
	if err != nil {
		if starts(disk) {
			t.Fatal("only the backup of the partition table is there: some firmware starts by it")
		}
		return
	}
	want := read(t, img)
	fresh := true
	for _, p := range table.Partitions {
		fresh = fresh && p.Offset()+p.Size() <= int64(len(want)) && bytes.Equal(disk[p.Offset():p.Offset()+p.Size()], want[p.Offset():p.Offset()+p.Size()])
	}
	if !fresh && !bytes.Equal(disk[:len(disk)-head], was[:len(was)-head]) {
		t.Fatal("the disk starts what is neither the old system nor the new one")
	}
}

func TestCtrlCLeavesADiskThatDoesNotStart(t *testing.T) {
	img := makeImage(t, 24, 4)
	for after := range 4 {
		m := newMemory(24 << 20)
		old(t, m)
		ctx, cancel := context.WithCancel(t.Context())
		n := 0
		_, err := Write(ctx, img, "disk", Options{ToFile: true, open: m.open, Progress: func(p Progress) {
			if p.Stage != Checking {
				if n++; n == 1+3*after {
					cancel()
				}
			}
		}})
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("%d: %v", after, err)
		}
		if starts(m.disk) {
			t.Errorf("%d: the disk starts", after)
		}
		cancel()
	}
}

func TestADiskThatForgetsIsFoundOut(t *testing.T) {
	img := makeImage(t, 24, 5)
	for _, at := range []int64{1 << 20, 5<<20 + 77, 24<<20 - 1<<20 - 1, 600} {
		m := newMemory(24 << 20)
		m.forgets = at
		_, err := Write(t.Context(), img, "disk", Options{ToFile: true, open: m.open})
		if !errors.Is(err, ErrReadBack) {
			t.Errorf("byte %d: %v", at, err)
		}
		if starts(m.disk) {
			t.Errorf("byte %d: the disk starts", at)
		}
	}
}

func TestAnImageThatDoesNotVerifyIsRefusedAndNothingIsWritten(t *testing.T) {
	good := makeImage(t, 12, 6)
	for what, spoil := range map[string]func(path string) error{
		"flipped byte":     func(path string) error { return flip(path, 5<<20) },
		"flipped table":    func(path string) error { return flip(path, 1024+5) },
		"flipped backup":   func(path string) error { return flip(path, 12<<20-512+20) },
		"cut off":          func(path string) error { return os.Truncate(path, 11<<20) },
		"cut off unevenly": func(path string) error { return os.Truncate(path, 11<<20+5) },
		"empty":            func(path string) error { return os.Truncate(path, 0) },
		"no hash":          func(path string) error { return os.Remove(path + ".sha256") },
		"hash of another":  func(path string) error { return os.WriteFile(path+".sha256", []byte("abc  other.img\n"), 0o600) },
	} {
		img := filepath.Join(t.TempDir(), "kiosk.img")
		for _, end := range []string{"", ".sha256"} {
			if err := os.WriteFile(img+end, read(t, good+end), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := spoil(img); err != nil {
			t.Fatal(err)
		}
		out := filepath.Join(t.TempDir(), "disk")
		if _, err := Write(t.Context(), img, out, Options{ToFile: true}); !errors.Is(err, ErrImage) {
			t.Errorf("%s: %v", what, err)
		}
		if _, err := os.Stat(out); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: the file was made", what)
		}
	}
	signed := errors.New("signed by nobody")
	if _, err := Write(t.Context(), good, filepath.Join(t.TempDir(), "disk"), Options{ToFile: true, Verify: func(string) error { return signed }}); !errors.Is(err, signed) {
		t.Error(err)
	}
}

func flip(path string, at int64) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	b := make([]byte, 1)
	if _, err := f.ReadAt(b, at); err != nil {
		return err
	}
	b[0] ^= 4
	_, err = f.WriteAt(b, at)
	return errors.Join(err, f.Close())
}

func TestAnImageThatChangesMeanwhileIsNotMadeToStart(t *testing.T) {
	img := makeImage(t, 12, 7)
	m := newMemory(12 << 20)
	changed := false
	_, err := Write(t.Context(), img, "disk", Options{ToFile: true, open: m.open, Progress: func(p Progress) {
		if p.Stage == ReadingBack && !changed {
			changed = true
			if err := os.Rename(img, img+".old"); err != nil {
				t.Error(err)
			}
		}
	}})
	if !errors.Is(err, ErrImage) || starts(m.disk) {
		t.Error(err)
	}
}

func TestAFileThatIsThereIsNotOverwrittenUnasked(t *testing.T) {
	img := makeImage(t, 12, 8)
	out := filepath.Join(t.TempDir(), "disk")
	if err := os.WriteFile(out, bytes.Repeat([]byte("x"), 13<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Write(t.Context(), img, out, Options{ToFile: true}); !errors.Is(err, ErrRefused) {
		t.Fatal(err)
	}
	if _, err := Write(t.Context(), img, img, Options{ToFile: true, Overwrite: true}); !errors.Is(err, ErrRefused) {
		t.Fatal(err)
	}
	if _, err := Write(t.Context(), img, out, Options{ToFile: true, Overwrite: true}); err != nil {
		t.Fatal(err)
	}
	if disk := read(t, out); len(disk) != 13<<20 || !holds(t, disk, img) {
		t.Error("the file does not hold the image")
	}
	if err := os.Truncate(out, 11<<20); err != nil {
		t.Fatal(err)
	}
	if _, err := Write(t.Context(), img, out, Options{ToFile: true, Overwrite: true}); !errors.Is(err, ErrRefused) {
		t.Fatal(err)
	}
	if _, err := Write(t.Context(), img, filepath.Join(t.TempDir(), "b"), Options{ToFile: true, FileSize: 11 << 20}); !errors.Is(err, ErrRefused) {
		t.Fatal(err)
	}
}

func TestADiskIsRefusedBeforeTheImageIsRead(t *testing.T) {
	img := makeImage(t, 12, 9)
	tr := machine(t)
	tr.device("pci0000:00/0000:00:03.0/virtio2", "vdb", map[string]string{"size": "20000\n", "dev": "254:16\n", "serial": "small", "device/vendor": "0x1af4\n"})
	tr.device("pci0000:00/0000:00:04.0/virtio3", "vdc", map[string]string{"size": "200000\n", "dev": "254:32\n", "serial": "large-sectors", "queue/logical_block_size": "4096\n", "device/vendor": "0x1af4\n"})
	for name, want := range map[string]string{
		"nvme0n1": "is the running system's disk; nvme0n1p1 is mounted at /boot/efi",
		"mmcblk0": "is read-only",
		"sdb1":    "is a partition",
		"vdb":     "is too small: it has 10.2 MB, and the image 12.6 MB",
		"vdc":     "counts in sectors of 4096 bytes",
		"sdb":     "was not confirmed",
	} {
		_, err := Write(t.Context(), img, tr.dev(name), Options{System: tr.System, Confirm: "4C53", Verify: func(string) error {
			t.Error("the image was verified")
			return nil
		}})
		if !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// old puts another system on a disk: a table of its own, and random bytes.
func old(t testing.TB, m *memory) {
	t.Helper()
	rand.NewChaCha8([32]byte{99}).Read(m.disk)
	size := int64(len(m.disk))
	if err := gpttest.Write(m, size, gpttest.Part{Name: "esp", Offset: 2 << 20, Size: 1 << 20}); err != nil {
		t.Fatal(err)
	}
	m.steps = 0
}
