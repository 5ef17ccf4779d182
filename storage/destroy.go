package storage

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Destroy makes what the vault of home holds unreadable for good: it overwrites and removes the keyring, without which no
// record can be opened, and then the records. It needs no key. step, if not nil, is told before each step. The error wraps
// ErrLocked while somebody has the vault open. It may be called again after it was interrupted, and where there is no
// vault.
func Destroy(home string, step func(name string)) error {
	if step == nil {
		step = func(string) {}
	}
	lock, err := lockHome(filepath.Join(home, lockName), defaultLockWait)
	if err != nil {
		return err
	}
	defer lock.Close()
	for _, name := range []string{keyringName, keyringName + tempSuffix} {
		step("overwrite " + name)
		if err := overwrite(filepath.Join(home, name)); err != nil {
			return err
		}
		step("remove " + name)
		if err := remove(filepath.Join(home, name)); err != nil {
			return err
		}
	}
	for _, name := range []string{dbName, dbName + tempSuffix} {
		step("remove " + name)
		if err := remove(filepath.Join(home, name)); err != nil {
			return err
		}
	}
	step("remove " + lockName)
	return remove(filepath.Join(home, lockName))
}

// Shred overwrites a file in place with random bytes and removes it. On flash, and on a file system that copies, old
// blocks may stay. A missing file is no error.
func Shred(path string) error {
	if err := overwrite(path); err != nil {
		return err
	}
	return remove(path)
}

func overwrite(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case errors.Is(err, syscall.ELOOP):
		// A link holds no secret of its own; what it leads to is not ours.
		return nil
	case err != nil:
		return fmt.Errorf("%s cannot be overwritten: %w", path, errors.Unwrap(err))
	}
	defer f.Close()
	info, err := f.Stat()
	if err == nil && info.Mode().IsRegular() {
		if _, err = io.CopyN(f, rand.Reader, info.Size()); err == nil {
			err = f.Sync()
		}
	}
	if err != nil {
		return fmt.Errorf("%s cannot be overwritten: %w", path, err)
	}
	return nil
}

func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s cannot be removed: %w", path, errors.Unwrap(err))
	}
	d, err := os.Open(filepath.Dir(path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
