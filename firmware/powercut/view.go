package powercut

import (
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"maps"
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// pageSectors is how many sectors a page of a view has.
const pageSectors = 2048

// A page says for each of its sectors which entry it comes from, counted from 1; 0 is the disk as it was.
type page [pageSectors]int32

// A View is a disk with some writes of a record laid over it. It is an io.ReaderAt.
type View struct {
	base io.ReaderAt
	size int64
	log  *Log
	// pages by number; own are those that no other view has.
	pages map[int64]*page
	own   map[int64]bool
}

// NewView returns a disk of that many bytes as it is.
func NewView(disk io.ReaderAt, size int64) *View { return newView(disk, size, &Log{}) }

func newView(base io.ReaderAt, size int64, log *Log) *View {
	return &View{base: base, size: size, log: log, pages: map[int64]*page{}, own: map[int64]bool{}}
}

// fork returns a view that begins as this one.
func (v *View) fork() *View {
	// From here on neither changes a page that both have.
	clear(v.own)
	return &View{base: v.base, size: v.size, log: v.log, pages: maps.Clone(v.pages), own: map[int64]bool{}}
}

// Size returns the disk's size in bytes.
func (v *View) Size() int64 { return v.size }

// apply lays an entry's sectors over the view: all of them, or those for which keep, which counts from the entry's first,
// says so.
func (v *View) apply(entry int, keep func(sector int64) bool) {
	e := v.log.Entries[entry]
	first := e.Offset / sectorSize
	for i := range min(e.Size, v.size-e.Offset) / sectorSize {
		if keep != nil && !keep(i) {
			continue
		}
		number := (first + i) / pageSectors
		p := v.pages[number]
		if !v.own[number] {
			fresh := new(page)
			if p != nil {
				*fresh = *p
			}
			p = fresh
			v.pages[number], v.own[number] = p, true
		}
		p[(first+i)%pageSectors] = int32(entry + 1)
	}
}

// source returns where a sector comes from.
func (v *View) source(sector int64) int32 {
	if p := v.pages[sector/pageSectors]; p != nil {
		return p[sector%pageSectors]
	}
	return 0
}

// ReadAt implements io.ReaderAt.
func (v *View) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, errors.New("a negative offset")
	}
	for n < len(p) {
		at := off + int64(n)
		if at >= v.size {
			return n, io.EOF
		}
		// Sectors from the same place are read at once.
		first := at / sectorSize
		from := v.source(first)
		end := first + 1
		for end*sectorSize < min(off+int64(len(p)), v.size) && v.source(end) == from {
			end++
		}
		part := p[n:min(int64(len(p)), int64(n)+end*sectorSize-at)]
		part = part[:min(int64(len(part)), v.size-at)]
		if err := v.readFrom(from, part, at); err != nil {
			return n, err
		}
		n += len(part)
	}
	return n, nil
}

func (v *View) readFrom(from int32, p []byte, at int64) error {
	r := v.base
	if from > 0 {
		e := v.log.Entries[from-1]
		if e.Discard {
			clear(p)
			return nil
		}
		r, at = v.log.r, e.data+at-e.Offset
	}
	n, err := r.ReadAt(p, at)
	if errors.Is(err, io.EOF) && from == 0 {
		// A base that was cut off is a hole.
		clear(p[n:])
		return nil
	}
	if n < len(p) {
		return err
	}
	return nil
}

// print returns a number that is equal for views that have the same writes in a range, in bytes; 0 without any.
func (v *View) print(seed maphash.Seed, off, size int64) uint64 {
	var sum uint64
	for _, number := range slices.Sorted(maps.Keys(v.pages)) {
		low, high := number*pageSectors, (number+1)*pageSectors
		low, high = max(low, off/sectorSize), min(high, (off+size)/sectorSize)
		if low >= high {
			continue
		}
		part := v.pages[number][low-number*pageSectors : high-number*pageSectors]
		if !slices.ContainsFunc(part, func(i int32) bool { return i != 0 }) {
			continue
		}
		var h maphash.Hash
		h.SetSeed(seed)
		b := make([]byte, 0, 4*len(part)+24)
		for _, n := range []uint64{sum, uint64(low)} {
			for i := range 8 {
				b = append(b, byte(n>>(8*i)))
			}
		}
		for _, i := range part {
			b = append(b, byte(i), byte(i>>8), byte(i>>16), byte(i>>24))
		}
		_, _ = h.Write(b)
		sum = h.Sum64()
	}
	return sum
}

// WriteTo makes a disk of the view: a file that must not exist yet. base is the file that the view's disk was read from,
// whose holes stay holes.
func (v *View) WriteTo(base *os.File, path string) (err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, f.Close())
		if err != nil {
			_ = os.Remove(path)
		}
	}()
	if err := f.Truncate(v.size); err != nil {
		return err
	}
	if err := copySparse(f, base, v.size); err != nil {
		return fmt.Errorf("disk %s: %w", path, err)
	}
	buf := make([]byte, sectorSize*pageSectors)
	for _, number := range slices.Sorted(maps.Keys(v.pages)) {
		b := buf[:min(int64(len(buf)), v.size-number*int64(len(buf)))]
		if _, err := v.ReadAt(b, number*int64(len(buf))); err != nil {
			return err
		}
		if _, err := f.WriteAt(b, number*int64(len(buf))); err != nil {
			return err
		}
	}
	return nil
}

// copySparse copies what a file holds, and leaves its holes.
func copySparse(to, from *os.File, size int64) error {
	for off := int64(0); off < size; {
		data, err := unix.Seek(int(from.Fd()), off, unix.SEEK_DATA)
		if errors.Is(err, unix.ENXIO) {
			return nil
		} else if err != nil {
			data = off
		}
		hole, err := unix.Seek(int(from.Fd()), data, unix.SEEK_HOLE)
		if err != nil {
			hole = size
		}
		hole = min(hole, size)
		if data < hole {
			if _, err := io.Copy(io.NewOffsetWriter(to, data), io.NewSectionReader(from, data, hole-data)); err != nil {
				return err
			}
		}
		off = max(hole, data)
		if off == data && hole <= data {
			return nil
		}
	}
	return nil
}
