package uki

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
)

// Offsets and numbers of the PE format (Microsoft's "PE Format", PE32+), counted from the signature "PE\0\0".
const (
	offSections     = 6
	offSymbols      = 12
	offOptionalSize = 20
	offOptional     = 24

	// The following are counted from the optional header.
	optInitialized = 8
	optSectionAl   = 32
	optFileAl      = 36
	optImageSize   = 56
	optHeadersSize = 60
	optChecksum    = 64
	optDirectories = 108
	optDirectory   = 112

	dirCertificates = 4
	dirDebug        = 6

	headerSize = 40
	machineX64 = 0x8664

	// maxImage is far above any kernel with its initrd.
	maxImage    = 1 << 30
	maxSections = 96
)

// section is one entry of the section table.
type section struct {
	name            string
	virtualSize     uint32
	virtualAddress  uint32
	rawSize         uint32
	rawOffset       uint32
	characteristics uint32
}

// pe is where things are in an image.
type pe struct {
	header      int // of "PE\0\0"
	optional    int
	table       int
	sectionAl   uint32
	fileAl      uint32
	headersSize uint32
	sections    []section
	// end is where the sections' bytes end, and certificates begin or the file does.
	end int
	// certificates are the bytes of the certificate table, nil without.
	certificates []byte
	certAt       int
}

func damaged(format string, a ...any) error {
	return fmt.Errorf("%w: %s", ErrDamaged, fmt.Sprintf(format, a...))
}

// directory returns the offset of an entry of the data directory.
func (p *pe) directory(n int) int { return p.optional + optDirectory + 8*n }

// parsePE reads an image for 64-bit PCs. Gaps between sections, which firmware would not look at when it checks a
// signature, are refused; what follows the last one, such as symbols, is signed like the rest. So every byte of the file
// but the signature is signed.
func parsePE(b []byte) (*pe, error) {
	le := binary.LittleEndian
	if len(b) > maxImage {
		return nil, damaged("longer than %d MiB", maxImage>>20)
	}
	if len(b) < 64 || b[0] != 'M' || b[1] != 'Z' {
		return nil, damaged("no program for UEFI: it does not begin with MZ")
	}
	at := uint64(le.Uint32(b[60:]))
	if at < 64 || at+offOptional+optDirectory > uint64(len(b)) {
		return nil, damaged("cut in its headers")
	}
	p := &pe{header: int(at)}
	p.optional = p.header + offOptional
	h, o := b[p.header:], b[p.optional:]
	switch {
	case string(h[:4]) != "PE\x00\x00" || le.Uint16(o) != 0x20b:
		return nil, damaged("no PE32+ program")
	case le.Uint16(h[4:]) != machineX64:
		return nil, damaged("made for another processor than amd64")
	}
	n, size, directories := int(le.Uint16(h[offSections:])), int(le.Uint16(h[offOptionalSize:])), le.Uint32(o[optDirectories:])
	p.table = p.optional + size
	p.sectionAl, p.fileAl, p.headersSize = le.Uint32(o[optSectionAl:]), le.Uint32(o[optFileAl:]), le.Uint32(o[optHeadersSize:])
	switch {
	case n == 0 || n > maxSections:
		return nil, damaged("%d sections", n)
	case directories <= dirDebug || directories > 16 || size < optDirectory+8*int(directories):
		return nil, damaged("%d data directories in %d bytes", directories, size)
	case !powerOfTwo(p.sectionAl) || !powerOfTwo(p.fileAl) || p.fileAl > p.sectionAl || p.sectionAl > 1<<20:
		return nil, damaged("sections aligned to %d and %d bytes", p.sectionAl, p.fileAl)
	case p.table+n*headerSize > int(p.headersSize) || int64(p.headersSize) > int64(len(b)):
		return nil, damaged("cut in its headers")
	}
	for i := range n {
		e := b[p.table+i*headerSize:]
		p.sections = append(p.sections, section{
			name:           string(bytes.TrimRight(e[:8], "\x00")),
			virtualSize:    le.Uint32(e[8:]),
			virtualAddress: le.Uint32(e[12:]),
			rawSize:        le.Uint32(e[16:]),
			rawOffset:      le.Uint32(e[20:]), characteristics: le.Uint32(e[36:]),
		})
	}
	return p, p.bounds(b)
}

func powerOfTwo(n uint32) bool { return n > 0 && n&(n-1) == 0 }

// bounds checks that headers, sections and certificates follow each other without gap or overlap.
func (p *pe) bounds(b []byte) error {
	inFile := slices.Clone(p.sections)
	inFile = slices.DeleteFunc(inFile, func(s section) bool { return s.rawSize == 0 })
	slices.SortStableFunc(inFile, func(a, b section) int { return int(int64(a.rawOffset) - int64(b.rawOffset)) })
	end := uint64(p.headersSize)
	for _, s := range inFile {
		if uint64(s.rawOffset) != end {
			return damaged("section %s begins at byte %d of the file instead of %d", s.name, s.rawOffset, end)
		}
		end += uint64(s.rawSize)
		if end > uint64(len(b)) {
			return damaged("cut at byte %d, in its section %s", len(b), s.name)
		}
	}
	inMemory := slices.Clone(p.sections)
	slices.SortStableFunc(inMemory, func(a, b section) int { return int(int64(a.virtualAddress) - int64(b.virtualAddress)) })
	top := uint64(p.headersSize)
	for _, s := range inMemory {
		if uint64(s.virtualAddress) < top {
			return damaged("section %s lies over another one in memory", s.name)
		}
		top = uint64(s.virtualAddress) + uint64(max(s.virtualSize, 1))
	}
	if top > maxImage {
		return damaged("needs more than %d MiB of memory", maxImage>>20)
	}

	at := uint64(binary.LittleEndian.Uint32(b[p.directory(dirCertificates):]))
	size := uint64(binary.LittleEndian.Uint32(b[p.directory(dirCertificates)+4:]))
	p.end = len(b)
	if at != 0 || size != 0 {
		switch {
		case at < end || at%8 != 0:
			return damaged("its signature begins at byte %d, inside the image", at)
		case at+size > uint64(len(b)):
			return damaged("cut at byte %d, in its signature", len(b))
		case at+size < uint64(len(b)):
			return damaged("%d bytes follow its signature", uint64(len(b))-at-size)
		}
		p.end, p.certAt, p.certificates = int(at), int(at), b[at:at+size]
	}
	return nil
}

// find returns the section of that name; ok is false without one.
func (p *pe) find(name string) (s section, ok bool) {
	i := slices.IndexFunc(p.sections, func(s section) bool { return s.name == name })
	if i < 0 {
		return section{}, false
	}
	return p.sections[i], true
}

// data returns what a section holds in memory.
func (p *pe) data(b []byte, s section) ([]byte, error) {
	if s.virtualSize > s.rawSize {
		return nil, damaged("section %s is longer in memory than in the file", s.name)
	}
	return b[s.rawOffset:][:s.virtualSize], nil
}

// setChecksum writes the sum that Microsoft's format asks for: all 16-bit words added with carry, and the length.
func setChecksum(b []byte, p *pe) {
	at := p.optional + optChecksum
	binary.LittleEndian.PutUint32(b[at:], 0)
	sum := uint64(0)
	i := 0
	for ; i+1 < len(b); i += 2 {
		sum += uint64(b[i]) | uint64(b[i+1])<<8
	}
	if i < len(b) {
		sum += uint64(b[i])
	}
	for sum > 0xffff {
		sum = sum&0xffff + sum>>16
	}
	binary.LittleEndian.PutUint32(b[at:], uint32(sum)+uint32(len(b)))
}

func alignUp(n, to uint64) uint64 { return (n + to - 1) &^ (to - 1) }
