package powercut

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// ErrLog is returned, wrapped, for a record that cannot be read.
var ErrLog = errors.New("no record of writes")

// sectorSize is the unit in which disks tear, in bytes, whatever unit the record counts in.
const sectorSize = 512

// The flags of an entry (drivers/md/dm-log-writes.c).
const (
	flagFlush = 1 << iota
	flagFUA
	flagDiscard
	flagMark
	flagMetadata
	flagAll = 1<<iota - 1
)

// An Entry is a write, a flush, or both: then the flush was before the write.
type Entry struct {
	// Offset and Size are in bytes; Size is 0 for a flush alone.
	Offset, Size int64
	// Flush, FUA and Discard are as the kernel sent them. What was discarded has no data.
	Flush, FUA, Discard bool

	data int64
}

// A Log is a record of writes in the form of the kernel's dm-log-writes, which QEMU's block driver blklogwrites writes too
// (Documentation/admin-guide/device-mapper/log-writes.rst).
type Log struct {
	Entries []Entry
	r       io.ReaderAt
}

// maxEntries bounds a record: an update makes some thousands.
const maxEntries = 16 << 20

// OpenLog reads the entries of a record of that many bytes; their data are read when they are looked at. Errors wrap
// [ErrLog].
func OpenLog(r io.ReaderAt, size int64) (*Log, error) {
	le := binary.LittleEndian
	super := make([]byte, 28)
	if n, err := r.ReadAt(super, 0); n < len(super) {
		return nil, fmt.Errorf("%w: it has no beginning: %w", ErrLog, err)
	}
	count, unit := le.Uint64(super[16:]), int64(le.Uint32(super[24:]))
	switch {
	case le.Uint64(super) != 0x6a736677736872 || le.Uint64(super[8:]) != 1:
		return nil, fmt.Errorf("%w: its beginning is of something else", ErrLog)
	case unit < sectorSize || unit > 1<<20 || unit&(unit-1) != 0:
		return nil, fmt.Errorf("%w: it counts in sectors of %d bytes", ErrLog, unit)
	case count > maxEntries || int64(count) > size/unit:
		return nil, fmt.Errorf("%w: it cannot hold %d entries", ErrLog, count)
	}
	l := &Log{Entries: make([]Entry, 0, count), r: r}
	head := make([]byte, 32)
	for at := unit; uint64(len(l.Entries)) < count; {
		if at > size-unit {
			return nil, fmt.Errorf("%w: it ends after %d of %d entries", ErrLog, len(l.Entries), count)
		}
		if n, err := r.ReadAt(head, at); n < len(head) {
			return nil, fmt.Errorf("%w: entry %d: %w", ErrLog, len(l.Entries), err)
		}
		at += unit
		sector, sectors, flags, text := le.Uint64(head), le.Uint64(head[8:]), le.Uint64(head[16:]), le.Uint64(head[24:])
		if flags&^flagAll != 0 || sector > 1<<50/uint64(unit) || sectors > 1<<50/uint64(unit) || text > uint64(unit)-32 {
			return nil, fmt.Errorf("%w: entry %d is none", ErrLog, len(l.Entries))
		}
		e := Entry{
			Offset: int64(sector) * unit, Size: int64(sectors) * unit, data: at,
			Flush: flags&flagFlush != 0, FUA: flags&flagFUA != 0, Discard: flags&flagDiscard != 0,
		}
		if flags&flagMark != 0 {
			// A name that somebody gave to this moment.
			e.Size = 0
		}
		if !e.Discard {
			if e.Size > size-at {
				return nil, fmt.Errorf("%w: it ends in entry %d", ErrLog, len(l.Entries))
			}
			at += e.Size
		}
		l.Entries = append(l.Entries, e)
	}
	return l, nil
}
