package main

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-tpm/tpm2"
	"github.com/google/go-tpm/tpm2/transport/linuxudstpm"
	"github.com/rogpeppe/go-internal/testscript"

	"tenin/storage/seal"
)

// The scripts about the vault's key have a TPM of their own: each $TPM is the socket of an emulator.
func TestScriptsOfTheKeys(t *testing.T) {
	if c, _, err := newRoot().Find([]string{"keys"}); err != nil || c.Name() != "keys" {
		t.Skip("the command keys is not part of this program")
	}
	if _, err := exec.LookPath("swtpm"); err != nil {
		t.Skip("swtpm is missing: install the package swtpm to test the TPM")
	}
	commands := scriptCommands()
	commands["tpm"] = tpmCommand
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/keys",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds:                commands,
		Condition:           scriptCondition,
		Setup: func(env *testscript.Env) error {
			// The path of a socket has at most 107 bytes.
			dir, err := os.MkdirTemp("", "tpm")
			if err != nil {
				return err
			}
			e := &emulator{dir: dir}
			env.Defer(func() {
				e.stop()
				os.RemoveAll(dir)
			})
			env.Values[emulator{}] = e
			env.Values[held{}] = new(io.Closer)
			env.Setenv("TPM", e.socket())
			env.Setenv("H", filepath.Join(env.WorkDir, "home"))
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("TENIN_HOME", filepath.Join(env.WorkDir, "home"))
			return os.WriteFile(filepath.Join(env.WorkDir, "tpm.toml"), []byte("[seal]\ndevice = \""+e.socket()+"\"\n"), 0o600)
		},
	})
}

// emulator is swtpm with its state in a folder.
type emulator struct {
	dir string
	cmd *exec.Cmd
}

func (e *emulator) socket() string { return filepath.Join(e.dir, "s") }

func (e *emulator) stop() {
	if e.cmd != nil {
		_ = e.cmd.Process.Kill()
		_ = e.cmd.Wait()
		_ = os.Remove(e.socket())
		_ = os.Remove(e.socket() + "c")
		e.cmd = nil
	}
}

// tpm start|stop|reset|new|clear|extend PCR does that to the emulator; new is another TPM in its place.
func tpmCommand(ts *testscript.TestScript, _ bool, args []string) {
	e := ts.Value(emulator{}).(*emulator)
	switch args[0] {
	case "stop":
		e.stop()
		return
	case "new":
		e.stop()
		ts.Check(os.RemoveAll(filepath.Join(e.dir, "state")))
	case "reset":
		e.stop()
	case "clear":
		tpm, err := linuxudstpm.Open(e.socket())
		ts.Check(err)
		_, err = tpm2.Clear{AuthHandle: tpm2.AuthHandle{Handle: tpm2.TPMRHLockout, Auth: tpm2.PasswordAuth(nil)}}.Execute(tpm)
		ts.Check(err)
		return
	case "extend":
		tpm, err := linuxudstpm.Open(e.socket())
		ts.Check(err)
		n, err := strconv.Atoi(args[1])
		ts.Check(err)
		_, err = tpm2.PCRExtend{
			PCRHandle: tpm2.AuthHandle{Handle: tpm2.TPMHandle(n), Auth: tpm2.PasswordAuth(nil)},
			Digests:   tpm2.TPMLDigestValues{Digests: []tpm2.TPMTHA{{HashAlg: tpm2.TPMAlgSHA256, Digest: make([]byte, 32)}}},
		}.Execute(tpm)
		ts.Check(err)
		return
	}
	ts.Check(e.start())
}

// start starts swtpm and waits for it.
func (e *emulator) start() error {
	if err := os.MkdirAll(filepath.Join(e.dir, "state"), 0o700); err != nil {
		return err
	}
	e.cmd = exec.Command("swtpm", "socket", "--tpm2", "--tpmstate", "dir="+filepath.Join(e.dir, "state"),
		"--server", "type=unixio,path="+e.socket(), "--ctrl", "type=unixio,path="+e.socket()+"c",
		"--flags", "not-need-init,startup-clear")
	if err := e.cmd.Start(); err != nil {
		return err
	}
	for range 500 {
		if _, err := seal.ReadTPM(e.socket()); err == nil {
			return nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return errors.New("swtpm does not answer")
}
