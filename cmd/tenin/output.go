package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// checkOutput says whether a file can be written at path, before seconds are spent on what goes into it. An empty path is
// no file.
func checkOutput(path string) error {
	if path == "" {
		return nil
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return usageError{fmt.Errorf("%s is a folder: name a file, as in --output %s", path, filepath.Join(path, "answer.wav"))}
	}
	folder := filepath.Dir(path)
	info, err := os.Stat(folder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s cannot be written: the folder %s does not exist; make it first", path, folder)
	case err != nil:
		return fmt.Errorf("%s cannot be written: %w", path, errors.Unwrap(err))
	case !info.IsDir():
		return fmt.Errorf("%s cannot be written: %s is no folder", path, folder)
	}
	if err := unix.Access(folder, unix.W_OK|unix.X_OK); err != nil {
		return fmt.Errorf("%s cannot be written: folder %s: %w; name another with --output", path, folder, err)
	}
	return nil
}
