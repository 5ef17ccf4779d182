package uki

import (
	"encoding/binary"
	"fmt"
	"os"
	"slices"
	"strings"
)

// Parts are what an image is made of.
type Parts struct {
	// Stub, Linux and Initrd are files: systemd's linuxx64.efi.stub, the kernel and the initrd.
	Stub, Linux, Initrd string
	// Cmdline is the kernel's command line: printable ASCII on one line.
	Cmdline string
	// OSRelease is the text of os-release(5), of which systemd-boot shows and orders images by ID and VERSION_ID.
	OSRelease string
	// Uname is the kernel's version, `uname -r`; it may be empty.
	Uname string
	// PCRPublicKey is the PEM file of the key that signs PCR 11, and PCRSignature what SignPCR made with it. Both may be
	// empty; the signature is not part of what is measured.
	PCRPublicKey, PCRSignature []byte
}

const (
	// pageSize is what sections are aligned to in memory, also for a stub that would take less.
	pageSize = 4096
	// readData is IMAGE_SCN_CNT_INITIALIZED_DATA and IMAGE_SCN_MEM_READ.
	readData = 0x40000040
)

// Assemble returns the image. The kernel is its last section. Errors about the stub wrap ErrDamaged.
func Assemble(p Parts) ([]byte, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	stub, err := readFile(p.Stub)
	if err != nil {
		return nil, err
	}
	linux, err := readFile(p.Linux)
	if err != nil {
		return nil, err
	}
	initrd, err := readFile(p.Initrd)
	if err != nil {
		return nil, err
	}
	image, err := assemble(stub, []content{
		{".osrel", []byte(p.OSRelease)},
		{".cmdline", []byte(p.Cmdline)},
		{".uname", []byte(p.Uname)},
		{".pcrpkey", p.PCRPublicKey},
		{".pcrsig", p.PCRSignature},
		{".initrd", initrd},
		{".linux", linux},
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.Stub, err)
	}
	return image, nil
}

func (p Parts) check() error {
	for _, part := range []struct{ name, value string }{{"stub", p.Stub}, {"kernel", p.Linux}, {"initrd", p.Initrd}, {"command line", p.Cmdline}, {"os-release", p.OSRelease}} {
		if part.value == "" {
			return fmt.Errorf("image without %s: name one", part.name)
		}
	}
	// The stub hands the line to the kernel as it is: a line's end or a NUL would cut it there.
	if i := strings.IndexFunc(p.Cmdline, func(r rune) bool { return r < ' ' || r > '~' }); i >= 0 {
		return fmt.Errorf("command line: byte %d is not printable ASCII", i)
	}
	if strings.TrimSpace(p.Cmdline) != p.Cmdline {
		return fmt.Errorf("command line %q begins or ends with a blank", p.Cmdline)
	}
	return nil
}

func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() == 0 || info.Size() > maxImage {
		return nil, fmt.Errorf("%s is no file of 1 to %d bytes", path, maxImage)
	}
	return os.ReadFile(path)
}

// content is a section to add; an empty one is left out.
type content struct {
	name string
	data []byte
}

// assemble adds sections to a stub. All bytes of sections are laid out anew, since the table of a stub may have no room
// for more entries before the first of them.
func assemble(stub []byte, add []content) ([]byte, error) {
	p, err := parsePE(stub)
	if err != nil {
		return nil, err
	}
	if _, err := stubVersion(stub, p); err != nil {
		return nil, err
	}
	for _, c := range add {
		if _, ok := p.find(c.name); ok {
			return nil, damaged("it has a section %s: name a stub, not a finished image", c.name)
		}
	}
	return p.rebuild(stub, p.sections, add)
}

// rebuild lays an image out anew, of sections that it has and of others behind them.
func (p *pe) rebuild(stub []byte, keep []section, add []content) ([]byte, error) {
	add = slices.DeleteFunc(add, func(c content) bool { return len(c.data) == 0 })
	type placed struct {
		section
		data []byte
	}
	var all []placed
	var next uint64 // free address in memory
	lowest := uint64(maxImage)
	for _, s := range keep {
		all = append(all, placed{s, stub[s.rawOffset:][:s.rawSize]})
		next = max(next, uint64(s.virtualAddress)+uint64(s.virtualSize))
		lowest = min(lowest, uint64(s.virtualAddress))
	}
	for _, c := range add {
		next = alignUp(next, max(pageSize, uint64(p.sectionAl)))
		all = append(all, placed{section{name: c.name, virtualSize: uint32(len(c.data)), virtualAddress: uint32(next), characteristics: readData}, c.data})
		if next += uint64(len(c.data)); next > maxImage {
			return nil, fmt.Errorf("image needs more than %d MiB: use a smaller initrd", maxImage>>20)
		}
	}
	headers := alignUp(uint64(p.table+len(all)*headerSize), uint64(p.fileAl))
	if headers > lowest || len(all) > maxSections {
		return nil, damaged("no room for %d more sections", len(add))
	}

	le := binary.LittleEndian
	image := make([]byte, headers, headers+next+uint64(len(all))*uint64(p.fileAl))
	copy(image, stub[:p.table])
	initialized := uint64(0)
	for i, s := range all {
		s.rawSize, s.rawOffset = uint32(alignUp(uint64(len(s.data)), uint64(p.fileAl))), uint32(len(image))
		if s.rawSize == 0 {
			s.rawOffset = 0
		}
		if s.characteristics&0x40 != 0 {
			initialized += uint64(s.rawSize)
		}
		e := image[p.table+i*headerSize:]
		copy(e[:8], s.name)
		le.PutUint32(e[8:], s.virtualSize)
		le.PutUint32(e[12:], s.virtualAddress)
		le.PutUint32(e[16:], s.rawSize)
		le.PutUint32(e[20:], s.rawOffset)
		le.PutUint32(e[36:], s.characteristics)
		image = append(image, s.data...)
		image = append(image, make([]byte, int(s.rawSize)-len(s.data))...)
	}
	h, o := image[p.header:], image[p.optional:]
	le.PutUint16(h[offSections:], uint16(len(all)))
	clear(h[offSymbols : offSymbols+8]) // symbols were not copied
	le.PutUint32(o[optInitialized:], uint32(initialized))
	le.PutUint32(o[optImageSize:], uint32(alignUp(next, uint64(p.sectionAl))))
	le.PutUint32(o[optHeadersSize:], uint32(headers))
	// A signature was not copied, and debugging data names places in the old file.
	clear(image[p.directory(dirCertificates):][:8])
	clear(image[p.directory(dirDebug):][:8])
	setChecksum(image, p)
	if _, err := parseUKI(image); err != nil {
		return nil, err
	}
	return image, nil
}
