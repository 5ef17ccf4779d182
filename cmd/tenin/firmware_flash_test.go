package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"tenin/firmware/flash"
	"tenin/firmware/flash/gpt/gpttest"
)

// terminalWith returns a terminal at which somebody typed a line.
func terminalWith(t *testing.T, line string) *os.File {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("there are no terminals here")
	}
	t.Cleanup(func() { person.Close() })
	if err := unix.IoctlSetPointerInt(int(person.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(int(person.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { program.Close() })
	if _, err := person.WriteString(line + "\n"); err != nil {
		t.Fatal(err)
	}
	return program
}

func TestADiskIsErasedOnlyAfterItWasConfirmed(t *testing.T) {
	image := filepath.Join(t.TempDir(), "kiosk.img")
	file, err := os.Create(image)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := file.Truncate(16 << 20); err != nil {
		t.Fatal(err)
	}
	if err := gpttest.Write(file, 16<<20, gpttest.Part{Name: "esp", Offset: 1 << 20, Size: 4 << 20}); err != nil {
		t.Fatal(err)
	}
	pipe, _, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.Close()
	disk := flash.Disk{Path: "/dev/sdx", Name: "sdx", Serial: "S1", Size: 1 << 30, SectorSize: 512}
	nameless, small, used := disk, disk, disk
	nameless.Serial, small.Size, used.Refused = "", 1<<20, []string{"sdx1 is mounted at /media/a"}
	for _, c := range []struct {
		what   string
		disk   flash.Disk
		in     *os.File
		serial string
		want   string // the confirmation, or after ! a part of the refusal
	}{
		{"its serial number is typed", disk, terminalWith(t, "S1"), "", "S1"},
		{"its name is typed", disk, terminalWith(t, " sdx "), "", "sdx"},
		{"yes is typed", disk, terminalWith(t, "yes"), "", "!neither the disk's serial number nor its name"},
		{"nothing is typed", disk, terminalWith(t, ""), "", "!neither the disk's serial number nor its name"},
		{"a script names the serial number", disk, pipe, "S1", "S1"},
		{"a script names the name of a disk that has a serial number", disk, pipe, "sdx", "!and --serial says sdx"},
		{"a script names the name of a disk that has none", nameless, pipe, "sdx", "sdx"},
		{"a script names another's", disk, pipe, "S2", "!and --serial says S2"},
		{"nobody is there", disk, pipe, "", "!without a terminal the disk is confirmed with --yes --serial S"},
		{"the disk is too small", small, pipe, "S1", "!is too small"},
		{"the disk is in use", used, pipe, "S1", "!sdx1 is mounted at /media/a"},
	} {
		got, err := confirmDisk(t.Context(), &flags{quiet: true}, c.in, image, c.disk, c.serial)
		if refusal, ok := strings.CutPrefix(c.want, "!"); ok {
			if err == nil || !strings.Contains(err.Error(), refusal) || exitCode(err) != exitRefused {
				t.Errorf("%s: %q, %v", c.what, got, err)
			}
		} else if err != nil || got != c.want {
			t.Errorf("%s: %q, %v", c.what, got, err)
		}
	}
}
