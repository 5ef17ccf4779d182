// Package sample makes small files in the forms of a device image, for tests that shall need neither a kernel nor the
// tools that make real ones.
package sample

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"tenin/firmware/verity"
)

// Stub returns a program in the form of systemd's stub of that version: "257.1".
func Stub(version string) []byte {
	le := binary.LittleEndian
	const header, optional, table, headers = 0x40, 0x40 + 24, 0x40 + 24 + 240, 0x200
	sections := []struct {
		name string
		data []byte
	}{
		{".text", bytes.Repeat([]byte{0xcc}, 700)},
		{".sbat", []byte(SBAT)},
		{".sdmagic", []byte("#### LoaderInfo: systemd-stub " + version + " ####\x00")},
	}
	b := make([]byte, headers)
	copy(b, "MZ")
	le.PutUint32(b[60:], header)
	copy(b[header:], "PE\x00\x00")
	le.PutUint16(b[header+4:], 0x8664)
	le.PutUint16(b[header+6:], uint16(len(sections)))
	le.PutUint16(b[header+20:], 240)
	o := b[optional:]
	le.PutUint16(o, 0x20b)
	le.PutUint32(o[32:], 0x1000)
	le.PutUint32(o[36:], 0x200)
	le.PutUint32(o[56:], uint32(0x1000*(len(sections)+1)))
	le.PutUint32(o[60:], headers)
	le.PutUint32(o[108:], 16)
	for i, s := range sections {
		e := b[table+i*40:]
		copy(e[:8], s.name)
		le.PutUint32(e[8:], uint32(len(s.data)))
		le.PutUint32(e[12:], uint32(0x1000*(i+1)))
		le.PutUint32(e[16:], uint32((len(s.data)+0x1ff)&^0x1ff))
		le.PutUint32(e[20:], uint32(len(b)))
		le.PutUint32(e[36:], 0x40000040)
		b = append(b, s.data...)
		b = append(b, make([]byte, -len(s.data)&0x1ff)...)
	}
	return b
}

// SBAT is the section .sbat of Stub.
const SBAT = "sbat,1,SBAT Version,sbat,1,https://example.org\n"

// Verity returns the image of a file system, whole blocks, as `veritysetup format` makes it, and its name. It follows the
// definition level by level, in another way than the reader does.
func Verity(data, salt []byte, uuid [16]byte) ([]byte, verity.Image) {
	sum := func(b []byte) []byte { s := sha256.Sum256(slices.Concat(salt, b)); return s[:] }
	var tree [][]byte
	level := data
	for len(level) > verity.Block {
		var up []byte
		for b := range slices.Chunk(level, verity.Block) {
			up = append(up, sum(b)...)
		}
		level = append(up, make([]byte, -len(up)&(verity.Block-1))...)
		tree = append(tree, level)
	}
	super := make([]byte, verity.Block)
	le := binary.LittleEndian
	copy(super, "verity")
	le.PutUint32(super[8:], 1)
	le.PutUint32(super[12:], 1)
	copy(super[16:], uuid[:])
	copy(super[32:], "sha256")
	le.PutUint32(super[64:], verity.Block)
	le.PutUint32(super[68:], verity.Block)
	le.PutUint64(super[72:], uint64(len(data)/verity.Block))
	le.PutUint16(super[80:], uint16(len(salt)))
	copy(super[88:], salt)
	image := slices.Concat(data, super)
	for _, l := range slices.Backward(tree) {
		image = append(image, l...)
	}
	return image, verity.Image{Hash: [32]byte(sum(level)), UUID: uuid, DataSize: int64(len(data))}
}
