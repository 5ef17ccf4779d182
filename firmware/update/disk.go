package update

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Disk is every change that an update makes to stored bytes, one method a step. What a method has changed is stored when
// it returns. Tests put one in its place that fails, or forgets what was not synced.
type Disk interface {
	// OpenSlot opens a partition to write it.
	OpenSlot(path string) (Slot, error)
	// OpenReader opens a partition that may be in use, to look at it.
	OpenReader(path string) (Reader, error)
	// List returns the names in a folder; none where there is no folder.
	List(dir string) ([]string, error)
	// ReadFile returns a file as it is stored, past caches; an error wrapping fs.ErrNotExist where there is none.
	ReadFile(path string, limit int64) ([]byte, error)
	// CreateFile makes a file anew.
	CreateFile(path string, content []byte) error
	// Rename gives a file another name in its folder, and replaces what has that name.
	Rename(from, to string) error
	// SyncFile stores a file and its name, which another program may have given it and not stored.
	SyncFile(path string) error
	// Remove deletes a file; that it is gone is no error.
	Remove(path string) error
	// Free returns the bytes left on the file system of dir.
	Free(dir string) (int64, error)
}

// Slot is an open partition. Writes may be lost until Sync has returned; reads go past caches.
type Slot interface {
	io.ReaderAt
	io.WriterAt
	Sync() error
	// Size is the partition's in bytes.
	Size() int64
	Close() error
}

// Reader is a partition that is looked at.
type Reader interface {
	io.ReaderAt
	Size() int64
	Close() error
}

// RealDisk is the machine's.
type RealDisk struct{}

// List implements Disk.
func (RealDisk) List(dir string) (names []string, err error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, err
}

// ReadFile implements Disk.
func (RealDisk) ReadFile(path string, limit int64) ([]byte, error) {
	f, err := openUncached(path, os.O_RDONLY|unix.O_NOFOLLOW)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > limit {
		return nil, &fs.PathError{Op: "read", Path: path, Err: errors.New("no file, or longer than it can be")}
	}
	buffer, err := aligned(int(info.Size()+block-1)/block*block + block)
	if err != nil {
		return nil, err
	}
	defer unix.Munmap(buffer)
	n, err := readFull(f, buffer, 0)
	if err != nil {
		return nil, err
	}
	return append([]byte(nil), buffer[:n]...), nil
}

// CreateFile implements Disk.
func (RealDisk) CreateFile(path string, content []byte) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// Rename implements Disk.
func (d RealDisk) Rename(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return d.SyncFile(to)
}

// SyncFile implements Disk. FAT stores a new name with an empty content first, and the place of the content only with the
// file itself; so the file comes before its folder.
func (RealDisk) SyncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// Remove implements Disk.
func (RealDisk) Remove(path string) error {
	if err := os.Remove(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// Free implements Disk.
func (RealDisk) Free(dir string) (int64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, &fs.PathError{Op: "statfs", Path: dir, Err: err}
	}
	return int64(s.Bavail) * s.Bsize, nil
}

// syncFolder stores a folder's names. FAT keeps the chains of its files elsewhere, so the whole file system is written
// before; only the folder's own sync has the disk flush its cache.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := unix.Syncfs(int(d.Fd())); err != nil {
		return &fs.PathError{Op: "syncfs", Path: dir, Err: err}
	}
	return d.Sync()
}

// openUncached opens a file so that reads and writes go past the page cache, or, on a file system that cannot, after the
// cache was dropped.
func openUncached(path string, flags int) (*os.File, error) {
	f, err := os.OpenFile(path, flags|unix.O_DIRECT, 0)
	if !errors.Is(err, unix.EINVAL) {
		return f, err
	}
	if f, err = os.OpenFile(path, flags, 0); err != nil {
		return nil, err
	}
	_ = unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED)
	return f, nil
}

// aligned returns n bytes that a read or write past caches takes; unix.Munmap gives them back.
func aligned(n int) ([]byte, error) {
	return unix.Mmap(-1, 0, n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
}

// readFull reads until buffer is full or the file ends.
func readFull(r io.ReaderAt, buffer []byte, at int64) (n int, err error) {
	n, err = r.ReadAt(buffer, at)
	if err == io.EOF {
		err = nil
	}
	return n, err
}
