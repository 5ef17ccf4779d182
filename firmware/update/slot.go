package update

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"

	"tenin/firmware/verity"
)

// chunk is how much is written and read at once, in bytes.
const chunk = 1 << 20

// OpenSlot implements Disk.
func (RealDisk) OpenSlot(path string) (Slot, error) {
	// O_EXCL on a block device: nobody has it mounted or mapped.
	flags := os.O_RDWR
	if info, err := os.Stat(path); err == nil && info.Mode()&os.ModeDevice != 0 {
		flags |= unix.O_EXCL
	}
	f, err := openUncached(path, flags)
	if err != nil {
		return nil, err
	}
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		f.Close()
		return nil, err
	}
	return &realSlot{f, size}, nil
}

// OpenReader implements Disk.
func (RealDisk) OpenReader(path string) (Reader, error) {
	f, err := openUncached(path, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		f.Close()
		return nil, err
	}
	return &realSlot{f, size}, nil
}

type realSlot struct {
	f    *os.File
	size int64
}

func (s *realSlot) Size() int64  { return s.size }
func (s *realSlot) Sync() error  { return s.f.Sync() }
func (s *realSlot) Close() error { return s.f.Close() }

// ReadAt implements Slot; p may lie anywhere in memory and at must be a multiple of a block.
func (s *realSlot) ReadAt(p []byte, at int64) (int, error) { return s.through(p, at, s.f.ReadAt, true) }

// WriteAt implements Slot; len(p) and at must be multiples of a block.
func (s *realSlot) WriteAt(p []byte, at int64) (int, error) {
	return s.through(p, at, s.f.WriteAt, false)
}

// through moves p by way of memory that the kernel takes without its cache.
func (s *realSlot) through(p []byte, at int64, move func([]byte, int64) (int, error), in bool) (n int, err error) {
	buffer, err := aligned(min(chunk, (len(p)+block-1)/block*block))
	if err != nil {
		return 0, err
	}
	defer unix.Munmap(buffer)
	for n < len(p) {
		part := buffer[:min(len(buffer), (len(p)-n+block-1)/block*block)]
		if !in {
			copy(part, p[n:])
		}
		m, err := move(part, at+int64(n))
		if in {
			m = copy(p[n:], part[:m])
		}
		n += min(m, len(p)-n)
		if n == len(p) {
			break
		}
		if err == nil && m == 0 {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// holds says whether the slot has the file's bytes, as they are stored. progress is told the bytes that were read.
func holds(s Slot, f File, progress func(done int64)) (bool, error) {
	if s.Size() < f.Size {
		return false, nil
	}
	sum, buffer := sha256.New(), make([]byte, chunk)
	for at := int64(0); at < f.Size; {
		part := buffer[:min(chunk, f.Size-at)]
		n, err := readFull(s, part, at)
		if err != nil {
			return false, err
		}
		if n < len(part) {
			return false, io.ErrUnexpectedEOF
		}
		sum.Write(part)
		at += int64(n)
		progress(at)
	}
	return [32]byte(sum.Sum(nil)) == f.SHA256, nil
}

// writeSlot puts a file of the bundle into the slot. What was there is no longer recognised from the first byte on: the
// superblock of the new content, by which a slot is known, is behind its file system and written last.
func writeSlot(s Slot, c Contents, f File, progress func(done int64)) error {
	if s.Size() < f.Size {
		return refuse(ReasonSpace, "%s has %d bytes and the slot %d: this device's slots are too small for it", f.Name, f.Size, s.Size())
	}
	w := &slotWriter{slot: s, limit: f.Size, progress: progress, buffer: make([]byte, 0, chunk)}
	if err := c.Copy(f.Name, w); err != nil {
		return err
	}
	if err := w.flush(); err != nil {
		return err
	}
	if w.at < f.Size {
		return refuse(ReasonDamaged, "%s: it is cut", f.Name)
	}
	if err := s.Sync(); err != nil {
		return refuse(ReasonDisk, "slot: what was written is not stored: %w", err)
	}
	return nil
}

// verityMagic begins a superblock of dm-verity (cryptsetup's documentation, "Verity superblock").
const verityMagic = "verity\x00\x00"

// wipeStale overwrites superblocks behind the content, of larger images that were here before. A slot is found by its
// superblock, and one of those would name an image that is here no more.
func wipeStale(s Slot, from int64) error {
	from = (from + block - 1) / block * block
	buffer, wiped := make([]byte, chunk), false
	for at := from; at < s.Size(); {
		n, err := readFull(s, buffer[:min(chunk, s.Size()-at)], at)
		if err != nil {
			return err
		}
		if n == 0 {
			return io.ErrUnexpectedEOF
		}
		for i := 0; i+len(verityMagic) <= n; i += block {
			if string(buffer[i:i+len(verityMagic)]) == verityMagic && at+int64(i)+block <= s.Size() {
				if _, err := s.WriteAt(make([]byte, block), at+int64(i)); err != nil {
					return err
				}
				wiped = true
			}
		}
		at += int64(n)
	}
	if !wiped {
		return nil
	}
	return s.Sync()
}

// slotWriter writes whole blocks.
type slotWriter struct {
	slot      Slot
	buffer    []byte
	at, limit int64 // at: what was written
	progress  func(done int64)
}

var errLonger = errors.New("it is longer than its manifest says")

func (w *slotWriter) Write(p []byte) (n int, err error) {
	for n < len(p) {
		take := min(len(p)-n, chunk-len(w.buffer))
		if w.at+int64(len(w.buffer)+take) > w.limit {
			return n, &Refusal{ReasonDamaged, errLonger}
		}
		w.buffer = append(w.buffer, p[n:n+take]...)
		n += take
		if len(w.buffer) == chunk {
			if err := w.flush(); err != nil {
				return n, err
			}
		}
	}
	return n, nil
}

// flush writes what is buffered, filled up with zeros to a block.
func (w *slotWriter) flush() error {
	length := len(w.buffer)
	if length == 0 {
		return nil
	}
	for len(w.buffer)%block != 0 {
		w.buffer = append(w.buffer, 0)
	}
	if w.at+int64(len(w.buffer)) > w.slot.Size() {
		return refuse(ReasonSpace, "slot: no room for its last block")
	}
	if _, err := w.slot.WriteAt(w.buffer, w.at); err != nil {
		return refuse(ReasonDisk, "slot: %w", err)
	}
	w.at += int64(length)
	w.buffer = w.buffer[:0]
	w.progress(w.at)
	return nil
}

// named says whether the slot's superblock is that of the file's image.
func named(s Slot, f File) bool {
	if f.DataSize <= 0 || f.DataSize%block != 0 || f.DataSize+block > s.Size() {
		return false
	}
	super, err := verity.ReadSuperblock(s, f.DataSize)
	return err == nil && super.UUID == f.UUID
}

func slotError(name string, err error) error {
	if errors.As(err, new(*Refusal)) {
		return fmt.Errorf("%s: %w", name, err)
	}
	return refuse(ReasonDisk, "%s: %w", name, err)
}
