package uki

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// Info is what an image says of itself.
type Info struct {
	// Stub is the version of systemd's stub: "257.13-1~deb13u1".
	Stub string
	// Cmdline, OSRelease and Uname are texts as the image has them.
	Cmdline, OSRelease, Uname string
	// PCRPublicKey is PEM, PCRSignature JSON; nil without.
	PCRPublicKey, PCRSignature []byte
	// Sections are all of them, in the order of the file.
	Sections []Section
	// Signed says that there is a signature; VerifyPE says whether it is worth something.
	Signed bool
}

// Section is one part of an image.
type Section struct {
	Name string
	// Address is where it lies in memory, from the image's begin, and Size its length in bytes.
	Address, Size uint32
	// SHA256 is in hex, of Size bytes; empty for a section that is longer in memory than in the file.
	SHA256 string
}

// Read decodes an image. Errors wrap ErrDamaged.
func Read(image []byte) (Info, error) {
	p, err := parseUKI(image)
	if err != nil {
		return Info{}, err
	}
	info := Info{Signed: len(p.certificates) > 0}
	if info.Stub, err = stubText(image, p); err != nil {
		return Info{}, err
	}
	for _, s := range p.sections {
		listed := Section{Name: s.name, Address: s.virtualAddress, Size: s.virtualSize}
		if data, err := p.data(image, s); err == nil {
			sum := sha256.Sum256(data)
			listed.SHA256 = hex.EncodeToString(sum[:])
		}
		info.Sections = append(info.Sections, listed)
	}
	for _, name := range []string{".linux", ".initrd", ".cmdline", ".osrel"} {
		if s, ok := p.find(name); !ok || s.virtualSize == 0 {
			return Info{}, damaged("it has no section %s", name)
		}
	}
	for name, set := range map[string]func([]byte){
		".cmdline": func(b []byte) { info.Cmdline = string(b) },
		".osrel":   func(b []byte) { info.OSRelease = string(b) },
		".uname":   func(b []byte) { info.Uname = string(b) },
		".pcrpkey": func(b []byte) { info.PCRPublicKey = b },
		".pcrsig":  func(b []byte) { info.PCRSignature = b },
	} {
		if s, ok := p.find(name); ok {
			data, err := p.data(image, s)
			if err != nil {
				return Info{}, err
			}
			set(data)
		}
	}
	return info, nil
}

// Param returns the value of name=value on the command line, the last one as the kernel takes it; ok is false without.
func (i Info) Param(name string) (value string, ok bool) {
	for word := range strings.FieldsSeq(i.Cmdline) {
		if v, found := strings.CutPrefix(word, name+"="); found {
			value, ok = v, true
		}
	}
	return value, ok
}

// Release returns the value of a name in os-release, without its quotes; empty without.
func (i Info) Release(name string) string {
	for line := range strings.Lines(i.OSRelease) {
		if v, found := strings.CutPrefix(strings.TrimSpace(line), name+"="); found {
			return strings.Trim(v, `"'`)
		}
	}
	return ""
}

func describe(kind error, what string) error { return fmt.Errorf("%w: %s", kind, what) }
