package powercut

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"tenin/firmware/powercut/powercuttest"
)

type recorder struct{ powercuttest.Recorder }

func (r *recorder) log(t testing.TB) *Log {
	t.Helper()
	b := r.Bytes()
	l, err := OpenLog(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestTheRecordThatQEMUMakesIsRead has qemu-io write through the same driver that a virtual machine's disk has.
func TestTheRecordThatQEMUMakesIsRead(t *testing.T) {
	tool, err := exec.LookPath("qemu-io")
	if err != nil {
		t.Skip("qemu-io is missing")
	}
	dir := t.TempDir()
	disk, writes := filepath.Join(dir, "disk"), filepath.Join(dir, "writes")
	before := bytes.Repeat([]byte{7}, 4<<20)
	if err := os.WriteFile(disk, before, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(writes, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(tool, "--image-opts",
		"driver=blklogwrites,log-sector-size=512,file.driver=file,file.filename="+disk+",log.driver=file,log.filename="+writes,
		"-c", "write -P 1 0 64k", "-c", "flush", "-c", "write -P 2 512 512", "-c", "write -z 1M 128k", "-c", "write -P 3 2M 1M", "-c", "flush").CombinedOutput()
	if err != nil {
		t.Skipf("qemu-io has no blklogwrites: %s", out)
	}
	b, err := os.ReadFile(writes)
	if err != nil {
		t.Fatal(err)
	}
	l, err := OpenLog(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	flushes := 0
	v := newView(bytes.NewReader(before), int64(len(before)), l)
	for i, e := range l.Entries {
		if e.Flush {
			flushes++
		}
		v.apply(i, nil)
	}
	after, err := os.ReadFile(disk)
	if err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(after))
	if _, err := v.ReadAt(got, 0); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, after) || flushes < 2 || len(l.Entries) < 6 {
		t.Errorf("%d entries, %d flushes: %+v", len(l.Entries), flushes, l.Entries)
	}
}

func TestADamagedRecordIsRefused(t *testing.T) {
	r := &recorder{}
	r.Write(0, make([]byte, 1024))
	r.Flush()
	good := r.Bytes()
	for what, spoil := range map[string]func(b []byte) []byte{
		"empty":        func([]byte) []byte { return nil },
		"cut off":      func(b []byte) []byte { return b[:len(b)-sectorSize] },
		"cut in data":  func(b []byte) []byte { return b[:3*sectorSize] },
		"other magic":  func(b []byte) []byte { b[0] ^= 1; return b },
		"other unit":   func(b []byte) []byte { b[24] = 3; return b },
		"many entries": func(b []byte) []byte { b[22] = 1; return b },
		"unknown flag": func(b []byte) []byte { b[sectorSize+17] = 0x80; return b },
		"far away":     func(b []byte) []byte { b[sectorSize+7] = 0xff; return b },
		"long":         func(b []byte) []byte { b[sectorSize+15] = 0xff; return b },
	} {
		b := spoil(bytes.Clone(good))
		if _, err := OpenLog(bytes.NewReader(b), int64(len(b))); !errors.Is(err, ErrLog) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func FuzzOpenLog(f *testing.F) {
	r := &recorder{}
	r.Write(4096, bytes.Repeat([]byte{1}, 1024))
	r.Flush()
	r.Add(0, make([]byte, 512), flagFUA|flagFlush)
	r.Add(8192, make([]byte, 4096), flagDiscard)
	f.Add(r.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := OpenLog(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			if !errors.Is(err, ErrLog) {
				t.Fatal(err)
			}
			return
		}
		if len(l.Entries) > 1000 {
			return
		}
		v := newView(bytes.NewReader(nil), 64<<10, l)
		for i, e := range l.Entries {
			if e.Offset < 0 || e.Size < 0 {
				t.Fatalf("%+v", e)
			}
			v.apply(i, nil)
		}
		if _, err := v.ReadAt(make([]byte, 64<<10), 0); err != nil {
			t.Fatal(err)
		}
		for _, c := range l.cases(1, 8, func(Entry) bool { return true }) {
			c.view(newView(bytes.NewReader(nil), 64<<10, l))
		}
	})
}
