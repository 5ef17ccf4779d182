package seal

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-tpm/tpm2"
	"github.com/google/go-tpm/tpm2/transport/linuxudstpm"
)

// emulator is a TPM of its own for one test.
type emulator struct {
	t     testing.TB
	path  string // its socket
	state string
	cmd   *exec.Cmd
}

// newEmulator starts swtpm, or skips the test where there is none.
func newEmulator(t testing.TB) *emulator {
	t.Helper()
	if _, err := exec.LookPath("swtpm"); err != nil {
		t.Skip("swtpm is missing: install the package swtpm to test the TPM")
	}
	// A socket's path has at most 107 bytes, which a test's own folder may exceed.
	dir, err := os.MkdirTemp("", "tpm")
	if err != nil {
		t.Fatal(err)
	}
	e := &emulator{t: t, path: filepath.Join(dir, "s"), state: filepath.Join(dir, "d")}
	if err := os.Mkdir(e.state, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		e.stop()
		os.RemoveAll(dir)
	})
	e.start()
	return e
}

func (e *emulator) start() {
	e.t.Helper()
	e.cmd = exec.Command("swtpm", "socket", "--tpm2", "--tpmstate", "dir="+e.state,
		"--server", "type=unixio,path="+e.path, "--ctrl", "type=unixio,path="+e.path+"c",
		"--flags", "not-need-init,startup-clear")
	if err := e.cmd.Start(); err != nil {
		e.t.Fatal(err)
	}
	for range 500 {
		if _, err := ReadTPM(e.path); err == nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	e.t.Fatal("swtpm does not answer")
}

func (e *emulator) stop() {
	if e.cmd != nil {
		_ = e.cmd.Process.Kill()
		_ = e.cmd.Wait()
		e.cmd = nil
		os.Remove(e.path)
		os.Remove(e.path + "c")
	}
}

// restart is a reset: PCRs are empty again.
func (e *emulator) restart() {
	e.t.Helper()
	e.stop()
	e.start()
}

// extend changes a PCR, as a measurement does.
func (e *emulator) extend(pcr uint32, with byte) {
	e.t.Helper()
	tpm, err := linuxudstpm.Open(e.path)
	if err != nil {
		e.t.Fatal(err)
	}
	defer tpm.Close()
	digest := make([]byte, 32)
	digest[0] = with
	_, err = tpm2.PCRExtend{
		PCRHandle: tpm2.AuthHandle{Handle: tpm2.TPMHandle(pcr), Auth: tpm2.PasswordAuth(nil)},
		Digests:   tpm2.TPMLDigestValues{Digests: []tpm2.TPMTHA{{HashAlg: tpm2.TPMAlgSHA256, Digest: digest}}},
	}.Execute(tpm)
	if err != nil {
		e.t.Fatal(err)
	}
}

// clear is what a firmware's menu does.
func (e *emulator) clear() {
	e.t.Helper()
	tpm, err := linuxudstpm.Open(e.path)
	if err != nil {
		e.t.Fatal(err)
	}
	defer tpm.Close()
	if _, err := (tpm2.Clear{AuthHandle: tpm2.AuthHandle{Handle: tpm2.TPMRHLockout, Auth: tpm2.PasswordAuth(nil)}}).Execute(tpm); err != nil {
		e.t.Fatal(err)
	}
}

// transients counts what was left in the TPM.
func (e *emulator) transients() int {
	e.t.Helper()
	tpm, err := linuxudstpm.Open(e.path)
	if err != nil {
		e.t.Fatal(err)
	}
	defer tpm.Close()
	n := 0
	for _, first := range []uint32{0x80000000, 0x02000000, 0x03000000} {
		got, err := tpm2.GetCapability{Capability: tpm2.TPMCapHandles, Property: first, PropertyCount: 64}.Execute(tpm)
		if err != nil {
			e.t.Fatal(err)
		}
		handles, err := got.CapabilityData.Data.Handles()
		if err != nil {
			e.t.Fatal(err)
		}
		n += len(handles.Handle)
	}
	return n
}

func pinOf(s string) func() (Secret, error) {
	return func() (Secret, error) { return NewSecret([]byte(s)), nil }
}

// cheapTPM spares the tests the memory that stretching a PIN costs on purpose.
func cheapTPM(o TPMOptions) *TPM {
	t := NewTPM(o)
	t.passes, t.memory, t.lanes = 1, 64, 1
	return t
}

func mustSeal(t testing.TB, s Sealer, secret Secret) []byte {
	t.Helper()
	blob, err := s.Seal(secret)
	if err != nil {
		t.Fatal(err)
	}
	return blob
}

func mustOpen(t testing.TB, s Sealer, blob []byte, want Secret) {
	t.Helper()
	got, err := s.Unseal(blob)
	if err != nil {
		t.Fatal(err)
	}
	if !got.Equal(want) {
		t.Fatal("another secret came back")
	}
}

func mustRefuse(t testing.TB, s Sealer, blob []byte, want error) error {
	t.Helper()
	got, err := s.Unseal(blob)
	if !errors.Is(err, want) {
		t.Fatalf("want %v, got %v, %v", want, got, err)
	}
	return err
}
