// Package powercuttest makes what tests of power cuts need without a virtual machine: records of writes, and a small disk
// in the form of a device's.
package powercuttest

import (
	"bytes"
	"encoding/binary"
)

const sector = 512

// The flags of what is recorded (drivers/md/dm-log-writes.c).
const (
	Flush   = 1
	FUA     = 2
	Discard = 4
)

// A Recorder makes a record as QEMU's block driver blklogwrites does. The zero value is one without entries.
type Recorder struct {
	entries bytes.Buffer
	count   uint64
}

// Add records a write of whole sectors at an offset in bytes, with flags. Of what is discarded only the length counts.
func (r *Recorder) Add(off int64, data []byte, flags uint64) {
	head := make([]byte, sector)
	le := binary.LittleEndian
	le.PutUint64(head, uint64(off/sector))
	le.PutUint64(head[8:], uint64(len(data)/sector))
	le.PutUint64(head[16:], flags)
	r.entries.Write(head)
	if flags&Discard == 0 {
		r.entries.Write(data)
	}
	r.count++
}

// Write records a write.
func (r *Recorder) Write(off int64, data []byte) { r.Add(off, data, 0) }

// Flush records a flush.
func (r *Recorder) Flush() { r.Add(0, nil, Flush) }

// Bytes returns the record.
func (r *Recorder) Bytes() []byte {
	b := make([]byte, sector, sector+r.entries.Len())
	le := binary.LittleEndian
	le.PutUint64(b, 0x6a736677736872)
	le.PutUint64(b[8:], 1)
	le.PutUint64(b[16:], r.count)
	le.PutUint32(b[24:], sector)
	return append(b, r.entries.Bytes()...)
}
