package bundle

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestWhatIsWrittenIsRead(t *testing.T) {
	key := newKey(1)
	for _, models := range []bool{false, true} {
		b := newBundle(t, given, key, newFiles(t, 7, models))
		if err := checkAll(b, public(key)); err != nil {
			t.Fatal(err)
		}
		opened, err := Open(bytes.NewReader(b), int64(len(b)), public(key))
		if err != nil {
			t.Fatal(err)
		}
		m := opened.Manifest()
		if m.Version != 7 || m.Name != "1.4.0" || (m.Models != nil) != models || (m.ModelsUUID == "") != models {
			t.Errorf("%+v", m)
		}
		if size, err := m.Size(); err != nil || size != int64(len(b)) {
			t.Errorf("Size says %d, it has %d: %v", size, len(b), err)
		}
	}
}

func TestEqualInputGivesEqualBytes(t *testing.T) {
	a := newBundle(t, given, newKey(1), newFiles(t, 7, true))
	b := newBundle(t, given, newKey(1), newFiles(t, 7, true))
	if !bytes.Equal(a, b) {
		t.Error("two bundles of the same files differ")
	}
}

func TestAnyFlippedBitIsFound(t *testing.T) {
	key := newKey(1)
	whole := newBundle(t, given, key, newFiles(t, 7, true))
	rapid.Check(t, func(t *rapid.T) {
		i := rapid.IntRange(0, len(whole)-1).Draw(t, "byte")
		if rapid.Bool().Draw(t, "early") {
			i %= 4096
		}
		b := bytes.Clone(whole)
		b[i] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		if err := checkAll(b, public(key)); !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrSignature) {
			t.Fatalf("byte %d: %v", i, err)
		}
	})
}

func TestACutIsSaidWithItsPlace(t *testing.T) {
	key := newKey(1)
	whole := newBundle(t, given, key, newFiles(t, 7, true))
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, len(whole)-1).Draw(t, "length")
		if rapid.Bool().Draw(t, "early") {
			n %= 4096
		}
		err := checkAll(whole[:n], public(key))
		if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "cut at byte") {
			t.Fatalf("%d bytes: %v", n, err)
		}
	})
	if err := checkAll(append(bytes.Clone(whole), 0), public(key)); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "1 bytes follow its end") {
		t.Error(err)
	}
}

func TestAnotherSignerIsNamed(t *testing.T) {
	b := newBundle(t, given, newKey(2), newFiles(t, 7, false))
	err := checkAll(b, public(newKey(1)))
	if !errors.Is(err, ErrSignature) || !strings.Contains(err.Error(), Fingerprint(public(newKey(2)))[:16]) {
		t.Error(err)
	}
}

func TestAManifestThatWasChangedIsToldFromAnotherSigner(t *testing.T) {
	b := newBundle(t, given, newKey(1), newFiles(t, 7, false))
	at := bytes.Index(b, []byte("1.4.0"))
	b[at] = '2'
	err := checkAll(b, public(newKey(1)))
	if !errors.Is(err, ErrSignature) || !strings.Contains(err.Error(), "changed after it was signed") {
		t.Error(err)
	}
}

func TestAChangedFileIsNamedWithItsHash(t *testing.T) {
	key := newKey(1)
	for _, name := range []string{FileUKI, FileRoot, FileModels} {
		b := newBundle(t, given, key, newFiles(t, 7, true))
		opened, err := Open(bytes.NewReader(b), int64(len(b)), public(key))
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(opened.files, func(f placed) bool { return f.name == name })
		b[opened.files[i].at+100] ^= 0x80
		var copied bytes.Buffer
		err = opened.Copy(name, &copied)
		if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), name+" is not what was signed: its SHA-256 is") {
			t.Error(err)
		}
	}
}

// rebuilt puts a bundle's files together in another order.
func rebuilt(t *testing.T, whole []byte, order ...int) []byte {
	t.Helper()
	var parts [][]byte
	for rest := whole; !bytes.Equal(rest, make([]byte, trailer)); {
		size := 0
		for _, c := range bytes.TrimRight(rest[124:136], "\x00 ") {
			size = size*8 + int(c-'0')
		}
		n := tarSize(int64(size))
		parts, rest = append(parts, rest[:n]), rest[n:]
	}
	var b []byte
	for _, i := range order {
		b = append(b, parts[i]...)
	}
	return append(b, make([]byte, trailer)...)
}

func TestFilesInAnotherOrderAreRefused(t *testing.T) {
	key := newKey(1)
	whole := newBundle(t, given, key, newFiles(t, 7, true))
	if err := checkAll(rebuilt(t, whole, 0, 1, 2, 3, 4), public(key)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		order []int
		says  string
	}{
		{[]int{1, 0, 2, 3, 4}, `"manifest.sig" is at byte 0, where manifest.json has to be`},
		{[]int{0, 1, 3, 2, 4}, `"root.img" is at byte`},
		{[]int{0, 1, 2, 4}, `"models.img" is at byte`},
		{[]int{0, 1, 2, 3}, "ends without models.img"},
		{[]int{0, 1, 2, 3, 4, 4}, "follow its end"},
		{[]int{0, 2, 3, 4}, `"tenin.efi" is at byte`},
		{nil, "ends without manifest.json"},
	} {
		if err := checkAll(rebuilt(t, whole, c.order...), public(key)); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v: %v", c.order, err)
		}
	}
}

func TestTheFilesOfTwoVersionsAreNotMixed(t *testing.T) {
	key := newKey(1)
	f := newFiles(t, 7, false)
	old, _ := newSlot(9, 130)
	f.Root = bytes.NewReader(old)
	if _, err := Write(t.Context(), &bytes.Buffer{}, given, key, f, nil); err == nil || !strings.Contains(err.Error(), "root.img: another image") {
		t.Error(err)
	}
	b := newBundle(t, given, key, newFiles(t, 7, false))
	opened, err := Open(bytes.NewReader(b), int64(len(b)), public(key))
	if err != nil {
		t.Fatal(err)
	}
	if err := opened.Manifest().CheckUKI(newFiles(t, 8, false).UKI); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "is version 8, and the manifest says 7") {
		t.Error(err)
	}
}

func TestAManifestHasOneFormOnly(t *testing.T) {
	key := newKey(1)
	b := newBundle(t, given, key, newFiles(t, 7, true))
	opened, err := Open(bytes.NewReader(b), int64(len(b)), public(key))
	if err != nil {
		t.Fatal(err)
	}
	good, err := opened.Manifest().Encode()
	if err != nil {
		t.Fatal(err)
	}
	replace := func(old, with string) []byte {
		if !bytes.Contains(good, []byte(old)) {
			t.Fatalf("no %q in %s", old, good)
		}
		return bytes.Replace(bytes.Clone(good), []byte(old), []byte(with), 1)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, good); err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string][]byte{
		"unknown field":    replace(`"format": 1,`, "\"format\": 1,\n  \"extra\": 1,"),
		"doubled field":    replace(`"version": 7,`, "\"version\": 8,\n  \"version\": 7,"),
		"other case":       replace(`"version"`, `"Version"`),
		"trailing data":    append(bytes.Clone(good), ' '),
		"second value":     append(bytes.Clone(good), good...),
		"no white space":   compact.Bytes(),
		"version zero":     replace(`"version": 7`, `"version": 0`),
		"version negative": replace(`"version": 7`, `"version": -7`),
		"version broken":   replace(`"version": 7`, `"version": 7.5`),
		"version huge":     replace(`"version": 7`, `"version": 99999999999999999999`),
		"format 2":         replace(`"format": 1`, `"format": 2`),
		"path":             replace(`"root.img"`, `"../root.img"`),
		"other file":       replace(`"models.img"`, `"root.img"`),
		"vault":            replace(`"reads_from": 2`, `"reads_from": 4`),
		"capital hash":     bytes.Replace(bytes.Clone(good), []byte(opened.Manifest().Root.SHA256), []byte(strings.ToUpper(opened.Manifest().Root.SHA256)), 1),
		"size":             replace(`"size": 5`, `"size": 6`),
		"empty":            nil,
		"null":             []byte("null\n"),
		"huge":             bytes.Repeat([]byte(" "), maxManifest+1),
	} {
		if _, err := Parse(bad); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Parse(good); err != nil {
		t.Error(err)
	}
}

func TestABundleForAnotherDeviceIsRefused(t *testing.T) {
	m := given
	m.Test = true
	kiosk := Device{Product: "tenin-kiosk", Arch: "amd64"}
	for _, c := range []struct {
		device Device
		says   string
	}{
		{Device{"tenin-wall", "amd64", true}, "product tenin-kiosk, and this is tenin-wall"},
		{Device{"tenin-kiosk", "arm64", true}, "for amd64, and this is arm64"},
		{kiosk, "TEST bundle"},
	} {
		if err := m.Fits(c.device); !errors.Is(err, ErrOther) || !strings.Contains(err.Error(), c.says) {
			t.Error(err)
		}
	}
	if err := given.Fits(kiosk); err != nil {
		t.Error(err)
	}
}

func TestGoingBackTakesPermission(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	d := &Downgrade{Floor: 9, Device: "kiosk-3", NotAfter: now.Unix()}
	if err := d.Allow("kiosk-3", 9, now); err != nil {
		t.Error(err)
	}
	all := *d
	all.Device = "*"
	if err := all.Allow("kiosk-4", 8, now); err != nil {
		t.Error(err)
	}
	for says, err := range map[string]error{
		"no permission":             (*Downgrade)(nil).Allow("kiosk-3", 9, now),
		"for the device kiosk-3":    d.Allow("kiosk-4", 9, now),
		"from version 9 at most":    d.Allow("kiosk-3", 10, now),
		"ended at 2027-01-15T08:00": d.Allow("kiosk-3", 9, now.Add(time.Second)),
	} {
		if !errors.Is(err, ErrOther) || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, not %q", err, says)
		}
	}
	m := given
	m.Downgrade = &Downgrade{Floor: 6, Device: "*", NotAfter: 1}
	if _, err := Write(t.Context(), &bytes.Buffer{}, m, newKey(1), newFiles(t, 7, false), nil); err == nil {
		t.Error("a permission to go back from below was signed")
	}
	m.Downgrade.Floor = 9
	b := newBundle(t, m, newKey(1), newFiles(t, 7, false))
	opened, err := Open(bytes.NewReader(b), int64(len(b)), public(newKey(1)))
	if err != nil || *opened.Manifest().Downgrade != *m.Downgrade {
		t.Errorf("%v", err)
	}
}

func FuzzOpen(f *testing.F) {
	key := newKey(1)
	whole := newBundle(f, given, key, newFiles(f, 7, true))
	f.Add(whole[:4096])
	f.Add(whole)
	f.Fuzz(func(t *testing.T, b []byte) {
		opened, err := Open(bytes.NewReader(b), int64(len(b)), public(key))
		if err != nil {
			if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrSignature) {
				t.Errorf("an error without a kind: %v", err)
			}
			return
		}
		if size, err := opened.Manifest().Size(); err != nil || size != int64(len(b)) {
			t.Errorf("%d bytes were opened, %d are right: %v", len(b), size, err)
		}
	})
}

func FuzzParse(f *testing.F) {
	b := newBundle(f, given, newKey(1), newFiles(f, 7, true))
	opened, err := Open(bytes.NewReader(b), int64(len(b)), public(newKey(1)))
	if err != nil {
		f.Fatal(err)
	}
	good, err := opened.Manifest().Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Parse(b)
		if err != nil {
			return
		}
		if again, err := m.Encode(); err != nil || !bytes.Equal(again, b) {
			t.Errorf("%q was read, %q is written: %v", b, again, err)
		}
	})
}
