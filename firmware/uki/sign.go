package uki

import (
	"slices"

	"tenin/firmware/keys"
)

// Sign signs an assembled image for a device: it puts the key of PCR 11 and the signature for phases, as SignPCR makes it,
// in the place of what is there, and then signs the whole as SignPE does. The result is what Assemble and SignPE make of
// the same parts and keys. Errors about the image wrap ErrDamaged.
func Sign(image []byte, set *keys.Set, phases ...string) ([]byte, error) {
	key, err := set.PCRKey()
	if err != nil {
		return nil, err
	}
	with, err := withPCR(image, set.PCRPublic, nil)
	if err != nil {
		return nil, err
	}
	signature, err := signPCR(with, set.PCRPublic, key, phases)
	if err != nil {
		return nil, err
	}
	if with, err = withPCR(image, set.PCRPublic, signature); err != nil {
		return nil, err
	}
	return SignPE(with, set.DB)
}

// withPCR exchanges the sections about PCR 11, which stand before the initrd.
func withPCR(image, public, signature []byte) ([]byte, error) {
	p, err := parseUKI(image)
	if err != nil {
		return nil, err
	}
	if _, err := Read(image); err != nil {
		return nil, err
	}
	var keep []section
	var add []content
	for _, s := range p.sections {
		switch {
		case s.name == ".pcrpkey" || s.name == ".pcrsig":
		case s.name == ".sbat" || !slices.Contains(measured, s.name):
			keep = append(keep, s)
		default:
			data, err := p.data(image, s)
			if err != nil {
				return nil, err
			}
			if s.name == ".initrd" {
				add = append(add, content{".pcrpkey", public}, content{".pcrsig", signature})
			}
			add = append(add, content{s.name, data})
		}
	}
	return p.rebuild(image, keep, add)
}

// IsUKI says whether an image holds a kernel, as no loader does.
func IsUKI(image []byte) bool {
	p, err := parsePE(image)
	if err != nil {
		return false
	}
	_, ok := p.find(".linux")
	return ok
}
