package verify

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tenin/firmware/bundle"
	"tenin/firmware/internal/sample"
	"tenin/firmware/verity"
)

func check(t *testing.T, path string) Report {
	t.Helper()
	r, err := File(t.Context(), path, TrustOf(openKeys(t, 0)), nil)
	if err != nil {
		t.Fatal(err)
	}
	if r.Verified != (r.Err() == nil) || r.Verified != (len(says(r)) == 0) {
		t.Errorf("verified %v, %v, %q", r.Verified, r.Err(), says(r))
	}
	return r
}

func TestAWholeDiskVerifies(t *testing.T) {
	needTools(t)
	r := check(t, newDisk(t).make())
	if !r.Verified || r.Kind != KindDisk || r.Version != 2 || r.Test {
		t.Errorf("%+v %q", r, says(r))
	}
	var parts []string
	for _, p := range r.Parts {
		parts = append(parts, p.Part+": "+p.Says)
	}
	for _, want := range []string{
		"partition table: 5 partitions, both copies",
		"esp /EFI/BOOT/BOOTX64.EFI: signed by CN=Yamada Books db",
		"esp /EFI/Linux/tenin_1.efi Secure Boot: signed",
		"esp /EFI/Linux/tenin_2+3.efi PCR 11: ",
		"esp /loader/keys/auto/db.auth: enrols CN=Yamada Books db",
		"root-a: what tenin_1.efi starts", "root-b: what tenin_2+3.efi starts",
		"models-a: what tenin_1.efi and tenin_2+3.efi starts", "models-b: empty",
	} {
		if !contains(parts, want) {
			t.Errorf("%q is not among %q", want, parts)
		}
	}
}

func TestEachDamageOfADiskIsSaid(t *testing.T) {
	needTools(t)
	ours, theirs := openKeys(t, 0), openKeys(t, 1)
	whole, err := os.ReadFile(newDisk(t).make())
	if err != nil {
		t.Fatal(err)
	}
	_, root := newSlot(1, 130)
	_, weights := newSlot(90, 4)
	for want, c := range map[string]struct {
		before func(*disk)
		after  func(*disk)
	}{
		"root-a: damaged image: block 70 of its file system, at byte 286720, was changed (1 of 130": {after: func(d *disk) { d.write("root-a", 70*verity.Block+5, []byte{1}) }},
		"root-b: damaged image: its hashes":                                             {after: func(d *disk) { d.write("root-b", 133*verity.Block, []byte{1}) }},
		"models-a: damaged image: block 3":                                              {after: func(d *disk) { d.write("models-a", 3*verity.Block+5, []byte{1}) }},
		"root: tenin_1.efi starts 01010000-0000-0000-0000-000000000000, which is in no": {before: func(d *disk) { delete(d.slots, "root-a") }},
		"weights: tenin_1.efi and tenin_2+3.efi starts":                                 {before: func(d *disk) { delete(d.slots, "models-a") }},
		"partition table: no readable partition table":                                  {after: func(d *disk) { d.write("", 512+60, []byte{9}) }},
		"partition table's copy: no readable":                                           {after: func(d *disk) { d.write("", 16*mib-512+60, []byte{9}) }},
		"esp: damaged file system":                                                      {after: func(d *disk) { d.write("esp", 0, make([]byte, 4096)) }},
		"BOOTX64.EFI: not signed":                                                       {before: func(d *disk) { d.files["/EFI/BOOT/BOOTX64.EFI"] = sample.Stub("257.1") }},
		"esp: there is no /EFI/BOOT/BOOTX64.EFI":                                        {before: func(d *disk) { delete(d.files, "/EFI/BOOT/BOOTX64.EFI") }},
		"there is no kernel image in /EFI/Linux": {before: func(d *disk) {
			delete(d.files, "/EFI/Linux/tenin_1.efi")
			delete(d.files, "/EFI/Linux/tenin_2+3.efi")
		}},
		"tenin_1.efi Secure Boot: signed by another key: CN=Somebody Else db": {before: func(d *disk) {
			d.files["/EFI/Linux/tenin_1.efi"] = signed(t, newKernel(t, 1, root, weights, ""), theirs)
		}},
		"tenin_1.efi Secure Boot: altered after it was signed": {before: func(d *disk) {
			image := d.files["/EFI/Linux/tenin_1.efi"]
			d.files["/EFI/Linux/tenin_1.efi"] = flipped(image, bytes.Index(image, []byte("quiet")))
		}},
		"tenin_1.efi: it is version 3, which its name does not say": {before: func(d *disk) {
			d.files["/EFI/Linux/tenin_1.efi"] = signed(t, newKernel(t, 3, root, weights, ""), ours)
		}},
		"tenin_1.efi: damaged image: cut at byte": {before: func(d *disk) {
			d.files["/EFI/Linux/tenin_1.efi"] = d.files["/EFI/Linux/tenin_1.efi"][:6000]
		}},
		"tenin_1.efi.extra.d/a.cred: it would be handed to what starts": {before: func(d *disk) { d.files["/EFI/Linux/tenin_1.efi.extra.d/a.cred"] = []byte("x") }},
		"/loader/entries/a.conf: it would be handed":                    {before: func(d *disk) { d.files["/loader/entries/a.conf"] = []byte("x") }},
		"db.auth: it enrols other keys": {before: func(d *disk) {
			auth, err := os.ReadFile(filepath.Join(theirs.Dir, "db.auth"))
			if err != nil {
				t.Fatal(err)
			}
			d.files["/loader/keys/auto/db.auth"] = auth
		}},
		"/EFI/tools/shell.efi: not signed": {before: func(d *disk) { d.files["/EFI/tools/shell.efi"] = sample.Stub("257.1") }},
	} {
		d := newDisk(t)
		if c.before != nil {
			c.before(d)
			d.make()
		} else {
			d.path = put(t, "kiosk.img", whole)
		}
		if c.after != nil {
			c.after(d)
		}
		if r := check(t, d.path); r.Verified || !contains(says(r), want) {
			t.Errorf("%q is not among %q", want, says(r))
		}
	}
}

func TestASlotThatNothingStartsIsToldAndNoError(t *testing.T) {
	needTools(t)
	d := newDisk(t)
	delete(d.files, "/EFI/Linux/tenin_2+3.efi")
	r := check(t, d.make())
	if !r.Verified {
		t.Errorf("%q", says(r))
	}
	for _, p := range r.Parts {
		if p.Part == "root-b" && p.Says != "holds something that nothing starts" {
			t.Error(p.Says)
		}
	}
}

func TestWithoutPublicKeysNothingOfADiskVerifies(t *testing.T) {
	needTools(t)
	r, err := File(t.Context(), newDisk(t).make(), Trust{}, nil)
	if err != nil || r.Verified || !contains(says(r), "there is no db.crt to compare it with") || !contains(says(r), "there is no pcr.pub") {
		t.Errorf("%v %q", err, says(r))
	}
}

func newBundle(t *testing.T, key int, m bundle.Manifest) []byte {
	t.Helper()
	root, rootName := newSlot(1, 130)
	models, modelsName := newSlot(90, 4)
	k, err := openKeys(t, key).BundleKey()
	if err != nil {
		t.Fatal(err)
	}
	m.Name, m.Arch, m.Vault = "1.4.0", "amd64", bundle.Vault{Writes: 3, ReadsFrom: 2}
	if m.Product == "" {
		m.Product = "tenin-kiosk"
	}
	var b bytes.Buffer
	files := bundle.Files{UKI: signed(t, newKernel(t, 5, rootName, modelsName, ""), openKeys(t, 0)), Root: bytes.NewReader(root), Models: bytes.NewReader(models)}
	if _, err := bundle.Write(t.Context(), &b, m, k, files, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestAWholeBundleVerifiesAndEachDamageIsSaid(t *testing.T) {
	whole := newBundle(t, 0, bundle.Manifest{Test: true})
	r := check(t, put(t, "a.bundle", whole))
	if !r.Verified || r.Kind != KindBundle || r.Version != 5 || r.Name != "1.4.0" || !r.Test {
		t.Errorf("%+v %q", r, says(r))
	}
	root := bytes.Index(whole, []byte("root.img\x00\x00"))
	for want, damaged := range map[string][]byte{
		"manifest: damaged bundle: cut at byte 9000":                             whole[:9000],
		"manifest: signature does not verify: its manifest was changed after":    bytes.Replace(bytes.Clone(whole), []byte("1.4.0"), []byte("1.5.0"), 1),
		"root.img: damaged bundle: root.img is not what was signed: its SHA-256": flipped(whole, root+20000),
		"root.img's hashes: damaged image: block 4 of its file system":           flipped(whole, root+512+4*4096),
		"tenin.efi: damaged bundle: tenin.efi is not what was signed":            flipped(whole, root-1000),
		"manifest: damaged bundle: no tar file":                                  flipped(whole, 3),
		"device: not for this device: it is for the product tenin-wall":          newBundle(t, 0, bundle.Manifest{Product: "tenin-wall"}),
		"manifest: signature does not verify: it is of the key":                  newBundle(t, 1, bundle.Manifest{}),
	} {
		if r := check(t, put(t, "a.bundle", damaged)); r.Verified || !contains(says(r), want) {
			t.Errorf("%q is not among %q", want, says(r))
		}
	}
}

func TestAProgramVerifies(t *testing.T) {
	set := openKeys(t, 0)
	_, root := newSlot(1, 130)
	kernel := newKernel(t, 5, root, root, "")
	r := check(t, put(t, "k", signed(t, kernel, set)))
	if !r.Verified || r.Kind != KindUKI || r.Version != 5 {
		t.Errorf("%+v", r)
	}
	r = check(t, put(t, "l", signed(t, sample.Stub("257.1"), set)))
	if !r.Verified || r.Kind != KindLoader {
		t.Errorf("%+v", r)
	}
	if r := check(t, put(t, "u.efi", kernel)); r.Verified || len(says(r)) != 2 {
		t.Errorf("%+v", r)
	}
}

func TestWhatIsNeitherIsNotVerified(t *testing.T) {
	for _, b := range [][]byte{nil, []byte("a letter"), bytes.Repeat([]byte{0}, 2000)} {
		if _, err := File(t.Context(), put(t, "letter", b), Trust{}, nil); !errors.Is(err, ErrNotVerified) {
			t.Error(err)
		}
		for _, name := range []string{"a.img", "a.bundle", "a.efi"} {
			if r := check(t, put(t, name, b)); r.Verified {
				t.Errorf("%s verifies", name)
			}
		}
	}
	if _, err := File(t.Context(), t.TempDir(), Trust{}, nil); err == nil || !strings.Contains(err.Error(), "is a folder") {
		t.Error(err)
	}
	if _, err := File(t.Context(), filepath.Join(t.TempDir(), "gone"), Trust{}, nil); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	if err := (Report{File: "a"}).Err(); !errors.Is(err, ErrNotVerified) {
		t.Error(err)
	}
}

func TestVerifyingStopsWhenItIsToldTo(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := File(ctx, put(t, "a.bundle", newBundle(t, 0, bundle.Manifest{})), TrustOf(openKeys(t, 0)), nil); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
