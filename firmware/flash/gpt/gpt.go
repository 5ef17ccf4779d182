// Package gpt reads the partition table of a disk or its image (UEFI specification, chapter 5.3), and moves its backup to
// the end of a larger disk. It makes no tables: those come from sfdisk.
package gpt

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"unicode/utf16"

	"tenin/firmware/internal/guid"
)

// Sector is the size of a sector in bytes: device images are made for disks that count in 512 bytes, as all do but a few.
const Sector = 512

// ErrNone is returned, wrapped, for a disk that has no readable table at the place where it was looked for.
var ErrNone = errors.New("no readable partition table")

const (
	signature  = "EFI PART"
	headerSize = 92
	entrySize  = 128
	// maxEntries bounds what a damaged header makes the reader read; sfdisk makes 128.
	maxEntries = 1024
)

// GUID identifies a disk, a partition, or a partition's type.
type GUID = guid.GUID

// A Partition is an entry of the table that is in use.
type Partition struct {
	// Number counts from 1, as Linux does in /dev/sda1.
	Number int
	Type   GUID
	ID     GUID
	Name   string
	// First and Last are sectors, both inside.
	First, Last uint64
}

// Offset returns where the partition begins, in bytes from the disk's beginning.
func (p Partition) Offset() int64 { return int64(p.First) * Sector }

// Size returns the partition's length in bytes.
func (p Partition) Size() int64 { return int64(p.Last-p.First+1) * Sector }

// A Table is a partition table whose checksums are right.
type Table struct {
	ID         GUID
	Partitions []Partition
	// FirstUsable and LastUsable bound the sectors that partitions may have.
	FirstUsable, LastUsable uint64

	header  []byte
	entries []byte
}

// Find returns the partition of that name.
func (t *Table) Find(name string) (Partition, bool) {
	for _, p := range t.Partitions {
		if p.Name == name {
			return p, true
		}
	}
	return Partition{}, false
}

// Read reads the first of the two tables, the one that firmware and Linux go by, of a disk of that many bytes, and demands
// the protective MBR before it, without which both take the disk for one without partitions. The error wraps [ErrNone]
// where the table is not there or damaged, and else is the reader's.
func Read(r io.ReaderAt, size int64) (*Table, error) {
	mbr := make([]byte, Sector)
	if err := readAt(r, mbr, 0); err != nil {
		return nil, err
	}
	if !protective(mbr) {
		return nil, fmt.Errorf("%w: the protective master boot record in sector 0 is missing", ErrNone)
	}
	return readHeader(r, 1, size)
}

// ReadBackup reads the second table, in the last sectors of a disk of that many bytes: some firmware starts a disk by it
// when the first is damaged. Errors are as with [Read].
func ReadBackup(r io.ReaderAt, size int64) (*Table, error) {
	return readHeader(r, uint64(size/Sector)-1, size)
}

func readAt(r io.ReaderAt, p []byte, off int64) error {
	n, err := r.ReadAt(p, off)
	if n == len(p) {
		return nil
	}
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: it would lie behind the end", ErrNone)
	}
	return err
}

// protective says whether a master boot record has an entry of type EE that begins at sector 1.
func protective(mbr []byte) bool {
	if mbr[510] != 0x55 || mbr[511] != 0xaa {
		return false
	}
	for i := range 4 {
		entry := mbr[446+16*i:]
		if entry[4] == 0xee && binary.LittleEndian.Uint32(entry[8:]) == 1 {
			return true
		}
	}
	return false
}

func readHeader(r io.ReaderAt, at uint64, size int64) (*Table, error) {
	sectors := uint64(size / Sector)
	if sectors < 4 || at >= sectors {
		return nil, fmt.Errorf("%w: %d bytes are too few for one", ErrNone, size)
	}
	h := make([]byte, Sector)
	if err := readAt(r, h, int64(at)*Sector); err != nil {
		return nil, err
	}
	le := binary.LittleEndian
	length := le.Uint32(h[12:])
	if string(h[:8]) != signature || length < headerSize || length > Sector {
		return nil, fmt.Errorf("%w in sector %d", ErrNone, at)
	}
	if checksum(h[:length]) != le.Uint32(h[16:]) {
		return nil, fmt.Errorf("%w: the checksum of the header in sector %d is wrong", ErrNone, at)
	}
	entriesAt, count, each := le.Uint64(h[72:]), le.Uint32(h[80:]), le.Uint32(h[84:])
	switch {
	case le.Uint64(h[24:]) != at:
		return nil, fmt.Errorf("%w: the header in sector %d was made for sector %d", ErrNone, at, le.Uint64(h[24:]))
	case each != entrySize || count == 0 || count > maxEntries:
		return nil, fmt.Errorf("%w: %d entries of %d bytes", ErrNone, count, each)
	case entriesAt >= sectors:
		return nil, fmt.Errorf("%w: its entries would lie behind the end", ErrNone)
	}
	t := &Table{
		ID: GUID(h[56:72]), FirstUsable: le.Uint64(h[40:]), LastUsable: le.Uint64(h[48:]),
		header: h, entries: make([]byte, count*each),
	}
	if err := readAt(r, t.entries, int64(entriesAt)*Sector); err != nil {
		return nil, err
	}
	if crc32.ChecksumIEEE(t.entries) != le.Uint32(h[88:]) {
		return nil, fmt.Errorf("%w: the checksum of its entries is wrong", ErrNone)
	}
	for i := range int(count) {
		e := t.entries[i*entrySize:]
		p := Partition{Number: i + 1, Type: GUID(e[:16]), ID: GUID(e[16:32]), First: le.Uint64(e[32:]), Last: le.Uint64(e[40:]), Name: name(e[56:entrySize])}
		if p.Type == (GUID{}) {
			continue
		}
		if p.First > p.Last || p.First < t.FirstUsable || p.Last > t.LastUsable || p.Last >= sectors {
			return nil, fmt.Errorf("%w: partition %d lies in sectors %d to %d of %d", ErrNone, p.Number, p.First, p.Last, sectors)
		}
		t.Partitions = append(t.Partitions, p)
	}
	return t, nil
}

func name(b []byte) string {
	var u []uint16
	for ; len(b) >= 2; b = b[2:] {
		c := binary.LittleEndian.Uint16(b)
		if c == 0 {
			break
		}
		u = append(u, c)
	}
	return string(utf16.Decode(u))
}

// checksum is that of a header, whose own field counts as zero.
func checksum(header []byte) uint32 {
	h := bytes.Clone(header)
	clear(h[16:20])
	return crc32.ChecksumIEEE(h)
}
