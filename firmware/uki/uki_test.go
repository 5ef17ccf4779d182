package uki

import (
	"bytes"
	"encoding/binary"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tenin/firmware/internal/sample"
	"tenin/firmware/keys"
)

func TestEqualPartsGiveEqualBytes(t *testing.T) {
	set := testKeys(t)
	key, err := set.PCRKey()
	if err != nil {
		t.Fatal(err)
	}
	make := func() []byte {
		p := newParts(t)
		if p.PCRSignature, err = SignPCR(p, key); err != nil {
			t.Fatal(err)
		}
		return signed(t, p)
	}
	if !bytes.Equal(make(), make()) {
		t.Error("two images of the same parts and keys differ")
	}
	once := make()
	if twice, err := SignPE(once, set.DB); err != nil || !bytes.Equal(once, twice) {
		t.Errorf("signing a signed image again changes it: %v", err)
	}
}

func TestAnImageHoldsItsParts(t *testing.T) {
	p := newParts(t)
	for _, stub := range append(realStubs(), p.Stub) {
		p.Stub = stub
		info, err := Read(assembled(t, p))
		if err != nil {
			t.Fatalf("%s: %v", stub, err)
		}
		if info.Cmdline != p.Cmdline || info.OSRelease != p.OSRelease || info.Uname != p.Uname || !bytes.Equal(info.PCRPublicKey, p.PCRPublicKey) || info.Signed {
			t.Errorf("%s: %+v", stub, info)
		}
		if v, ok := info.Param("tenin.version"); v != "7" || !ok {
			t.Errorf("tenin.version is %q", v)
		}
		if _, ok := info.Param("tenin"); ok {
			t.Error("a part of a name was taken for it")
		}
		if info.Release("VERSION_ID") != "7" {
			t.Errorf("VERSION_ID is %q", info.Release("VERSION_ID"))
		}
		var names []string
		for i, s := range info.Sections {
			names = append(names, s.Name)
			if i > 0 && s.Address < info.Sections[i-1].Address+info.Sections[i-1].Size || i >= len(info.Sections)-6 && s.Address%0x1000 != 0 {
				t.Errorf("%s: section %s lies at %#x", stub, s.Name, s.Address)
			}
		}
		if last := names[len(names)-6:]; !slices.Equal(last, []string{".osrel", ".cmdline", ".uname", ".pcrpkey", ".initrd", ".linux"}) {
			t.Errorf("%s: sections %v", stub, names)
		}
		if !slices.Contains(names, ".sbat") {
			t.Errorf("%s: the stub's .sbat is gone", stub)
		}
	}
}

func TestPartsThatMakeNoImageAreRefused(t *testing.T) {
	finished := func(t *testing.T) string { return put(t, assembled(t, newParts(t))) }
	for says, change := range map[string]func(*Parts){
		"without kernel":              func(p *Parts) { p.Linux = "" },
		"without command line":        func(p *Parts) { p.Cmdline = "" },
		"byte 5 is not printable":     func(p *Parts) { p.Cmdline = "quiet\npanic=5" },
		"begins or ends with a blank": func(p *Parts) { p.Cmdline = "quiet " },
		"name a stub, not a finished": func(p *Parts) { p.Stub = finished(t) },
		"use 252 or at least 255":     func(p *Parts) { p.Stub = put(t, sample.Stub("254.1")) },
		"does not begin with MZ":      func(p *Parts) { p.Stub = p.Linux },
		"not made with systemd's stub": func(p *Parts) {
			p.Stub = put(t, bytes.Replace(sample.Stub("257"), []byte("systemd-stub"), []byte("another-stub"), 1))
		},
		"no such file":       func(p *Parts) { p.Initrd += ".gone" },
		"is no file of 1 to": func(p *Parts) { p.Initrd = filepath.Dir(p.Initrd) },
	} {
		p := newParts(t)
		change(&p)
		if _, err := Assemble(p); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, not %q", err, says)
		}
	}
}

func TestPCR11DependsOnEachPartButItsSignature(t *testing.T) {
	p := newParts(t)
	first, err := Measure(p)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Parts){
		"command line": func(p *Parts) { p.Cmdline += " debug" },
		"os-release":   func(p *Parts) { p.OSRelease += "\n" },
		"uname":        func(p *Parts) { p.Uname = "" },
		"kernel":       func(p *Parts) { p.Linux = put(t, []byte("other")) },
		"initrd":       func(p *Parts) { p.Initrd = put(t, []byte("other")) },
		"key":          func(p *Parts) { p.PCRPublicKey = otherKeys(t).PCRPublic },
		"stub's sbat": func(p *Parts) {
			p.Stub = put(t, bytes.Replace(sample.Stub("257"), []byte("SBAT Version"), []byte("SBAT version"), 1))
		},
	} {
		other := newParts(t)
		change(&other)
		if pcr, err := Measure(other); err != nil || pcr == first {
			t.Errorf("another %s gives the same PCR 11: %v", name, err)
		}
	}
	p.PCRSignature = []byte("{}")
	if pcr, err := Measure(p); err != nil || pcr != first {
		t.Errorf("the signature changes PCR 11: %v", err)
	}
	image := signed(t, p)
	if pcr, err := MeasureImage(image); err != nil || pcr != first {
		t.Errorf("signing for Secure Boot changes PCR 11: %v", err)
	}
}

func TestASignedImageIsAcceptedWhateverTheTime(t *testing.T) {
	// The certificates of the tests began in 2020 and last 30 years; an expired one is below.
	image := signed(t, newParts(t))
	if err := VerifyPE(image, otherKeys(t).DB.Certificate(), testKeys(t).DB.Certificate()); err != nil {
		t.Error(err)
	}
	names, err := Signers(image)
	if err != nil || !slices.Equal(names, []string{"CN=Yamada Books db"}) {
		t.Errorf("%q %v", names, err)
	}
}

func TestAnExpiredCertificateIsNoError(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "old")
	if err := keys.New(dir, keys.Options{Now: testKeys(t).DB.Certificate().NotBefore.AddDate(-40, 0, 0)}); err != nil {
		t.Fatal(err)
	}
	old, err := keys.Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	image, err := SignPE(assembled(t, newParts(t)), old.DB)
	if err != nil {
		t.Fatal(err)
	}
	if err := VerifyPE(image, old.DB.Certificate()); err != nil {
		t.Error(err)
	}
}

func TestEachWayNotToBeSignedHasItsWords(t *testing.T) {
	set, p := testKeys(t), newParts(t)
	unsigned := assembled(t, p)
	image := signed(t, p)
	if err := VerifyPE(unsigned, set.DB.Certificate()); !errors.Is(err, ErrNotSigned) {
		t.Error(err)
	}
	if err := VerifyPE(image, otherKeys(t).DB.Certificate()); !errors.Is(err, ErrOtherSigner) || !strings.Contains(err.Error(), "CN=Yamada Books db") {
		t.Error(err)
	}
	if err := VerifyPE(image); !errors.Is(err, ErrOtherSigner) {
		t.Error(err)
	}
	changed := bytes.Clone(image)
	changed[bytes.Index(changed, []byte("panic=5"))] = 'P'
	if err := VerifyPE(changed, set.DB.Certificate()); !errors.Is(err, ErrAltered) || !strings.Contains(err.Error(), "signed was ") {
		t.Error(err)
	}
	if err := VerifyPE(image[:len(image)-100], set.DB.Certificate()); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "cut at byte") {
		t.Error(err)
	}
	if err := VerifyPE(image[:len(image)/2], set.DB.Certificate()); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "in its section .linux") {
		t.Error(err)
	}
	// One image's signature on another.
	p.Cmdline = "quiet panic=5 tenin.version=8 tenin.root=aa,bb,4096"
	swapped := signed(t, p)
	a, b := len(swapped)-int(certificates(t, swapped)), len(image)-int(certificates(t, image))
	if a != b {
		t.Fatal("the two images differ in length")
	}
	copy(swapped[a:], image[b:])
	if err := VerifyPE(swapped, set.DB.Certificate()); !errors.Is(err, ErrAltered) {
		t.Error(err)
	}
	for _, err := range []error{ErrDamaged, ErrNotSigned, ErrOtherSigner, ErrAltered} {
		if !errors.Is(err, ErrNotVerified) {
			t.Errorf("%v is not ErrNotVerified", err)
		}
	}
}

// certificates returns the length of an image's signature.
func certificates(t *testing.T, image []byte) uint32 {
	t.Helper()
	p, err := parsePE(image)
	if err != nil {
		t.Fatal(err)
	}
	return binary.LittleEndian.Uint32(image[p.directory(dirCertificates)+4:])
}

func TestAnyFlippedBitOfASignedImageIsFound(t *testing.T) {
	image := signed(t, newParts(t))
	certificate := testKeys(t).DB.Certificate()
	p, err := parsePE(image)
	if err != nil {
		t.Fatal(err)
	}
	checksum := p.optional + optChecksum
	rapid.Check(t, func(t *rapid.T) {
		i := rapid.IntRange(0, len(image)-1).Draw(t, "byte")
		switch rapid.IntRange(0, 2).Draw(t, "where") {
		case 1:
			i %= 1024
		case 2:
			i = p.end + i%len(p.certificates)
		}
		if i >= checksum && i < checksum+4 {
			return // no loader looks at it
		}
		changed := bytes.Clone(image)
		changed[i] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		// Behind p.end is the signature's envelope, with versions and doubled names that decide nothing.
		if err := VerifyPE(changed, certificate); err == nil && i < p.end {
			t.Fatalf("byte %d of %d was changed, and the image still verifies", i, len(image))
		} else if err != nil && !errors.Is(err, ErrNotVerified) {
			t.Fatalf("byte %d: an error without a kind: %v", i, err)
		}
	})
}

func TestAChangeOfTheSignatureItselfIsFound(t *testing.T) {
	image := signed(t, newParts(t))
	certificate := testKeys(t).DB.Certificate()
	digest := bytes.Index(image, imageData) + len(imageData) + 20
	for _, i := range []int{digest, bytes.Index(image, certificate.Raw) + 100, bytes.LastIndex(image, []byte{4, 0x82, 1, 0}) + 50} {
		changed := bytes.Clone(image)
		changed[i] ^= 1
		if err := VerifyPE(changed, certificate); !errors.Is(err, ErrAltered) && !errors.Is(err, ErrOtherSigner) {
			t.Errorf("byte %d: %v", i, err)
		}
	}
}

func TestGapsAndOverlapsAreRefused(t *testing.T) {
	p := newParts(t)
	image := assembled(t, p)
	l, err := parsePE(image)
	if err != nil {
		t.Fatal(err)
	}
	last := l.table + (len(l.sections)-1)*headerSize
	le := binary.LittleEndian
	for says, change := range map[string]func([]byte){
		"of the file instead of":             func(b []byte) { le.PutUint32(b[last+20:], l.sections[len(l.sections)-1].rawOffset+0x200) },
		"lies over another one":              func(b []byte) { le.PutUint32(b[last+12:], 0x1000) },
		"two sections are called":            func(b []byte) { copy(b[last:], ".initrd\x00") },
		"it has no section .linux":           func(b []byte) { copy(b[last:], ".lunix\x00\x00") },
		"longer in memory than in the file":  func(b []byte) { le.PutUint32(b[last-4*headerSize+8:], 0x700) },
		"another processor":                  func(b []byte) { le.PutUint16(b[l.header+4:], 0xaa64) },
		"cut in its headers":                 func(b []byte) { le.PutUint32(b[l.optional+optHeadersSize:], 0x100) },
		"data directories":                   func(b []byte) { le.PutUint32(b[l.optional+optDirectories:], 99) },
		"its signature begins at byte 4096,": func(b []byte) { le.PutUint32(b[l.directory(dirCertificates):], 4096) },
	} {
		b := bytes.Clone(image)
		change(b)
		if _, err := Read(b); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, not %q", err, says)
		}
	}
}

func TestPCRSignaturesAreChecked(t *testing.T) {
	set, p := testKeys(t), newParts(t)
	key, err := set.PCRKey()
	if err != nil {
		t.Fatal(err)
	}
	if p.PCRSignature, err = SignPCR(p, key, "sysinit", ""); err != nil {
		t.Fatal(err)
	}
	if err := VerifyPCR(assembled(t, p), set.PCRPublic); err != nil {
		t.Error(err)
	}
	if err := VerifyPCR(assembled(t, p), otherKeys(t).PCRPublic); !errors.Is(err, ErrOtherSigner) {
		t.Error(err)
	}
	altered := p
	altered.Cmdline += " init=/bin/sh"
	if err := VerifyPCR(assembled(t, altered), set.PCRPublic); !errors.Is(err, ErrAltered) || !strings.Contains(err.Error(), "not what this image measures") {
		t.Error(err)
	}
	without := p
	without.PCRSignature = nil
	if err := VerifyPCR(assembled(t, without), set.PCRPublic); !errors.Is(err, ErrNotSigned) {
		t.Error(err)
	}
	broken := p
	broken.PCRSignature = []byte("{")
	if err := VerifyPCR(assembled(t, broken), set.PCRPublic); !errors.Is(err, ErrDamaged) {
		t.Error(err)
	}
	phase := p
	if phase.PCRSignature, err = SignPCR(p, key, "sysinit"); err != nil {
		t.Fatal(err)
	}
	if err := VerifyPCR(assembled(t, phase), set.PCRPublic); !errors.Is(err, ErrAltered) {
		t.Error(err)
	}
	other, err := otherKeys(t).PCRKey()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := SignPCR(p, other); err == nil || !strings.Contains(err.Error(), "another one's") {
		t.Errorf("a state was signed for a key that the image does not name: %v", err)
	}
}

func FuzzRead(f *testing.F) {
	p := newParts(f)
	p.Linux, p.Initrd = put(f, []byte("kernel")), put(f, []byte("initrd"))
	f.Add(signed(f, p))
	f.Add(sample.Stub("252.1"))
	f.Add(signed(f, p)[:2048])
	certificate := testKeys(f).DB.Certificate()
	f.Fuzz(func(t *testing.T, b []byte) {
		info, err := Read(b)
		if err != nil && !errors.Is(err, ErrDamaged) {
			t.Errorf("Read: an error without a kind: %v", err)
		}
		if err == nil {
			for _, s := range info.Sections {
				if s.SHA256 != "" && int(s.Size) > len(b) {
					t.Errorf("section %s has %d bytes of %d", s.Name, s.Size, len(b))
				}
			}
		}
		if err := VerifyPE(b, certificate); err != nil && !errors.Is(err, ErrNotVerified) {
			t.Errorf("VerifyPE: an error without a kind: %v", err)
		}
		if _, err := MeasureImage(b); err != nil && !errors.Is(err, ErrDamaged) {
			t.Errorf("MeasureImage: an error without a kind: %v", err)
		}
	})
}

func TestSigningLaterGivesTheSameBytes(t *testing.T) {
	set := testKeys(t)
	key, err := set.PCRKey()
	if err != nil {
		t.Fatal(err)
	}
	p := newParts(t)
	for _, stub := range append(realStubs(), p.Stub) {
		p.Stub, p.PCRSignature, p.PCRPublicKey = stub, nil, nil
		unsigned := assembled(t, p)
		p.PCRPublicKey = set.PCRPublic
		if p.PCRSignature, err = SignPCR(p, key, ""); err != nil {
			t.Fatal(err)
		}
		want := signed(t, p)
		for name, image := range map[string][]byte{"unsigned": unsigned, "signed": want} {
			got, err := Sign(image, set)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s: the %s image, signed, is another one", stub, name)
			}
		}
		if !IsUKI(unsigned) {
			t.Errorf("%s: no UKI", stub)
		}
	}
	if _, err := Sign(sample.Stub("257.1"), set); !errors.Is(err, ErrDamaged) {
		t.Error(err)
	}
	if IsUKI(sample.Stub("257.1")) || IsUKI(nil) {
		t.Error("a loader is taken for a UKI")
	}
}
