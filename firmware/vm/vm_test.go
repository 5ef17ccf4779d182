package vm

import (
	"context"
	"errors"
	"image/png"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"
	"time"
)

// needMachine skips where no machine can run.
func needMachine(t *testing.T) {
	t.Helper()
	for _, tool := range []string{"qemu-system-x86_64", "swtpm"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("no virtual machine: %s is missing", tool)
		}
	}
	if _, err := os.Stat(filepath.Join(distribution, "OVMF_CODE_4M.fd")); err != nil {
		t.Skip("no virtual machine: the package ovmf is missing")
	}
}

func TestADeviceWithoutADiskShowsItsFirmwareAndLeavesNothingRunning(t *testing.T) {
	needMachine(t)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	dir := t.TempDir()
	v, err := Start(ctx, Options{Dir: dir, Memory: 512})
	if err != nil {
		t.Fatal(err)
	}
	defer v.PowerCut()
	t.Logf("accelerator: %s", v.Accelerator)
	if _, _, err := v.Serial.WaitFor(ctx, 0, regexp.MustCompile(`BdsDxe|UEFI`)); err != nil {
		t.Fatal(err)
	}
	picture := filepath.Join(dir, "screen.png")
	if err := v.Screenshot(ctx, picture); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(picture)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := png.Decode(f); err != nil {
		t.Errorf("the picture: %v", err)
	}
	if err := v.Touch(ctx, 0.5, 0.5); err != nil {
		t.Error(err)
	}
	if err := v.Keys(ctx, "ctrl", "alt", "f1"); err != nil {
		t.Error(err)
	}
	var refusal *CommandError
	if err := v.Monitor.Execute(ctx, "no-such-command", nil, nil); !errors.As(err, &refusal) {
		t.Errorf("an unknown command: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "tpm", "tpm2-00.permall")); err != nil {
		t.Errorf("the TPM keeps nothing: %v", err)
	}
	cancel()
	if reason, err := v.Wait(context.Background()); err != nil || reason != "" {
		t.Errorf("a cancelled context ends as a pulled plug: %q, %v", reason, err)
	}
	for _, p := range []*process{v.qemu, v.swtpm} {
		if err := syscall.Kill(p.cmd.Process.Pid, 0); !errors.Is(err, syscall.ESRCH) {
			t.Errorf("process %d is still there: %v", p.cmd.Process.Pid, err)
		}
	}
	if v.Running() {
		t.Error("it says that it runs")
	}
	if _, err := v.Console.Run(context.Background(), "true"); !errors.Is(err, ErrGone) {
		t.Errorf("the console of a machine that is off: %v", err)
	}
}

func TestAMachineWhoseDiskIsMissingDoesNotStart(t *testing.T) {
	_, err := Start(context.Background(), Options{Dir: t.TempDir(), Disks: []Disk{{Path: filepath.Join(t.TempDir(), "none.img")}}})
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Start: %v", err)
	}
}
