// Package fat reads the file system of an EFI system partition as firmware does (Microsoft Extensible Firmware Initiative
// FAT32 File System Specification 1.03; UEFI specification, 13.3): FAT12, FAT16 and FAT32 with long names. It is made for
// file systems that lost their power: it reads what can be read, and says what does not fit. It changes nothing.
package fat

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"unicode/utf16"
)

// ErrDamaged is returned, wrapped, for what firmware could not read.
var ErrDamaged = errors.New("damaged file system")

// The largest that are read: file systems beyond them are none of an EFI system partition.
const (
	maxFAT    = 32 << 20
	maxFolder = 4 << 20
	maxDepth  = 8
)

// An FS is a file system, read by its first file allocation table.
type FS struct {
	r       io.ReaderAt
	bits    int
	cluster int64 // bytes in a cluster
	data    int64 // where cluster 2 begins
	count   uint32
	table   []byte
	copies  bool // all tables are equal
	// The root folder: a fixed range in FAT12 and FAT16, a chain in FAT32.
	rootAt, rootSize int64
	rootCluster      uint32
}

// An Entry is a file or a folder.
type Entry struct {
	Name   string
	Folder bool
	// Size is in bytes, 0 for a folder.
	Size  int64
	first uint32
}

// Open reads the boot sector and the table of a file system of that many bytes.
func Open(r io.ReaderAt, size int64) (*FS, error) {
	b := make([]byte, 512)
	if n, err := r.ReadAt(b, 0); n < len(b) {
		return nil, fmt.Errorf("%w: no boot sector: %w", ErrDamaged, err)
	}
	le := binary.LittleEndian
	sector := int64(le.Uint16(b[11:]))
	perCluster := int64(b[13])
	reserved := int64(le.Uint16(b[14:]))
	tables := int64(b[16])
	rootEntries := int64(le.Uint16(b[17:]))
	total := int64(le.Uint16(b[19:]))
	if total == 0 {
		total = int64(le.Uint32(b[32:]))
	}
	tableSectors := int64(le.Uint16(b[22:]))
	wide := tableSectors == 0
	if wide {
		tableSectors = int64(le.Uint32(b[36:]))
	}
	power := func(n int64) bool { return n > 0 && n&(n-1) == 0 }
	switch {
	case b[510] != 0x55 || b[511] != 0xaa:
		return nil, fmt.Errorf("%w: the boot sector has no signature", ErrDamaged)
	case !power(sector) || sector < 512 || sector > 4096 || !power(perCluster) || reserved == 0 || tables == 0 || tables > 4 || tableSectors == 0:
		return nil, fmt.Errorf("%w: the boot sector describes no file system", ErrDamaged)
	case total*sector > size || tableSectors*sector > maxFAT:
		return nil, fmt.Errorf("%w: the boot sector describes a larger one", ErrDamaged)
	}
	f := &FS{r: r, cluster: perCluster * sector, copies: true}
	f.rootAt = (reserved + tables*tableSectors) * sector
	f.rootSize = (rootEntries*32 + sector - 1) / sector * sector
	f.data = f.rootAt + f.rootSize
	if f.data > total*sector {
		return nil, fmt.Errorf("%w: the boot sector describes no file system", ErrDamaged)
	}
	count := (total*sector - f.data) / f.cluster
	f.bits = 32
	switch {
	case wide:
		f.rootCluster = le.Uint32(b[44:])
	case count < 4085:
		f.bits = 12
	default:
		f.bits = 16
	}
	f.table = make([]byte, tableSectors*sector)
	f.count = uint32(min(count, int64(len(f.table))*8/int64(f.bits)-2))
	for i := range tables {
		t := make([]byte, len(f.table))
		if n, err := r.ReadAt(t, (reserved+i*tableSectors)*sector); n < len(t) {
			return nil, fmt.Errorf("%w: the file allocation table ends early: %w", ErrDamaged, err)
		}
		if i == 0 {
			f.table = t
		} else if string(t) != string(f.table) {
			f.copies = false
		}
	}
	return f, nil
}

// next returns what the table has for a cluster: 0 free, a cluster, or end.
func (f *FS) next(c uint32) (next uint32, end bool) {
	le := binary.LittleEndian
	switch f.bits {
	case 12:
		at := c + c/2
		if int(at)+2 > len(f.table) {
			return 0, false
		}
		next = uint32(le.Uint16(f.table[at:]))
		if c&1 == 1 {
			next >>= 4
		}
		next &= 0xfff
		return next, next >= 0xff8
	case 16:
		next = uint32(le.Uint16(f.table[2*c:]))
		return next, next >= 0xfff8
	}
	next = le.Uint32(f.table[4*c:]) & 0x0fffffff
	return next, next >= 0x0ffffff8
}

func (f *FS) valid(c uint32) bool { return c >= 2 && c-2 < f.count }

// chain returns the clusters of a file or folder up to a number, as far as the table leads, and an error where it leads
// nowhere or in a circle.
func (f *FS) chain(first uint32, most int64) (list []uint32, err error) {
	for c := first; ; {
		if !f.valid(c) {
			return list, fmt.Errorf("%w: a chain leads to cluster %d of %d", ErrDamaged, c, f.count)
		}
		list = append(list, c)
		if int64(len(list)) > int64(f.count) {
			return list, fmt.Errorf("%w: a chain leads in a circle", ErrDamaged)
		}
		next, end := f.next(c)
		if end || int64(len(list)) == most {
			return list, nil
		}
		c = next
	}
}

// readChain reads the clusters of a list, and only limit bytes.
func (f *FS) readChain(list []uint32, limit int64) ([]byte, error) {
	b := make([]byte, 0, min(int64(len(list))*f.cluster, limit))
	for len(list) > 0 && int64(len(b)) < limit {
		// Clusters that follow each other are read at once.
		n := 1
		for n < len(list) && list[n] == list[0]+uint32(n) {
			n++
		}
		part := make([]byte, min(int64(n)*f.cluster, limit-int64(len(b))))
		if got, err := f.r.ReadAt(part, f.data+int64(list[0]-2)*f.cluster); got < len(part) {
			return b, fmt.Errorf("%w: cluster %d: %w", ErrDamaged, list[0], err)
		}
		b = append(b, part...)
		list = list[n:]
	}
	return b, nil
}

// folder reads a folder's bytes; nil is the root.
func (f *FS) folder(e *Entry) ([]byte, error) {
	if e == nil && f.bits != 32 {
		b := make([]byte, f.rootSize)
		if n, err := f.r.ReadAt(b, f.rootAt); n < len(b) {
			return nil, fmt.Errorf("%w: the root folder ends early: %w", ErrDamaged, err)
		}
		return b, nil
	}
	first := f.rootCluster
	if e != nil {
		first = e.first
	}
	list, err := f.chain(first, maxFolder/f.cluster)
	if err != nil {
		return nil, err
	}
	return f.readChain(list, maxFolder)
}

// entries decodes a folder. A long name whose parts do not belong together or to its short name does not count, as for
// firmware: the short name does.
func (f *FS) entries(b []byte) (list []Entry) {
	le := binary.LittleEndian
	var long []uint16
	var sum byte
	var want int
	for ; len(b) >= 32 && b[0] != 0; b = b[32:] {
		attr := b[11]
		switch {
		case b[0] == 0xe5:
			want = -1
		case attr&0x3f == 0x0f:
			order := int(b[0] & 0x3f)
			if b[0]&0x40 != 0 {
				long, sum, want = nil, b[13], order
			}
			if order == 0 || order != want || b[13] != sum {
				want = -1
				continue
			}
			var part []uint16
			for _, r := range [][2]int{{1, 11}, {14, 26}, {28, 32}} {
				for i := r[0]; i < r[1]; i += 2 {
					part = append(part, le.Uint16(b[i:]))
				}
			}
			long = append(part, long...)
			want--
		case attr&0x08 != 0:
			want = -1
		default:
			e := Entry{Folder: attr&0x10 != 0, Size: int64(le.Uint32(b[28:])), first: uint32(le.Uint16(b[26:]))}
			if f.bits == 32 {
				e.first |= uint32(le.Uint16(b[20:])) << 16
			}
			if e.Folder {
				e.Size = 0
			}
			if want == 0 && long != nil && sum == checksum(b[:11]) {
				for i, c := range long {
					if c == 0 {
						long = long[:i]
						break
					}
				}
				e.Name = string(utf16.Decode(long))
			} else {
				e.Name = shortName(b)
			}
			long, want = nil, -1
			if e.Name != "." && e.Name != ".." {
				list = append(list, e)
			}
		}
	}
	return list
}

func checksum(short []byte) (sum byte) {
	for _, c := range short {
		sum = sum<<7 | sum>>1
		sum += c
	}
	return sum
}

func shortName(b []byte) string {
	base, ext := strings.TrimRight(string(b[:8]), " "), strings.TrimRight(string(b[8:11]), " ")
	// Windows NT's bits for names all in small letters.
	if b[12]&0x08 != 0 {
		base = strings.ToLower(base)
	}
	if b[12]&0x10 != 0 {
		ext = strings.ToLower(ext)
	}
	if ext == "" {
		return base
	}
	return base + "." + ext
}

// find walks to a path; nil is the root.
func (f *FS) find(path string) (*Entry, error) {
	var at *Entry
	for part := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		if part == "" {
			continue
		}
		if at != nil && !at.Folder {
			return nil, fmt.Errorf("%s: %w", path, fs.ErrNotExist)
		}
		b, err := f.folder(at)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		var found *Entry
		for _, e := range f.entries(b) {
			if strings.EqualFold(e.Name, part) {
				found = &e
				break
			}
		}
		if found == nil {
			return nil, fmt.Errorf("%s: %w", path, fs.ErrNotExist)
		}
		at = found
	}
	return at, nil
}

// List returns what is in a folder, in its order; names of paths are compared without regard to case, and "" is the root.
// Errors wrap [ErrDamaged] or fs.ErrNotExist.
func (f *FS) List(path string) ([]Entry, error) {
	at, err := f.find(path)
	if err != nil {
		return nil, err
	}
	if at != nil && !at.Folder {
		return nil, fmt.Errorf("%s: %w", path, fs.ErrNotExist)
	}
	b, err := f.folder(at)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return f.entries(b), nil
}

// ReadFile returns a file of at most limit bytes. With an error that wraps [ErrDamaged] it returns the beginning that can
// be read.
func (f *FS) ReadFile(path string, limit int64) ([]byte, error) {
	e, err := f.find(path)
	switch {
	case err != nil:
		return nil, err
	case e == nil || e.Folder:
		return nil, fmt.Errorf("%s: %w", path, fs.ErrNotExist)
	case e.Size > limit:
		return nil, fmt.Errorf("%w: %s has %d bytes, more than are read", ErrDamaged, path, e.Size)
	case e.Size == 0:
		return nil, nil
	}
	need := (e.Size + f.cluster - 1) / f.cluster
	list, chainErr := f.chain(e.first, need)
	b, err := f.readChain(list, e.Size)
	switch {
	case chainErr != nil:
		return b, fmt.Errorf("%s: %w", path, chainErr)
	case err != nil:
		return b, fmt.Errorf("%s: %w", path, err)
	case int64(len(list)) < need:
		return b, fmt.Errorf("%w: %s ends after %d of %d bytes", ErrDamaged, path, len(b), e.Size)
	}
	return b, nil
}
