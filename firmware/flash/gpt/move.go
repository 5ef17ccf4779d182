package gpt

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"tenin/firmware/internal/guid"
)

// Backup is what lies in the last sectors of a disk: the entries, and behind them the header in the very last sector.
type Backup struct {
	// At is the offset of Entries in bytes; Header follows them.
	At      int64
	Entries []byte
	Header  []byte
}

// Place returns what a disk of that many bytes has to hold instead of the table of a smaller image: head is the image's
// beginning, of which the first table's sectors are changed in place, and the backup goes to the disk's real end. The error says
// that the partitions do not fit.
func (t *Table) Place(head []byte, size int64) (Backup, error) {
	if int64(len(head)) < t.EntriesEnd() || !protective(head) {
		return Backup{}, fmt.Errorf("%w: the image's first sectors hold none", ErrNone)
	}
	le := binary.LittleEndian
	entrySectors := uint64((len(t.entries) + Sector - 1) / Sector)
	if uint64(size/Sector) < 2*entrySectors+4 {
		return Backup{}, fmt.Errorf("a disk of %d bytes has no room for a partition table", size)
	}
	last := uint64(size/Sector) - 1
	usable := last - entrySectors - 1
	for _, p := range t.Partitions {
		if p.Last > usable {
			return Backup{}, fmt.Errorf("partition %d (%s) ends behind the last usable sector of a disk of %d bytes", p.Number, p.Name, size)
		}
	}
	first := bytes.Clone(t.header)
	le.PutUint64(first[24:], 1)
	le.PutUint64(first[32:], last)
	le.PutUint64(first[48:], usable)
	le.PutUint64(first[72:], 2)
	seal(first)
	second := bytes.Clone(first)
	le.PutUint64(second[24:], last)
	le.PutUint64(second[32:], 1)
	le.PutUint64(second[72:], usable+1)
	seal(second)
	copy(head[Sector:], first)
	for i := range 4 {
		entry := head[446+16*i:]
		if entry[4] == 0xee {
			// A disk of more sectors than 32 bits count has the greatest number here.
			le.PutUint32(entry[12:], uint32(min(last, 0xffffffff)))
		}
	}
	copy(head[2*Sector:], t.entries)
	entries := make([]byte, entrySectors*Sector)
	copy(entries, t.entries)
	return Backup{At: int64(usable+1) * Sector, Entries: entries, Header: second}, nil
}

// Fresh returns the table with an identity of its own for the disk and for each partition, so that no two disks which were
// made from one image are taken for each other. [Table.Place] writes it.
func (t *Table) Fresh() *Table {
	f := &Table{ID: guid.New(), FirstUsable: t.FirstUsable, LastUsable: t.LastUsable, header: bytes.Clone(t.header), entries: bytes.Clone(t.entries)}
	copy(f.header[56:72], f.ID[:])
	for _, p := range t.Partitions {
		p.ID = guid.New()
		copy(f.entries[(p.Number-1)*entrySize+16:], p.ID[:])
		f.Partitions = append(f.Partitions, p)
	}
	binary.LittleEndian.PutUint32(f.header[88:], crc32.ChecksumIEEE(f.entries))
	seal(f.header)
	return f
}

// EntriesEnd returns where the first table ends, in bytes: its entries lie from sector 2.
func (t *Table) EntriesEnd() int64 { return 2*Sector + int64(len(t.entries)) }

func seal(header []byte) {
	le := binary.LittleEndian
	le.PutUint32(header[16:], 0)
	le.PutUint32(header[16:], crc32.ChecksumIEEE(header[:le.Uint32(header[12:])]))
}
