package storage

import (
	"io"
	"os"
	"path/filepath"
	"syscall"

	bolt "go.etcd.io/bbolt"
)

// disk is every change that the vault makes to stored bytes, one method a step.
// Tests put a failing one in its place and stop the vault between any two.
type disk interface {
	// WriteTemp makes the file anew with content and waits until it is stored.
	WriteTemp(path string, content []byte) error
	// Rename replaces to by from and waits until the folder is stored.
	Rename(from, to string) error
	// Wipe overwrites the file that f has open, which has no name any more.
	Wipe(f *os.File) error
	// Remove deletes the file if it is there.
	Remove(path string) error
	// Update runs fn in a transaction and waits until it is stored.
	Update(db *bolt.DB, fn func(*bolt.Tx) error) error
	// Free returns the bytes left for this user on the file system of dir.
	Free(dir string) (uint64, error)
}

// realDisk is the disk.
type realDisk struct{}

func (realDisk) WriteTemp(path string, content []byte) (err error) {
	// What a crash left may be there, and may have another mode.
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if cerr := f.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			os.Remove(path)
		}
	}()
	if _, err := f.Write(content); err != nil {
		return err
	}
	return f.Sync()
}

func (realDisk) Rename(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	d, err := os.Open(filepath.Dir(to))
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

func (realDisk) Wipe(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if _, err := f.WriteAt(make([]byte, info.Size()), 0); err != nil {
		return err
	}
	return f.Sync()
}

func (realDisk) Remove(path string) error {
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return err
	}
	return nil
}

func (realDisk) Update(db *bolt.DB, fn func(*bolt.Tx) error) error { return db.Update(fn) }

func (realDisk) Free(dir string) (uint64, error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return 0, err
	}
	return uint64(st.Bavail) * uint64(st.Bsize), nil
}

// readSmall reads a file that should be small, and refuses one that is not.
func readSmall(path string, limit int64) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(b)) > limit {
		return nil, damaged("%s is longer than %d bytes", path, limit)
	}
	return b, nil
}

const tempSuffix = ".new"
