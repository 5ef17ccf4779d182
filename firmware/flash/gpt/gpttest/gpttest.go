// Package gpttest makes partition tables for tests, so that they need no tools. Images get theirs from sfdisk.
package gpttest

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"unicode/utf16"
)

// A Part is a partition to make: its name, and where it lies in bytes.
type Part struct {
	Name         string
	Offset, Size int64
}

// linux and esp are the types of partitions, as they are stored.
var (
	linux = [16]byte{0xaf, 0x3d, 0xc6, 0x0f, 0x83, 0x84, 0x72, 0x47, 0x8e, 0x79, 0x3d, 0x69, 0xd8, 0x47, 0x7d, 0xe4}
	esp   = [16]byte{0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11, 0xba, 0x4b, 0x00, 0xa0, 0xc9, 0x3e, 0xc9, 0x3b}
)

// Write writes both tables of a disk of that many bytes.
func Write(w io.WriterAt, size int64, parts ...Part) error {
	const sector = 512
	le := binary.LittleEndian
	last := uint64(size/sector) - 1
	mbr := make([]byte, sector)
	mbr[446+4] = 0xee
	le.PutUint32(mbr[446+8:], 1)
	le.PutUint32(mbr[446+12:], uint32(min(last, 0xffffffff)))
	mbr[510], mbr[511] = 0x55, 0xaa
	entries := make([]byte, 128*128)
	for i, p := range parts {
		e := entries[i*128:]
		kind := linux
		if p.Name == "esp" {
			kind = esp
		}
		copy(e, kind[:])
		e[16] = byte(i + 1)
		le.PutUint64(e[32:], uint64(p.Offset/sector))
		le.PutUint64(e[40:], uint64((p.Offset+p.Size)/sector-1))
		for n, c := range utf16.Encode([]rune(p.Name)) {
			le.PutUint16(e[56+2*n:], c)
		}
	}
	header := func(at, other, entriesAt uint64) []byte {
		h := make([]byte, sector)
		copy(h, "EFI PART\x00\x00\x01\x00")
		le.PutUint32(h[12:], 92)
		le.PutUint64(h[24:], at)
		le.PutUint64(h[32:], other)
		le.PutUint64(h[40:], 34)
		le.PutUint64(h[48:], last-33)
		h[56] = 0x77
		le.PutUint64(h[72:], entriesAt)
		le.PutUint32(h[80:], 128)
		le.PutUint32(h[84:], 128)
		le.PutUint32(h[88:], crc32.ChecksumIEEE(entries))
		le.PutUint32(h[16:], crc32.ChecksumIEEE(h[:92]))
		return h
	}
	for _, part := range []struct {
		at    uint64
		bytes []byte
	}{
		{0, mbr}, {1, header(1, last, 2)}, {2, entries},
		{last - 32, entries}, {last, header(last, 1, last-32)},
	} {
		if _, err := w.WriteAt(part.bytes, int64(part.at)*sector); err != nil {
			return err
		}
	}
	return nil
}
