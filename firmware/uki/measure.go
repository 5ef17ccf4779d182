package uki

import (
	"bytes"
	"crypto/sha256"
	"strconv"
)

// measured are the sections that systemd's stub measures into PCR 11, in its order (systemd-stub(7)). .pcrsig, which
// signs the result, is not among them.
var measured = []string{
	".linux", ".osrel", ".cmdline", ".initrd", ".ucode", ".splash", ".dtb", ".uname", ".sbat", ".pcrpkey",
	".profile", ".dtbauto", ".hwids", ".efifw",
}

// measured252 are those that the stub of systemd 252 knows.
var measured252 = []string{".linux", ".osrel", ".cmdline", ".initrd", ".splash", ".dtb", ".pcrpkey"}

// Measure returns what PCR 11 holds in its SHA-256 bank when the image's kernel starts, before any phase of the boot
// was measured. p.PCRSignature makes no difference. It is what a TPM held in a virtual machine under the stubs of systemd
// 252.39 and 257.13.
func Measure(p Parts) (pcr11 [32]byte, err error) {
	p.PCRSignature = nil
	image, err := Assemble(p)
	if err != nil {
		return pcr11, err
	}
	return MeasureImage(image)
}

// MeasureImage is Measure for an assembled image. Errors wrap ErrDamaged.
func MeasureImage(image []byte) (pcr11 [32]byte, err error) {
	p, err := parseUKI(image)
	if err != nil {
		return pcr11, err
	}
	version, err := stubVersion(image, p)
	if err != nil {
		return pcr11, err
	}
	names := measured
	if version == 252 {
		names = measured252
	}
	for _, name := range names {
		s, ok := p.find(name)
		if !ok || s.virtualSize == 0 {
			continue
		}
		data, err := p.data(image, s)
		if err != nil {
			return pcr11, err
		}
		pcr11 = extend(pcr11, append([]byte(name), 0))
		pcr11 = extend(pcr11, data)
	}
	return pcr11, nil
}

// Phase returns what PCR 11 holds after a word, such as "sysinit", was measured (systemd-pcrphase.service(8)).
func Phase(pcr11 [32]byte, word string) [32]byte { return extend(pcr11, []byte(word)) }

// extend is what a TPM does when data is measured.
func extend(pcr [32]byte, data []byte) [32]byte {
	d := sha256.Sum256(data)
	return sha256.Sum256(append(pcr[:], d[:]...))
}

// parseUKI is parsePE for an image whose sections have one meaning.
func parseUKI(image []byte) (*pe, error) {
	p, err := parsePE(image)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, s := range p.sections {
		if seen[s.name] {
			return nil, damaged("two sections are called %s", s.name)
		}
		seen[s.name] = true
	}
	return p, nil
}

const magic = "#### LoaderInfo: systemd-stub "

// stubVersion returns the version of systemd's stub, by what it says of itself.
func stubVersion(b []byte, p *pe) (int, error) {
	text, err := stubText(b, p)
	if err != nil {
		return 0, err
	}
	digits := len(text) - len(bytes.TrimLeft([]byte(text), "0123456789"))
	version, err := strconv.Atoi(text[:digits])
	if err != nil || version != 252 && version < 255 {
		return 0, damaged("stub of systemd %.40q: use 252 or at least 255", text)
	}
	return version, nil
}

// stubText returns the stub's version as its distribution writes it: "257.13-1~deb13u1".
func stubText(b []byte, p *pe) (string, error) {
	s, ok := p.find(".sdmagic")
	if !ok {
		return "", damaged("not made with systemd's stub: it has no section .sdmagic")
	}
	data, err := p.data(b, s)
	if err != nil {
		return "", err
	}
	text, ok := bytes.CutPrefix(bytes.TrimRight(data, "\x00"), []byte(magic))
	if !ok {
		return "", damaged("not made with systemd's stub: .sdmagic says %.60q", data)
	}
	text = bytes.TrimSuffix(text, []byte(" ####"))
	return string(text), nil
}
