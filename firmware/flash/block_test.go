package flash

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestARealBlockDeviceIsWritten is about the calls to the kernel that a file does not have. The device is a loop.
func TestARealBlockDeviceIsWritten(t *testing.T) {
	img := makeImage(t, 24, 11)
	backing := filepath.Join(t.TempDir(), "disk")
	const size = 26<<20 + 3*512
	if err := os.WriteFile(backing, bytes.Repeat([]byte{0xa5}, size), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("losetup", "--find", "--show", backing).Output()
	if err != nil {
		t.Skip("losetup, root or loop devices are missing")
	}
	device := strings.TrimSpace(string(out))
	t.Cleanup(func() { _ = exec.Command("losetup", "--detach", device).Run() })
	open := func(path string) (target, error) {
		b, err := openBlock(path)
		if err != nil {
			return nil, err
		}
		return b, nil
	}
	taken, err := openBlock(device)
	if err != nil {
		t.Fatal(err)
	}
	if taken.Size() != size {
		t.Errorf("%d bytes, want %d", taken.Size(), size)
	}
	if _, err := Write(t.Context(), img, device, Options{ToFile: true, open: open}); !errors.Is(err, ErrRefused) {
		t.Errorf("a device that another has open for itself: %v", err)
	}
	if err := taken.Close(); err != nil {
		t.Fatal(err)
	}
	for _, slow := range []bool{false, true} {
		for _, content := range []byte{0xa5, 0} {
			if err := os.WriteFile(device, bytes.Repeat([]byte{content}, size), 0o600); err != nil {
				t.Fatal(err)
			}
			report, err := Write(t.Context(), img, device, Options{ToFile: true, open: func(path string) (target, error) {
				to, err := open(path)
				if err == nil {
					to.(*block).slow = slow
				}
				return to, err
			}})
			if err != nil {
				t.Fatal(err)
			}
			if !holds(t, read(t, device), img) || !holds(t, read(t, backing), img) || report.Zeroed == 0 {
				t.Errorf("the device, slow %v, full of %x, does not hold the image: %+v", slow, content, report)
			}
		}
	}
	if _, err := openBlock(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}
