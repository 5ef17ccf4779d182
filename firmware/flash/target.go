package flash

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

const (
	// blockSize is what offsets, lengths and memory are aligned to; every disk and file system takes it.
	blockSize = 4096
	// zeroPiece is how much is made zero at a time, so that progress is seen and Ctrl-C is heard.
	zeroPiece = 64 << 20
)

// A target is what is written to. Offsets, lengths and buffers are aligned to [blockSize], but for the end of a disk whose
// number of sectors is odd.
type target interface {
	ReadAt(p []byte, off int64) (int, error)
	WriteAt(p []byte, off int64) (int, error)
	// Zero makes a range zero, faster than by writing where the target can.
	Zero(off, n int64) error
	// Flush returns when everything is on the medium, and forgets what the kernel remembers of it.
	Flush() error
	// Reread tells the kernel that there is another partition table.
	Reread() error
	// Size is in bytes.
	Size() int64
	Close() error
}

// A block is a whole disk, open for this process alone.
type block struct {
	*os.File
	size int64
	// slow: the disk cannot make zeros by itself, and the kernel would write them. Sticks are so.
	slow bool
	// zero and other count what a slow disk was found to hold where zeros belong.
	zero, other atomic.Int64
}

// openBlock opens a disk. The kernel refuses it while the disk, a partition or anything made of them is mounted or
// otherwise taken in any namespace, and refuses to mount it until it is closed.
func openBlock(path string) (*block, error) {
	f, err := os.OpenFile(path, os.O_RDWR|unix.O_EXCL|unix.O_DIRECT|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
	switch {
	case errors.Is(err, unix.EBUSY):
		return nil, fmt.Errorf("%w: %s is in use by the kernel or another program; unmount and close it", ErrRefused, path)
	case errors.Is(err, unix.EROFS):
		return nil, fmt.Errorf("%w: %s is read-only", ErrRefused, path)
	case err != nil:
		return nil, fmt.Errorf("disk %s cannot be opened: %w", path, errors.Unwrap(err))
	}
	b := &block{File: f}
	if b.size, err = b.measure(); err != nil {
		f.Close()
		return nil, fmt.Errorf("disk %s: %w", path, err)
	}
	if st, err := b.stat(); err == nil {
		most, err := os.ReadFile(fmt.Sprintf("/sys/dev/block/%d:%d/queue/write_zeroes_max_bytes", unix.Major(st.Rdev), unix.Minor(st.Rdev)))
		b.slow = err == nil && strings.TrimSpace(string(most)) == "0"
	}
	return b, nil
}

func (b *block) measure() (int64, error) {
	st, err := b.stat()
	if err != nil {
		return 0, err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFBLK {
		return 0, fmt.Errorf("%w: it is no disk", ErrRefused)
	}
	return b.Seek(0, 2)
}

func (b *block) stat() (st unix.Stat_t, err error) {
	return st, b.control(func(fd int) error { return unix.Fstat(fd, &st) })
}

func (b *block) Size() int64 { return b.size }

func (b *block) control(do func(fd int) error) error {
	raw, err := b.SyscallConn()
	if err != nil {
		return err
	}
	var inner error
	if err := raw.Control(func(fd uintptr) { inner = do(int(fd)) }); err != nil {
		return err
	}
	return inner
}

// Zero has the disk make zeros by itself where it can; else the kernel writes them. Discarding is not enough: what a disk
// reads back after it is the disk's choice.
//
// A slow disk reads several times as fast as it writes, and one that is new holds zeros already: it is read first, as long
// as that is worth it.
func (b *block) Zero(off, n int64) error {
	if !b.slow || b.other.Load() > b.zero.Load()+8 {
		return b.zeroOut(off, n)
	}
	buf, free, err := buffer(int(min(n, chunk)))
	if err != nil {
		return err
	}
	defer free()
	for end := off + n; off < end; off += chunk {
		part := buf[:min(end-off, chunk)]
		if got, _ := b.ReadAt(part, off); got == len(part) && isZero(part) {
			b.zero.Add(1)
			continue
		}
		b.other.Add(1)
		if err := b.zeroOut(off, int64(len(part))); err != nil {
			return err
		}
	}
	return nil
}

func (b *block) zeroOut(off, n int64) error {
	r := [2]uint64{uint64(off), uint64(n)}
	return b.control(func(fd int) error { return ioctl(fd, unix.BLKZEROOUT, &r) })
}

func (b *block) Flush() error {
	if err := b.Sync(); err != nil {
		return err
	}
	// Nothing is cached by this program's own reading and writing; what another has read of the disk is dropped too. It
	// takes a right that writing does not: without it the comparison is still made past the cache.
	err := b.control(func(fd int) error { return ioctl(fd, unix.BLKFLSBUF, nil) })
	if errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM) {
		return nil
	}
	return err
}

func (b *block) Reread() error {
	return b.control(func(fd int) error { return ioctl(fd, unix.BLKRRPART, nil) })
}

// A file is a regular file in a disk's place.
type file struct {
	*os.File
	size int64
	// fresh: everything that was not written is a hole.
	fresh bool
}

// openFile makes a file of that size, or takes one that is there as the disk that it stands for.
func openFile(path string, size int64, overwrite bool) (*file, error) {
	flags := os.O_RDWR | unix.O_CLOEXEC
	if !overwrite {
		flags |= os.O_CREATE | os.O_EXCL
	}
	f, err := os.OpenFile(path, flags|unix.O_DIRECT, 0o600)
	if errors.Is(err, unix.EINVAL) {
		// A file system without direct access has made the file before it says so.
		if !overwrite {
			_ = os.Remove(path)
		}
		f, err = os.OpenFile(path, flags, 0o600)
	}
	if errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("%w: file %s is there already; name another, or say --overwrite", ErrRefused, path)
	} else if err != nil {
		return nil, fmt.Errorf("file %s cannot be opened: %w", path, errors.Unwrap(err))
	}
	t := &file{File: f, fresh: !overwrite}
	if t.size, err = t.prepare(size); err != nil {
		f.Close()
		return nil, fmt.Errorf("file %s: %w", path, err)
	}
	return t, nil
}

func (f *file) prepare(size int64) (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	if !info.Mode().IsRegular() {
		return 0, fmt.Errorf("%w: it is no regular file; a disk is named without --to-file", ErrRefused)
	}
	if !f.fresh && size == 0 {
		size = info.Size()
	}
	size = (size + blockSize - 1) / blockSize * blockSize
	if size != info.Size() {
		if err := f.Truncate(size); err != nil {
			return 0, err
		}
	}
	return size, nil
}

func (f *file) Size() int64 { return f.size }

func (f *file) control(do func(fd int) error) error { return (&block{File: f.File}).control(do) }

func (f *file) Zero(off, n int64) error {
	if f.fresh {
		return nil
	}
	err := f.control(func(fd int) error {
		return unix.Fallocate(fd, unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, off, n)
	})
	if !errors.Is(err, unix.EOPNOTSUPP) {
		return err
	}
	zeros, free, err := buffer(int(min(n, chunk)))
	if err != nil {
		return err
	}
	defer free()
	for ; n > 0; off, n = off+chunk, n-chunk {
		if _, err := f.WriteAt(zeros[:min(n, chunk)], off); err != nil {
			return err
		}
	}
	return nil
}

func (f *file) Flush() error {
	if err := f.Sync(); err != nil {
		return err
	}
	return f.control(func(fd int) error { return unix.Fadvise(fd, 0, 0, unix.FADV_DONTNEED) })
}

func (f *file) Reread() error { return nil }

// buffer returns memory of n bytes that begins at a page, as direct access wants it; free gives it back.
func buffer(n int) (b []byte, free func(), err error) {
	b, err = unix.Mmap(-1, 0, (n+blockSize-1)/blockSize*blockSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return nil, nil, fmt.Errorf("no memory for %d bytes: %w", n, err)
	}
	return b[:n], func() { _ = unix.Munmap(b[:cap(b)]) }, nil
}
