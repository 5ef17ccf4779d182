package image

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tenin/firmware/device"
)

const deb822 = `Types: deb deb-src
# a remark
URIs: http://one.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: https://vendor.example/tools
Suites: nodistro
Components: main

Enabled: no
Types: deb
URIs: http://one.example/debian
Suites: bookworm-backports
Components: main
`

func writeTree(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := putFile(dir, name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestTheMachinesOwnSourcesAreUsedForAnotherReleaseAndAVendorsAreNot(t *testing.T) {
	root := writeTree(t, map[string]string{
		"etc/os-release":                           "ID=debian\nVERSION_CODENAME=bookworm\n",
		"etc/apt/sources.list.d/debian.sources":    deb822,
		"etc/apt/sources.list.d/security.list":     "deb [arch=amd64 signed-by=/k.gpg] http://two.example/security bookworm-security main\n# deb http://no.example bookworm main\n",
		"etc/apt/sources.list.d/cloud.list":        "deb https://vendor.example/apt cloud-bookworm main\n",
		"etc/apt/sources.list.d/debian.sources.sv": deb822,
	})
	got, err := readSources(device.Debian{Suite: "trixie"}, root)
	want := `Types: deb
URIs: http://one.example/debian
Suites: trixie trixie-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://two.example/security
Suites: trixie-security
Components: main
Signed-By: /k.gpg

`
	if err != nil || got != want {
		t.Errorf("%v\n%s", err, got)
	}
}

func TestComponentsOfDeviceTomlReplaceTheSources(t *testing.T) {
	root := writeTree(t, map[string]string{"etc/os-release": "VERSION_CODENAME=bookworm", "etc/apt/sources.list": "deb http://one.example/debian bookworm main"})
	got, err := readSources(device.Debian{Suite: "trixie", Components: []string{"main", "non-free-firmware"}}, root)
	if err != nil || !strings.Contains(got, "Components: main non-free-firmware\n") {
		t.Errorf("%v\n%s", err, got)
	}
}

func TestAMachineWithoutSourcesOfDebianIsTold(t *testing.T) {
	if _, err := readSources(device.Debian{Suite: "trixie"}, t.TempDir()); !errors.Is(err, errNoSources) {
		t.Error(err)
	}
}

func TestANamedFileOfSourcesIsTakenAsItIs(t *testing.T) {
	dir := writeTree(t, map[string]string{"snapshot": "Types: deb\nURIs: http://day.example/20250101\nSuites: trixie\nComponents: main\n", "empty": "# nothing\n"})
	got, err := readSources(device.Debian{Suite: "trixie", Sources: filepath.Join(dir, "snapshot")}, "/")
	if err != nil || !strings.Contains(got, "URIs: http://day.example/20250101\nSuites: trixie\n") {
		t.Errorf("%v %s", err, got)
	}
	if _, err := readSources(device.Debian{Sources: filepath.Join(dir, "empty")}, "/"); err == nil {
		t.Error("an empty file was taken")
	}
}

func FuzzSourcesAreReadWithoutFalling(f *testing.F) {
	f.Add(deb822)
	f.Add("deb [x http://a b c")
	f.Fuzz(func(t *testing.T, text string) {
		// What was written is read again as the same.
		once := writeSources(parseSources(text), nil)
		if again := writeSources(parseSources(once), nil); again != once {
			t.Errorf("%q\n%q", once, again)
		}
	})
}

func TestALockListIsReadAsItWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := &Lock{
			Suite: "trixie", Time: rapid.Int64Range(1, 1<<40).Draw(t, "time"),
			Wanted:   rapid.SliceOfN(rapid.StringMatching(`[a-z][a-z0-9.+-]{1,20}`), 1, 5).Draw(t, "wanted"),
			Versions: rapid.MapOfN(rapid.StringMatching(`[a-z][a-z0-9.+-]{1,20}`), rapid.StringMatching(`[0-9][A-Za-z0-9.+:~-]{0,20}`), 1, 20).Draw(t, "versions"),
		}
		got, err := ParseLock(l.String())
		if err != nil || got.String() != l.String() {
			t.Fatalf("%v\n%s\n%s", err, l, got)
		}
	})
}

func FuzzLockListsAreReadWithoutFalling(f *testing.F) {
	f.Add("suite trixie\ntime 1\nwanted a\na=1\n")
	f.Fuzz(func(t *testing.T, text string) {
		l, err := ParseLock(text)
		if err != nil {
			return
		}
		if again, err := ParseLock(l.String()); err != nil || again.String() != l.String() {
			t.Errorf("%v\n%s", err, l)
		}
	})
}

func TestALockListThatCannotBeUnderstoodIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"":                                    "not whole",
		"suite trixie\ntime 1\n":              "not whole",
		"suite trixie\ntime x\n":              "line 2",
		"suite trixie\ntime 1\na=1\na=2\n":    "line 4: a stands there twice",
		"suite trixie\ntime 1\nfoo\n":         "line 3",
		"suite trixie\ntime 1\nmirror http\n": "line 3",
	} {
		if _, err := ParseLock(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestPackagesThatTheArchiveHasNoMoreAreNamed(t *testing.T) {
	l := &Lock{Versions: map[string]string{"a": "1", "b": "2", "c": "3"}}
	has := map[string]bool{"a=1": true, "c=4": true}
	err := l.missing(func(n, v string) bool { return has[n+"="+v] })
	if err == nil || !strings.Contains(err.Error(), "b=2, c=3:") {
		t.Error(err)
	}
	if err := l.missing(func(string, string) bool { return true }); err != nil {
		t.Error(err)
	}
}

func TestWhatWasInstalledMustBeTheLockList(t *testing.T) {
	l := &Lock{Versions: map[string]string{"a": "1", "b": "2"}}
	for _, c := range []struct {
		installed map[string]string
		more      bool
		want      string
	}{
		{map[string]string{"a": "1", "b": "2"}, false, ""},
		{map[string]string{"a": "1", "b": "2", "c": "3"}, true, ""},
		{map[string]string{"a": "1", "b": "2", "c": "3"}, false, "c is not on it"},
		{map[string]string{"a": "2", "b": "2"}, true, "a is 2, not 1"},
		{map[string]string{"a": "1"}, false, "b was not installed"},
	} {
		err := l.differs(c.installed, c.more)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v, want %q", c.installed, err, c.want)
		}
	}
}

func TestPinsNameEachPackageInItsVersion(t *testing.T) {
	l := &Lock{Versions: map[string]string{"b": "2:1-1", "a": "1"}}
	want := "Package: a\nPin: version 1\nPin-Priority: 1001\n\nPackage: b\nPin: version 2:1-1\nPin-Priority: 1001\n\n"
	if got := l.Pins(); got != want {
		t.Error(got)
	}
}

func TestAKeyChangesWithEveryInput(t *testing.T) {
	seen := map[string]bool{}
	for _, in := range [][]any{{"a", 1}, {"a", 2}, {"b", 1}, {"a1"}, {"a", 1, ""}, {[]string{"a", "1"}}} {
		key := keyOf(in...)
		if seen[key] || len(key) != 24 || key != keyOf(in...) {
			t.Errorf("%v: %s", in, key)
		}
		seen[key] = true
	}
}

func TestAStepThatFailsLeavesNothingAndOneThatEndsIsKept(t *testing.T) {
	c, unlock, err := openCache(filepath.Join(t.TempDir(), "cache"))
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	bad := errors.New("bad")
	write := func(dir string) error { return os.WriteFile(filepath.Join(dir, "x"), nil, 0o600) }
	if err := c.make("root", "k", func(dir string) error { _ = write(dir); return bad }); !errors.Is(err, bad) {
		t.Error(err)
	}
	if left, _ := filepath.Glob(filepath.Join(c.dir, "root-*")); len(left) > 0 || c.has("root", "k") {
		t.Error(left)
	}
	if err := c.make("root", "k", write); err != nil || !c.has("root", "k") {
		t.Error(err)
	}
	for _, k := range []string{"1", "2", "3", "4"} {
		if err := c.make("root", k, write); err != nil {
			t.Fatal(err)
		}
	}
	if found, _ := filepath.Glob(filepath.Join(c.dir, "root-*")); len(found) != kept {
		t.Error(found)
	}
}

// apt made a folder of the relative one's name below its own root, and found no packages.
func TestACacheMayBeNamedRelatively(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	c, unlock, err := openCache("cache")
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	if c.dir != filepath.Join(dir, "cache") {
		t.Errorf("the cache is %s", c.dir)
	}
}

func TestWhatAKilledBuildLeftIsSweptByTheNext(t *testing.T) {
	dir := writeTree(t, map[string]string{"root-1.part/tree/x": "", "root-2/root.img": ""})
	c, unlock, err := openCache(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	if _, err := os.Stat(filepath.Join(dir, "root-1.part")); !errors.Is(err, fs.ErrNotExist) || !c.has("root", "2") {
		t.Error(err)
	}
	if _, _, err := openCache(dir); err == nil || !strings.Contains(err.Error(), "another build") {
		t.Errorf("two builds at once: %v", err)
	}
}

func TestPackagesThatNobodyUsesLeaveTheCacheAfterAWhile(t *testing.T) {
	now := time.Now()
	dir := writeTree(t, map[string]string{"a_1%3a2-3_amd64.deb": "", "a_1%3a2-2_amd64.deb": "", "b_1_all.deb": ""})
	old := now.Add(-2 * oldArchives)
	for _, name := range []string{"a_1%3a2-3_amd64.deb", "a_1%3a2-2_amd64.deb"} {
		if err := os.Chtimes(filepath.Join(dir, name), old, old); err != nil {
			t.Fatal(err)
		}
	}
	pruneArchives(dir, &Lock{Versions: map[string]string{"a": "1:2-3"}}, now)
	left, _ := filepath.Glob(filepath.Join(dir, "*.deb"))
	if len(left) != 2 || filepath.Base(left[0]) != "a_1%3a2-3_amd64.deb" {
		t.Error(left)
	}
}

func TestAnInitrdIsTheSameForTheSameEntriesInAnyOrder(t *testing.T) {
	entries := []entry{
		{name: "init", mode: typeFile | 0o755, data: []byte("#!/bin/sh\n")},
		{name: "bin/sh", mode: typeLink | 0o777, data: []byte("busybox")},
		{name: "lib/modules/6/x.ko", mode: typeFile | 0o644, data: []byte("abc")},
		{name: "dev/console", mode: typeChar | 0o600, major: 5, minor: 1},
	}
	var a, b bytes.Buffer
	if err := writeCPIO(&a, entries); err != nil {
		t.Fatal(err)
	}
	slices.Reverse(entries)
	if err := writeCPIO(&b, entries); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a.Bytes(), b.Bytes()) || a.Len()%512 != 0 {
		t.Error("the order matters, or the length is odd", a.Len())
	}
	var names []string
	for rest := a.Bytes(); ; {
		if string(rest[:6]) != "070701" {
			t.Fatal("not newc")
		}
		var fields [13]int
		for i := range fields {
			for _, c := range rest[6+8*i : 14+8*i] {
				fields[i] = fields[i]*16 + strings.IndexByte("0123456789ABCDEF", c)
			}
		}
		name := string(rest[110 : 110+fields[11]-1])
		if name == "TRAILER!!!" {
			break
		}
		names = append(names, name)
		head := (110 + fields[11] + 3) / 4 * 4
		rest = rest[head+(fields[6]+3)/4*4:]
	}
	if got := strings.Join(names, " "); got != "bin bin/sh dev dev/console init lib lib/modules lib/modules/6 lib/modules/6/x.ko" {
		t.Error(got)
	}
}

func TestAnInitrdTakesNoNameTwiceAndNoneFromTheRoot(t *testing.T) {
	for _, entries := range [][]entry{{{name: "a", mode: typeFile, data: []byte("1")}, {name: "a", mode: typeFile, data: []byte("2")}}, {{name: "/a"}}, {{name: "a\x00b"}}} {
		if err := writeCPIO(&bytes.Buffer{}, entries); err == nil {
			t.Errorf("%v was taken", entries)
		}
	}
}

// kernelTree is a root with the modules of one kernel.
func kernelTree(t *testing.T) string {
	return writeTree(t, map[string]string{
		"usr/lib/modules/6.1/modules.dep": "kernel/fs/a.ko.xz: kernel/lib/b.ko.xz kernel/lib/c.ko.xz\nkernel/lib/b.ko.xz: kernel/lib/c.ko.xz\n" +
			"kernel/lib/c.ko.xz:\nkernel/net/old/d.ko.xz:\nkernel/drivers/e_e.ko.xz: kernel/net/old/d.ko.xz\nkernel/net/one.ko.xz:\n",
		"usr/lib/modules/6.1/modules.builtin": "kernel/fs/ext4.ko\n",
		"usr/lib/modules/6.1/modules.alias":   "# x\nalias pci:v1* a\nalias virtio:* e_e\nalias block-* d\n",
	})
}

func TestAnInitrdHasModulesWithAllThatTheyNeed(t *testing.T) {
	m, err := readModules(kernelTree(t))
	if err != nil {
		t.Fatal(err)
	}
	files, err := m.closure([]string{"a", "ext4"})
	if err != nil || !slices.Equal(files, []string{"kernel/fs/a.ko.xz", "kernel/lib/b.ko.xz", "kernel/lib/c.ko.xz"}) {
		t.Error(files, err)
	}
	if _, err := m.closure([]string{"nobody"}); err == nil {
		t.Error("a module that does not exist was found")
	}
	dep, alias, err := m.indexFor(files)
	if err != nil || string(alias) != "alias pci:v1* a\n" || !strings.HasPrefix(string(dep), "kernel/fs/a.ko: kernel/lib/b.ko kernel/lib/c.ko\n") {
		t.Errorf("%v %s %s", err, dep, alias)
	}
}

func TestAModuleGoesWithWhatItNeedsUnlessItIsKept(t *testing.T) {
	m, err := readModules(kernelTree(t))
	if err != nil {
		t.Fatal(err)
	}
	out, err := m.surplus([]string{"net/old"}, nil)
	if err != nil || !slices.Equal(out, []string{"kernel/drivers/e_e.ko.xz", "kernel/net/old/d.ko.xz"}) {
		t.Error(out, err)
	}
	if out, err = m.surplus([]string{"net/old"}, []string{"e-e"}); err != nil || len(out) > 0 {
		t.Error(out, err)
	}
	if out, _ = m.surplus([]string{"net/*/"}, nil); len(out) != 2 {
		t.Error("a pattern for folders takes folders alone", out)
	}
}

func TestCopyrightFilesGiveTheirLicences(t *testing.T) {
	text := "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\nFiles: *\nLicense: MIT\n Permission\n\nFiles: x\nLicense: GPL-2+\n\nLicense: MIT\n"
	if got := readLicences(strings.NewReader(text)); !slices.Equal(got, []string{"GPL-2+", "MIT"}) {
		t.Error(got)
	}
	if got := readLicences(strings.NewReader("This is free software\nLicense: mine\n")); got != nil {
		t.Error(got)
	}
}

func TestInstalledPackagesAreReadFromARootsArchive(t *testing.T) {
	path := filepath.Join(t.TempDir(), "root.tar")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(f)
	for name, text := range map[string]string{
		"./var/lib/dpkg/status": "Package: b\nStatus: install ok installed\nVersion: 2\nArchitecture: amd64\nSource: src (1)\nDescription: x\n y\n\n" +
			"Package: a\nStatus: deinstall ok config-files\nVersion: 1\n",
		"./usr/share/doc/b/copyright": "Format: 1.0\nLicense: MIT\n",
	} {
		if err := w.WriteHeader(&tar.Header{Name: name, Size: int64(len(text)), Mode: 0o644, Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		_, _ = w.Write([]byte(text))
	}
	if err := errors.Join(w.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	got, err := readPackages(path)
	if err != nil || len(got) != 1 || got[0].Name != "b" || got[0].Source != "src" || !slices.Equal(got[0].Licences, []string{"MIT"}) {
		t.Errorf("%v %+v", err, got)
	}
}

func TestTheInventoryNamesPackagesModulesAndWeights(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	b := &build{c: device.Default(), lock: &Lock{Time: 1}, o: Options{Program: program, Weights: []Weight{
		{Name: "ear.bin", SHA256: "00", Version: "1", Licence: "MIT", Use: "hears"}, {Name: "licences/MIT.txt"}}}}
	r := Result{SBOM: filepath.Join(t.TempDir(), "x.sbom.json"), SHA256: "ab"}
	if err := b.inventory(r, []Package{{Name: "libc6", Version: "2.41-1+b1", Arch: "amd64", Source: "glibc", Licences: []string{"LGPL-2.1+"}}}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(r.SBOM)
	if err != nil {
		t.Fatal(err)
	}
	var doc bom
	if err := json.Unmarshal(text, &doc); err != nil || doc.Format != "CycloneDX" || doc.SpecVersion != "1.6" {
		t.Fatal(err, doc.Format)
	}
	refs := map[string]bomComponent{}
	for _, c := range doc.Components {
		if _, twice := refs[c.Ref]; twice || c.Ref == "" || c.Name == "" {
			t.Errorf("%+v", c)
		}
		refs[c.Ref] = c
	}
	if _, ok := refs["pkg:deb/debian/libc6@2.41-1%2Bb1?arch=amd64&distro=trixie"]; !ok {
		t.Error(refs)
	}
	if refs["weights/ear.bin"].Type != "machine-learning-model" || refs["tenin"].Type != "application" || len(refs) < 4 {
		t.Error(refs)
	}
	if _, ok := refs["weights/licences/MIT.txt"]; ok {
		t.Error("a licence is no component")
	}
}

func TestTheTableOfPartitionsIsWhatSfdiskReads(t *testing.T) {
	l, err := device.Default().Layout(500*device.MiB, []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	s := sfdiskScript(l)
	if !strings.Contains(s, `start=2048, size=524288, type=`+device.TypeESP) || !strings.Contains(s, `name="root-a"`) || strings.Count(s, "start=") != len(l.Partitions) {
		t.Error(s)
	}
}

func TestBlocksOfZerosStayHolesAndTooMuchIsRefused(t *testing.T) {
	dir := t.TempDir()
	data := append(append(bytes.Repeat([]byte{1}, 1<<20), make([]byte, 2<<20)...), 2)
	from := filepath.Join(dir, "from")
	if err := os.WriteFile(from, data, 0o600); err != nil {
		t.Fatal(err)
	}
	to, err := os.Create(filepath.Join(dir, "to"))
	if err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	n, err := copySparse(context.Background(), to, 4096, from, 1<<30, func(int64) {})
	if err != nil || n != int64(len(data)) {
		t.Fatal(n, err)
	}
	got, err := os.ReadFile(to.Name())
	if err != nil || !bytes.Equal(got[4096:], data) {
		t.Error("the copy differs", err)
	}
	if _, err := copySparse(context.Background(), to, 0, from, 1<<20, func(int64) {}); err == nil || !strings.Contains(err.Error(), "enlarge it") {
		t.Error(err)
	}
}

func TestFilesAreComparedToTheFirstByteThatDiffers(t *testing.T) {
	dir := writeTree(t, map[string]string{"a": "same and more", "b": "same and less", "c": "same"})
	p := func(n string) string { return filepath.Join(dir, n) }
	if err := sameFile(p("a"), p("a")); err != nil {
		t.Error(err)
	}
	if err := sameFile(p("a"), p("b")); err == nil || !strings.Contains(err.Error(), "byte 9 ") {
		t.Error(err)
	}
	if err := sameFile(p("a"), p("c")); err == nil || !strings.Contains(err.Error(), "length") {
		t.Error(err)
	}
}

func TestTheKernelIsToldTheSlotsAndWhatKeepsItShut(t *testing.T) {
	b := &build{c: device.Default()}
	b.c.Version = 7
	line := b.commandLine(Slot{Hash: "aa", UUID: "bb", DataSize: 4096}, Slot{Hash: "cc", UUID: "dd", DataSize: 8192})
	for _, want := range []string{"tenin.root=aa,bb,4096 ", "tenin.models=cc,dd,8192 ", "tenin.version=7 ", "panic=5 ", "lockdown=integrity", "module.sig_enforce=1", "landlock"} {
		if !strings.Contains(line, want) {
			t.Errorf("%q is not in %q", want, line)
		}
	}
	if strings.Contains(line, "ttyS0") {
		t.Error("a kiosk talks on its serial line")
	}
	if b.c.Test = true; !strings.Contains(b.commandLine(Slot{}, Slot{}), "console=ttyS0") {
		t.Error("a test image is silent on its serial line")
	}
}

func TestOverlaysAreWholeAndTheListsName(t *testing.T) {
	dir := t.TempDir()
	if err := copyTree(overlay, "overlay", dir); err != nil {
		t.Fatal(err)
	}
	if to, err := os.Readlink(filepath.Join(dir, "etc/systemd/system/ctrl-alt-del.target")); err != nil || to != "/dev/null" {
		t.Errorf("%q %v", to, err)
	}
	sysctl, err := os.ReadFile(filepath.Join(dir, "usr/lib/sysctl.d/90-tenin.conf"))
	if err != nil || !strings.Contains(string(sysctl), "kernel.sysrq = 0\n") {
		t.Error(err)
	}
	for _, text := range []string{packageList, dropList, modulesDropList, modulesKeepList, modulesInitrdList} {
		lines := list(text)
		if len(lines) == 0 {
			t.Error("an empty list")
		}
		slices.Sort(lines)
		if twice := len(lines) - len(slices.Compact(lines)); twice > 0 {
			t.Errorf("%d lines stand twice in a list", twice)
		}
	}
}

func TestOutputOfAToolIsOneLineThatSaysWhy(t *testing.T) {
	w := &tailWriter{}
	_, _ = w.Write([]byte("I: fine\nE: Unable to locate package x\nI: more\n"))
	if got := w.text(); got != "E: Unable to locate package x" {
		t.Error(got)
	}
	if err := (tool{}).run(context.Background(), "sh", "-c", "echo one >&2; exit 3"); err == nil || !strings.HasSuffix(err.Error(), ": one") {
		t.Error(err)
	}
	err := tool{}.run(context.Background(), "sh", "-c", "echo 'dpkg: cannot write: No space left on device' >&2; yes 'E: and so on' | head -n 100 >&2; exit 1")
	if err = plainSpace(err); !errors.Is(err, syscall.ENOSPC) || strings.Contains(err.Error(), "and so on") || !strings.Contains(err.Error(), "make room") {
		t.Error(err)
	}
	if err := (tool{}).run(context.Background(), "no-such-tool"); err == nil || !strings.Contains(err.Error(), "doctor firmware") {
		t.Error(err)
	}
}

func TestWhatAToolMountsIsSeenByItAlone(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root may mount")
	}
	dir := t.TempDir()
	if err := (tool{alone: true}).run(t.Context(), "sh", "-c", `mount -t tmpfs none "$1" && touch "$1/inside"`, "sh", dir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "inside")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what a tool mounted is seen by others: %v", err)
	}
}

// A build that was killed leaves tools behind for a moment: the next must not sweep under them.
func TestACacheStaysLockedWhileAToolOfAKilledBuildRuns(t *testing.T) {
	dir := t.TempDir()
	c, unlock, err := openCache(dir)
	if err != nil {
		t.Fatal(err)
	}
	hold := filepath.Join(t.TempDir(), "hold")
	if err := syscall.Mkfifo(hold, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := (tool{lock: c.lock}).run(t.Context(), "sh", "-c", `cat "$1" >/dev/null 2>&1 &`, "sh", hold); err != nil {
		t.Fatal(err)
	}
	unlock()
	if _, _, err := openCache(dir); err == nil {
		t.Error("the cache is free while a tool still writes in it")
	}
	if err := os.WriteFile(hold, nil, 0); err != nil {
		t.Fatal(err)
	}
	for t.Context().Err() == nil {
		if _, unlock, err := openCache(dir); err == nil {
			unlock()
			return
		}
	}
}

func TestWithoutRootABuildIsRefusedAtOnce(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("this test runs as root, who may build")
	}
	if _, err := Build(context.Background(), device.Default(), Options{Out: "x.img"}); !errors.Is(err, ErrNotRoot) || !errors.Is(err, fs.ErrPermission) {
		t.Error(err)
	}
}
