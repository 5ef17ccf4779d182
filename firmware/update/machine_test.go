package update

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
)

// root is a machine's files below a folder.
func root(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func variable(text string) string {
	b := []byte{6, 0, 0, 0}
	for _, u := range utf16.Encode([]rune(text + "\x00")) {
		b = append(b, byte(u), byte(u>>8))
	}
	return string(b)
}

func flashed(version string) map[string]string {
	hash := strings.Repeat("5a", 32)
	return map[string]string{
		"run/tenin/disk": "nvme0n1\n", "run/tenin/root-slot": "root-b\n", "run/tenin/models-slot": "models-a\n",
		"proc/cmdline":   "quiet tenin.root=" + hash + ",01234567-89ab-cdef-0123-456789abcdef,8192 tenin.version=" + version + " panic=5\n",
		"etc/os-release": "ID=tenin\nVARIANT_ID=test\n",
		"sys/class/block/nvme0n1/nvme0n1p1/uevent":                   "DEVTYPE=partition\nPARTNAME=esp\n",
		"sys/class/block/nvme0n1/nvme0n1p2/uevent":                   "DEVTYPE=partition\nPARTNAME=root-a\n",
		"sys/class/block/nvme0n1/nvme0n1p3/uevent":                   "DEVTYPE=partition\nPARTNAME=root-b\n",
		"sys/class/block/nvme0n1/nvme0n1p4/uevent":                   "DEVTYPE=partition\nPARTNAME=models-a\n",
		"sys/class/block/sda/sda1/uevent":                            "DEVTYPE=partition\nPARTNAME=root-a\n",
		"sys/firmware/efi/efivars/LoaderEntrySelected-" + loaderGUID: variable("tenin_7.efi"),
	}
}

func TestAMachineIsReadFromWhatItsStartHasLeft(t *testing.T) {
	dir := root(t, flashed("7"))
	m, err := machineAt(dir)
	if err != nil {
		t.Fatal(err)
	}
	if m.Root != "root-b" || m.Models != "models-a" || m.Runs.Version != 7 || m.Runs.Root.DataSize != 8192 || !m.Test {
		t.Errorf("%+v", m)
	}
	dev := func(name string) string { return filepath.Join(dir, "dev", name) }
	if len(m.Slots) != 3 || m.Slots["root-a"] != dev("nvme0n1p2") || m.Slots["root-b"] != dev("nvme0n1p3") || m.Slots["models-a"] != dev("nvme0n1p4") {
		t.Errorf("%v", m.Slots)
	}
	if v := m.Variable("LoaderEntrySelected"); v != "tenin_7.efi" {
		t.Errorf("%q", v)
	}
	if v := m.Variable("LoaderBootCountPath"); v != "" {
		t.Errorf("%q", v)
	}
}

func TestAMachineThatWasNotFlashedSaysSo(t *testing.T) {
	for _, gone := range []string{"run/tenin/disk", "run/tenin/root-slot", "proc/cmdline", "sys/class/block/nvme0n1/nvme0n1p2/uevent", "etc/os-release"} {
		files := flashed("7")
		delete(files, gone)
		if m, err := machineAt(root(t, files)); err == nil {
			t.Errorf("without %s: %+v", gone, m)
		}
	}
	if m, err := machineAt(root(t, flashed("none"))); err == nil {
		t.Errorf("%+v", m)
	}
}

func TestEntriesAreChosenAsTheBootLoaderChooses(t *testing.T) {
	for want, names := range map[string][]string{
		"tenin_3+3.efi":   {"tenin_2.efi", "tenin_3+3.efi", "tenin_1.efi"},
		"tenin_3+1-2.efi": {"tenin_2.efi", "tenin_3+1-2.efi"},
		"tenin_2.efi":     {"tenin_3+0-3.efi", "tenin_2.efi", "tenin_10+0.efi"},
		"tenin_10.efi":    {"tenin_9.efi", "tenin_10.efi"},
		"tenin_4+0-3.efi": {"tenin_3+0-3.efi", "tenin_4+0-3.efi"},
		"tenin_3.efi":     {"tenin_5+0.efi", "tenin_3.efi"},
	} {
		var entries []Entry
		for _, n := range names {
			e, ok := parseEntry(n)
			if !ok {
				t.Fatalf("%s is none of ours", n)
			}
			entries = append(entries, e)
		}
		for range entries {
			entries = append(entries[1:], entries[0])
			if e, ok := Next(entries); !ok || e.File != want {
				t.Errorf("of %v %s is chosen", names, e.File)
			}
		}
	}
	for _, n := range []string{"tenin_0.efi", "tenin_1.EFI", "tenin_1+.efi", "tenin_1-1.efi", "tenin_2.part", "other.efi", "tenin_1.efi.bak", "tenin_01.efi"} {
		if e, ok := parseEntry(n); ok {
			t.Errorf("%s was taken for %+v", n, e)
		}
	}
	if _, ok := Next(nil); ok {
		t.Error("something was chosen of nothing")
	}
}

func FuzzEntryName(f *testing.F) {
	for _, n := range []string{"tenin_2+3.efi", "tenin_2+1-2.efi", "tenin_2.efi", "tenin_2.part"} {
		f.Add(n)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if e, ok := parseEntry(name); ok && (e.Version < 1 || e.Left < 0 || e.Done < 0 || !e.Counted && e.Left+e.Done > 0) {
			t.Errorf("%q: %+v", name, e)
		}
	})
}

func FuzzCommandLine(f *testing.F) {
	f.Add(flashed("7")["proc/cmdline"])
	f.Add("tenin.version=1 tenin.root=,, tenin.models=")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseCommandLine(text)
		if err != nil {
			return
		}
		again, err := ParseCommandLine("tenin.version=" + strings.TrimSpace(strings.Fields(text)[slices.IndexFunc(strings.Fields(text), func(w string) bool {
			return strings.HasPrefix(w, "tenin.version=")
		})][len("tenin.version="):]) + " tenin.root=" + c.Root.String())
		if err != nil || again.Root != c.Root {
			t.Errorf("%q: %+v, %+v, %v", text, c, again, err)
		}
	})
}

func FuzzResult(f *testing.F) {
	f.Add([]byte(`{"format":1,"running":{"version":3,"state":"trial","tries_left":2},"history":[{"version":4,"outcome":"refused","reason":"floor"}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		path := filepath.Join(t.TempDir(), "r")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if r, err := ReadResult(path); err == nil && r.Format != 1 {
			t.Errorf("%+v", r)
		}
	})
}
