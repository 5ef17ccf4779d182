package vm

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestFilesOfAnESPAreReadAndReplaced(t *testing.T) {
	for _, tool := range []string{"sfdisk", "mformat", "mcopy", "mmd"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is missing", tool)
		}
	}
	image := filepath.Join(t.TempDir(), "disk.img")
	if err := os.WriteFile(image, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(image, 16<<20); err != nil {
		t.Fatal(err)
	}
	layout := exec.Command("sfdisk", "--quiet", image)
	layout.Stdin = strings.NewReader("label: gpt\nsize=1MiB, name=root-a\nsize=8MiB, name=esp\n")
	if out, err := layout.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	offset, size, err := Partition(image, "esp")
	if err != nil || offset != 2<<20 || size != 8<<20 {
		t.Fatalf("Partition: %d, %d, %v", offset, size, err)
	}
	if _, _, err := Partition(image, "data"); err == nil {
		t.Error("a partition that is not there was found")
	}
	e, err := OpenESP(image)
	if err != nil {
		t.Fatal(err)
	}
	ctx := hold(t)
	for _, args := range [][]string{{"mformat", "-T", "16384", "::"}, {"mmd", "::/EFI"}, {"mmd", "::/EFI/Linux"}} {
		if _, err := e.mtools(ctx, nil, args[0], args[1:]...); err != nil {
			t.Fatal(err)
		}
	}
	content := bytes.Repeat([]byte("kernel\x00\x1a\r\n"), 10000)
	for _, name := range []string{"tenin_1.efi", "tenin_2+3-0.efi"} {
		if err := e.Write(ctx, "EFI/Linux/"+name, content); err != nil {
			t.Fatal(err)
		}
	}
	names, err := e.List(ctx, "EFI/Linux")
	if slices.Sort(names); err != nil || !slices.Equal(names, []string{"tenin_1.efi", "tenin_2+3-0.efi"}) {
		t.Errorf("List: %q, %v", names, err)
	}
	if got, err := e.Read(ctx, "EFI/Linux/tenin_2+3-0.efi"); err != nil || !bytes.Equal(got, content) {
		t.Errorf("Read: %d bytes, %v", len(got), err)
	}
	if err := e.Write(ctx, "EFI/Linux/tenin_1.efi", []byte("short")); err != nil {
		t.Error(err)
	}
	if got, err := e.Read(ctx, "EFI/Linux/tenin_1.efi"); err != nil || string(got) != "short" {
		t.Errorf("what was replaced: %q, %v", got, err)
	}
	if err := e.Remove(ctx, "EFI/Linux/tenin_1.efi"); err != nil {
		t.Error(err)
	}
	if _, err := e.Read(ctx, "EFI/Linux/tenin_1.efi"); err == nil {
		t.Error("what was removed is there")
	}
}
