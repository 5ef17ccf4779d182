package flash

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// The environment of the process that is killed: image and disk.
const (
	childImage = "TENIN_TEST_FLASH_IMAGE"
	childDisk  = "TENIN_TEST_FLASH_DISK"
)

func TestMain(m *testing.M) {
	if img := os.Getenv(childImage); img != "" {
		// Each step of progress is told, so that the kill hits every part of the work and not only the longest.
		_, err := Write(context.Background(), img, os.Getenv(childDisk), Options{ToFile: true, Overwrite: true, Progress: func(p Progress) {
			fmt.Println(p.Stage, p.Done)
		}})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// TestAProcessThatIsKilledLeavesADiskThatStartsWholeOrNotAtAll kills a real process at random steps and random moments
// after them. The disk had another system on it.
func TestAProcessThatIsKilledLeavesADiskThatStartsWholeOrNotAtAll(t *testing.T) {
	img := makeImage(t, 24, 10)
	m := newMemory(26 << 20)
	old(t, m)
	disk := filepath.Join(t.TempDir(), "disk")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	killed, whole, nothing := 0, 0, 0
	for range 24 {
		if err := os.WriteFile(disk, m.disk, 0o600); err != nil {
			t.Fatal(err)
		}
		c := exec.Command(self)
		c.Env = append(os.Environ(), childImage+"="+img, childDisk+"="+disk)
		c.Stderr = os.Stderr
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for range 1 + random.IntN(21) {
			lines.Scan()
		}
		time.Sleep(time.Duration(random.IntN(3000)) * time.Microsecond)
		_ = c.Process.Kill()
		_, _ = io.Copy(io.Discard, out)
		if c.Wait() != nil {
			killed++
		}
		now := read(t, disk)
		checkState(t, now, m.disk, img)
		switch {
		case holds(t, now, img):
			whole++
		case !starts(now):
			nothing++
		}
	}
	t.Logf("%d were killed in time; %d disks hold the image, %d start nothing", killed, whole, nothing)
	if killed == 0 || nothing == 0 {
		t.Error("no process was killed in the middle: the test shows nothing")
	}
	// What was killed is no obstacle: the next one is written whole.
	if _, err := Write(t.Context(), img, disk, Options{ToFile: true, Overwrite: true}); err != nil {
		t.Fatal(err)
	}
	if !holds(t, read(t, disk), img) || !bytes.Equal(read(t, disk)[1<<20:24<<20-34*512], read(t, img)[1<<20:24<<20-34*512]) {
		t.Error("the disk does not hold the image")
	}
}
