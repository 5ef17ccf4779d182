package sandbox

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// Held returns what a process has open, as /proc names it: a path, socket:[inode], pipe:[inode] or anon_inode:kind, in
// alphabetical order. The files of a process that is not dumpable are shown to root only.
func Held(pid int) ([]string, error) {
	folder := filepath.Join("/proc", strconv.Itoa(pid), "fd")
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("sandbox: list what process %d has open: %w", pid, err)
	}
	var held []string
	for _, entry := range entries {
		target, err := os.Readlink(filepath.Join(folder, entry.Name()))
		if errors.Is(err, fs.ErrNotExist) {
			continue // closed meanwhile
		}
		if err != nil {
			return nil, fmt.Errorf("sandbox: list what process %d has open: %w", pid, err)
		}
		held = append(held, target)
	}
	slices.Sort(held)
	return held, nil
}
