package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

func TestAFileThatOnlyRootReadsIsHandedOverToTheKiosksUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root hands a file over to another user")
	}
	path := filepath.Join(t.TempDir(), "tenin-enrol.toml")
	if err := os.WriteFile(path, []byte("shop = \"a\""), 0o600); err != nil {
		t.Fatal(err)
	}
	const other = 65534
	f, err := handOver(path, [2]int{other, other})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	c := exec.Command("cat", "/proc/self/fd/3")
	c.ExtraFiles = []*os.File{f}
	c.Dir = "/"
	c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: other, Gid: other, Groups: []uint32{}}}
	out, err := c.CombinedOutput()
	if err != nil || string(out) != "shop = \"a\"" {
		t.Errorf("it reads %q, %v", out, err)
	}
	info, err := f.Stat()
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others may read it: %v, %v", info.Mode(), err)
	}
}
