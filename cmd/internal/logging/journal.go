package logging

import (
	"fmt"
	"os"
	"syscall"
)

// isJournal says whether f is the journal's stream, as systemd.exec(5) tells it in $JOURNAL_STREAM: device:inode.
func isJournal(f *os.File) bool {
	var device, inode uint64
	if n, err := fmt.Sscanf(os.Getenv("JOURNAL_STREAM"), "%d:%d", &device, &inode); n != 2 || err != nil {
		return false
	}
	info, err := f.Stat()
	if err != nil {
		return false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && uint64(stat.Dev) == device && stat.Ino == inode
}
