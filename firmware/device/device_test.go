package device

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestTheExampleIsTheDefaults(t *testing.T) {
	got, err := Parse(Example)
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Version = 1
	want.Debian.Components, want.Debian.Packages, want.Kernel.Arguments, want.Kernel.Modules = []string{}, []string{}, []string{}, []string{}
	if a, b := dump(got), dump(want); a != b {
		t.Errorf("\n%s\n%s", a, b)
	}
}

func TestTheExampleHasEveryKey(t *testing.T) {
	table := ""
	var found []string
	for line := range strings.Lines(Example) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			table = strings.Trim(line, "[]") + "."
		} else if key, _, ok := strings.Cut(line, " = "); ok && line[0] != '#' {
			found = append(found, table+key)
		}
	}
	slices.Sort(found)
	if !slices.Equal(found, Keys()) {
		t.Errorf("\n%v\n%v", found, Keys())
	}
}

func TestAFileThatCannotBeMeantIsRefusedAndSaysWhatWasMeant(t *testing.T) {
	for text, want := range map[string]string{
		"":                                                 "version is missing",
		"version = -1":                                     "version is -1",
		"version = 1\nverison = 2":                         `unknown key "verison": did you mean "version"?`,
		"version = 1\npackages = []":                       `did you mean "debian.packages"?`,
		"version = 1\n[disks]\nroot=1":                     `did you mean "disk.root"?`,
		"version = 1\nzzzzzzzzzz = 1":                      "help firmware build",
		"version = 1\nname = \"a b\"":                      "name is",
		"version = \"1\"":                                  "version",
		"version = 1 1":                                    "line 1",
		"version = 1\nstand_in = true":                     "set test = true",
		"version = 1\nenrol_keys = true":                   "enrol_keys needs keys",
		"version = 1\nlock = \"\"":                         "lock is empty",
		"version = 1\ntimezone = \"../x\"":                 "timezone is",
		"version = 1\nkeyboard = \"jp'\"":                  "keyboard is",
		"version = 1\n[disk]\nroot = \"1 GB\"":             "no size",
		"version = 1\n[disk]\nroot = \"1 MiB\"":            "use 64 MiB",
		"version = 1\n[disk]\nesp = 70000000":              "whole MiB",
		"version = 1\n[debian]\npackages = [\"a=1\"]":      "no package's name",
		"version = 1\n[debian]\nsuite = \"../x\"":          "debian.suite is",
		"version = 1\n[debian]\ncomponents = [\"x y\"]":    "no component",
		"version = 1\n[kernel]\narguments = [\"a b\"]":     "blank",
		"version = 1\n[kernel]\narguments = [\"panic=0\"]": "set by the build",
		"version = 1\n[kernel]\nmodules = [\"../x\"]":      "no module's name",
	} {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestPathsAreRelativeToTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "device.toml")
	if err := os.WriteFile(path, []byte("version = 1\nkeys = \"shop\"\nprogram = \"/opt/tenin\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Load(path)
	dir := filepath.Dir(path)
	if err != nil || c.Keys != filepath.Join(dir, "shop") || c.Lock != filepath.Join(dir, "device.lock") || c.Program != "/opt/tenin" || c.Models != "" {
		t.Errorf("%v %+v", err, c)
	}
	if _, err := Load(path + ".no"); !os.IsNotExist(err) && (err == nil || !strings.Contains(err.Error(), "no such file")) {
		t.Error(err)
	}
}

func TestSizesAreReadAsTheyAreWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := Size(rapid.Int64Range(0, 1<<50).Draw(t, "size"))
		if s == 0 {
			return
		}
		got, err := ParseSize(strings.TrimSuffix(s.String(), " bytes"))
		if err != nil || got != s {
			t.Fatalf("%s: %v %v", s, got, err)
		}
	})
	for _, bad := range []string{"", "MiB", "-1", "1 GB", "9999999999999999999", "9000000000000 GiB"} {
		if got, err := ParseSize(bad); err == nil {
			t.Errorf("%q is %d", bad, got)
		}
	}
}

func TestPartitionsDoNotOverlapAndLieWhereDisksHaveTheirBlocks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		mib := func(name string, least int64) Size { return Size(rapid.Int64Range(least, 4096).Draw(t, name)) * MiB }
		c := Default()
		c.Disk = Disk{ESP: mib("esp", 64), Root: mib("root", 64), Models: mib("models", 0), SecondModels: rapid.Bool().Draw(t, "second")}
		weights := Size(rapid.Int64Range(1, 1<<33).Draw(t, "weights"))
		l, err := c.Layout(weights, []byte("x"))
		if err != nil {
			if c.Disk.Models == 0 || c.Disk.Models >= weights {
				t.Fatal(err)
			}
			return
		}
		at, seen := Align, map[string]bool{l.UUID: true}
		for _, p := range l.Partitions {
			if p.Start != at || p.Size <= 0 || p.Start%Align != 0 || p.Size%Align != 0 || seen[p.UUID] || len(p.UUID) != 36 {
				t.Fatalf("%+v", p)
			}
			at, seen[p.UUID] = p.End(), true
		}
		if l.Size != at+Align {
			t.Fatal(l.Size)
		}
		a, _ := l.Partition(PartRootA)
		b, ok := l.Partition(PartRootB)
		m, _ := l.Partition(PartModelsA)
		_, second := l.Partition(PartModelsB)
		if !ok || a.Size != b.Size || m.Size < weights || second != c.Disk.SecondModels || l.Partitions[len(l.Partitions)-1].Name != PartData {
			t.Fatalf("%+v", l)
		}
	})
}

func TestTheSameContentGivesTheSameDiskAndOtherContentAnother(t *testing.T) {
	one, _ := Default().Layout(MiB, []byte("one"))
	again, _ := Default().Layout(MiB, []byte("one"))
	other, _ := Default().Layout(MiB, []byte("other"))
	if dump(one) != dump(again) || one.UUID == other.UUID {
		t.Errorf("%+v", one)
	}
}

func TestASlotThatIsTooSmallForTheWeightsIsTold(t *testing.T) {
	c := Default()
	c.Disk.Models = 100 * MiB
	if _, err := c.Layout(101*MiB, nil); err == nil || !strings.Contains(err.Error(), "disk.models is 100 MiB") {
		t.Error(err)
	}
}

func FuzzDeviceFilesAreReadWithoutFalling(f *testing.F) {
	f.Add(Example)
	f.Add("version = 1\n[disk]\nesp = \"1 GiB\"")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Parse(text)
		if err == nil && (c.Version < 1 || c.Lock == "" || c.StandIn && !c.Test) {
			t.Errorf("%+v", c)
		}
	})
}

func dump(v any) string { return fmt.Sprintf("%+v", v) }
