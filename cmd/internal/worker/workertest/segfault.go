package workertest

import (
	"os"

	"golang.org/x/sys/unix"
)

// segfault reads what it may not, as an engine with a wrong pointer does.
func segfault() {
	if b, err := unix.Mmap(-1, 0, os.Getpagesize(), unix.PROT_NONE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS); err == nil {
		os.Exit(int(b[0]))
	}
}
