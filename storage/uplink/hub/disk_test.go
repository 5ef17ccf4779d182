package hub

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tenin/storage/uplink"
)

func TestWithTooLittleRoomTheHubPutsDevicesOffAndGoesOnWhenThereIsRoom(t *testing.T) {
	h, _ := open(t, Options{Dir: t.TempDir(), MinFree: 1 << 62})
	list := someSummaries(t, 20)
	b := newBox(list...)
	c := join(t, h, "ginza-1")
	for deadline := time.Now().Add(10 * time.Second); !h.intake.noRoom.Load() && time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
	}
	send(t, c, b, uplink.SenderOptions{})
	time.Sleep(300 * time.Millisecond)
	if b.left() != len(list) || len(stored(t, h)) != 0 {
		t.Errorf("%d are left of %d", b.left(), len(list))
	}
	// As watchRoom does when there is room again.
	h.intake.noRoom.Store(false)
	for deadline := time.Now().Add(30 * time.Second); b.left() > 0 && time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		h.intake.noRoom.Store(false)
	}
	b.drained(t)
	hasOnce(t, h, list)
}

func TestAFullDiskLosesNothingAndTheHubGoesOnWithoutARestart(t *testing.T) {
	dir := t.TempDir()
	if os.Geteuid() != 0 {
		t.Skip("only root can mount a small disk")
	}
	if err := unix.Mount("none", dir, "tmpfs", 0, "size=24m"); err != nil {
		t.Skipf("no small disk can be mounted here: %v", err)
	}
	defer func() { _ = unix.Unmount(dir, unix.MNT_DETACH) }()
	h, stop := open(t, Options{Dir: dir, MinFree: -1})
	defer stop()
	c := join(t, h, "ginza-1")
	first := someSummaries(t, 100)
	b := newBox(first...)
	send(t, c, b, uplink.SenderOptions{})
	b.drained(t)

	filler := filepath.Join(dir, "filler")
	f, err := os.Create(filler)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(f, zeros{}); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("the disk is not full: %v", err)
	}
	_ = f.Close()
	second := someSummaries(t, 300)
	b.put(second...)
	// Blocks that are begun still take some; then nothing goes in.
	for last, since := b.left(), time.Now(); time.Since(since) < time.Second; time.Sleep(20 * time.Millisecond) {
		if n := b.left(); n != last {
			last, since = n, time.Now()
		}
	}
	if b.left() == 0 {
		t.Fatal("the disk was not full enough to matter")
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	b.drained(t)
	hasOnce(t, h, append(first, second...))
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }
