package storage

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

const fullDiskHome = "TENIN_TEST_FULL_DISK"

// TestAReallyFullDiskIsCalledSoAndLosesNothing runs itself again in a mount
// namespace of its own, on a file system of one megabyte.
func TestAReallyFullDiskIsCalledSoAndLosesNothing(t *testing.T) {
	dir := os.Getenv(fullDiskHome)
	if dir == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
		cmd.Env = append(os.Environ(), fullDiskHome+"="+t.TempDir())
		cmd.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
			UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
		}
		out, err := cmd.CombinedOutput()
		switch exit := (*exec.ExitError)(nil); {
		case errors.As(err, &exit) && exit.ExitCode() == 77, err != nil && exit == nil:
			t.Skip("no mount namespace here")
		case err != nil:
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	if err := syscall.Mount("tenin", dir, "tmpfs", 0, "size=1m,mode=0700"); err != nil {
		os.Exit(77)
	}
	home := filepath.Join(dir, "home")
	v := openVault(t, home)
	var ids []ID
	turns := map[ID]int{}
	var err error
	for err == nil {
		var s *Session
		if s, err = v.Begin(SessionMeta{Started: testTime, Source: FromFile()}); err != nil {
			break
		}
		ids = append(ids, s.ID())
		for i := 0; i < 20 && err == nil; i++ {
			if err = s.Append(testTurn(fmt.Sprintf("%03000d", i))); err == nil {
				turns[s.ID()]++
			}
		}
	}
	if !errors.Is(err, ErrNoSpace) {
		t.Fatal(err)
	}
	must(t, v.Verify())
	_ = v.Close()
	v = openVault(t, home)
	must(t, v.Verify())
	for id, n := range turns {
		if saved, err := v.Load(id); err != nil || len(saved.Turns) != n {
			t.Fatalf("%d turns were acknowledged: %v", n, err)
		}
	}
	for _, id := range ids {
		err := v.Erase(id)
		if _, again := v.Load(id); !errors.Is(again, ErrNotFound) && err == nil {
			t.Fatalf("erased and still there: %v", again)
		}
		if err != nil && !errors.Is(err, ErrNoSpace) && !errors.Is(err, ErrNotFound) {
			t.Fatal(err)
		}
	}
}
