package signing

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"tenin/firmware/bundle"
	"tenin/firmware/internal/sample"
	"tenin/firmware/keys"
	"tenin/firmware/parts"
	"tenin/firmware/uki"
	"tenin/firmware/verify"
	"tenin/firmware/verity"
)

func newKeys(t *testing.T) *keys.Set {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "keys")
	if err := keys.New(dir, keys.Options{}); err != nil {
		t.Fatal(err)
	}
	set, err := keys.Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(set.Destroy)
	return set
}

func put(t *testing.T, path string, content []byte) string {
	t.Helper()
	if err := os.WriteFile(path, content, 0o640); err != nil {
		t.Fatal(err)
	}
	return path
}

func newSlot(seed byte) ([]byte, verity.Image) {
	return sample.Verity(bytes.Repeat([]byte{seed}, 5*verity.Block), nil, [16]byte{seed})
}

func newKernel(t *testing.T, root, models verity.Image) []byte {
	t.Helper()
	dir := t.TempDir()
	image, err := uki.Assemble(uki.Parts{
		Stub: put(t, filepath.Join(dir, "stub"), sample.Stub("257.1")), Linux: put(t, filepath.Join(dir, "linux"), []byte("kernel")),
		Initrd:  put(t, filepath.Join(dir, "initrd"), []byte("initrd")),
		Cmdline: fmt.Sprintf("quiet tenin.version=7 tenin.root=%s tenin.models=%s", root, models), OSRelease: "ID=tenin\nVERSION_ID=7\n",
	})
	if err != nil {
		t.Fatal(err)
	}
	return image
}

// newParts makes a folder as a build without keys leaves it.
func newParts(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	root, rootName := newSlot(1)
	models, modelsName := newSlot(2)
	put(t, filepath.Join(dir, "root.img"), root)
	put(t, filepath.Join(dir, "models.img"), models)
	put(t, filepath.Join(dir, "tenin.efi"), newKernel(t, rootName, modelsName))
	put(t, filepath.Join(dir, "parts.json"), []byte(`{"version":7,"name":"1.4.0","created":1700000000,"test":false,"signed":false,
		"root":{"file":"root.img","more":1},"models":{"file":"models.img"},"uki":{"file":"tenin.efi","size":1,"sha256":"00"}}`))
	return dir
}

func TestAFolderOfPartsIsSignedAndBundled(t *testing.T) {
	set := newKeys(t)
	dir := newParts(t)
	write := func(withModels bool) (string, error) {
		p, err := parts.Open(dir, withModels)
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		if err := p.CheckSigned(set.DB.Certificate(), set.PCRPublic); err != nil {
			return "", err
		}
		key, err := set.BundleKey()
		if err != nil {
			t.Fatal(err)
		}
		m := p.Manifest
		m.Vault = bundle.Vault{Writes: 2, ReadsFrom: 1}
		out := filepath.Join(t.TempDir(), "a.bundle")
		_, size, err := parts.Write(t.Context(), out, p, m, key, nil)
		if info, statErr := os.Stat(out); statErr != nil || info.Size() != size {
			t.Errorf("%d bytes: %v", size, statErr)
		}
		return out, err
	}
	if _, err := write(false); err == nil || !strings.Contains(err.Error(), "not signed: sign it with `tenin firmware sign") {
		t.Errorf("an unsigned kernel image is bundled: %v", err)
	}
	all, err := File(t.Context(), dir, set)
	if err != nil || len(all) != 1 {
		t.Fatalf("%v %v", all, err)
	}
	var described struct {
		Signed bool
		Root   map[string]any
		UKI    struct {
			Size   int64
			SHA256 string
		}
	}
	b, err := os.ReadFile(filepath.Join(dir, "parts.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &described); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(dir, "tenin.efi"))
	if err != nil || !described.Signed || described.UKI.Size != info.Size() || described.UKI.SHA256 != all[0].SHA256 || described.Root["more"] != 1.0 || info.Mode().Perm() != 0o640 {
		t.Errorf("%+v %v", described, err)
	}
	for _, withModels := range []bool{false, true} {
		out, err := write(withModels)
		if err != nil {
			t.Fatal(err)
		}
		if r, err := verify.File(t.Context(), out, verify.TrustOf(set), nil); err != nil || !r.Verified {
			t.Errorf("%v %+v", err, r)
		}
	}
}

func TestADiskIsSignedInItsPlace(t *testing.T) {
	for tool, pkg := range map[string]string{"sfdisk": "fdisk", "mkfs.fat": "dosfstools", "mcopy": "mtools"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is missing: install the package %s to test with disks", tool, pkg)
		}
	}
	run := func(in, name string, args ...string) {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Stdin = strings.NewReader(in)
		cmd.Env = append(os.Environ(), "MTOOLS_SKIP_CHECK=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", name, err, out)
		}
	}
	set := newKeys(t)
	dir := newParts(t)
	disk := put(t, filepath.Join(dir, "kiosk.img"), nil)
	if err := os.Truncate(disk, 16<<20); err != nil {
		t.Fatal(err)
	}
	run("label: gpt\nstart=2048, size=16384, name=esp\nstart=18432, size=2048, name=root-a\nstart=20480, size=2048, name=models-a\n", "sfdisk", "-q", disk)
	const esp = 1 << 20
	at := fmt.Sprintf("%s@@%d", disk, esp)
	run("", "mkfs.fat", "--offset", "2048", disk, "8192")
	run("", "mmd", "-i", at, "::/EFI", "::/EFI/BOOT", "::/EFI/Linux")
	run("", "mcopy", "-i", at, put(t, filepath.Join(dir, "loader"), sample.Stub("257.1")), "::/EFI/BOOT/BOOTX64.EFI")
	run("", "mcopy", "-i", at, filepath.Join(dir, "tenin.efi"), "::/EFI/Linux/tenin_7.efi")
	f, err := os.OpenFile(disk, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	for start, name := range map[int64]string{9 << 20: "root.img", 10 << 20: "models.img"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteAt(b, start); err != nil {
			t.Fatal(err)
		}
	}
	f.Close()
	put(t, disk+".sha256", []byte("00  kiosk.img\n"))

	if r, err := verify.File(t.Context(), disk, verify.TrustOf(set), nil); err != nil || r.Verified {
		t.Errorf("an unsigned disk verifies: %v %+v", err, r)
	}
	all, err := File(t.Context(), disk, set)
	if err != nil || len(all) != 2 {
		t.Fatalf("%v %v", all, err)
	}
	if r, err := verify.File(t.Context(), disk, verify.TrustOf(set), nil); err != nil || !r.Verified {
		t.Errorf("%v %+v", err, r)
	}
	run("", "sh", "-c", "cd "+dir+" && sha256sum --check --quiet kiosk.img.sha256")
}

func TestWhatCannotBeSignedIsSaid(t *testing.T) {
	set := newKeys(t)
	dir := t.TempDir()
	for says, path := range map[string]string{
		"is no folder of parts":  dir,
		"is no program for UEFI": put(t, filepath.Join(dir, "letter"), []byte("hello")),
		"cut in its headers":     put(t, filepath.Join(dir, "cut.efi"), append([]byte("MZ"), make([]byte, 100)...)),
		"no such file":           filepath.Join(dir, "gone"),
		"names no kernel image":  filepath.Dir(put(t, filepath.Join(t.TempDir(), "parts.json"), []byte("{}"))),
		"invalid character":      filepath.Dir(put(t, filepath.Join(t.TempDir(), "parts.json"), []byte("x"))),
	} {
		if _, err := File(t.Context(), path, set); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, not %q", err, says)
		}
	}
}
