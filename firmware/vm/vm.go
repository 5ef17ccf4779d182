package vm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// VM is a machine that was started. Its methods are safe for several goroutines.
type VM struct {
	// Monitor speaks with QEMU.
	Monitor *Monitor
	// Console is the root console of a test image. On another image it never gets ready.
	Console *Console
	// Serial is the machine's serial line.
	Serial *Log
	// Accelerator that was taken: "kvm" or "tcg".
	Accelerator string

	qemu, swtpm *process
	ended       chan struct{}
	stop        func() bool // of the context's hold on the machine
	cleanup     sync.WaitGroup
}

// Start switches a device on. It ends when ctx does, as if its plug were pulled.
//
// The error says which tool or file is missing. A machine that starts and does not boot is no error here.
func Start(ctx context.Context, o Options) (_ *VM, err error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	if err := o.prepare(); err != nil {
		return nil, err
	}
	v := &VM{Serial: newLog(), Accelerator: o.Accelerator, ended: make(chan struct{})}
	if v.Accelerator == "" {
		v.Accelerator = accelerator(ctx, o.firmware())
	}
	raw, err := os.OpenFile(filepath.Join(o.Dir, "serial.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("virtual machine: serial log: %w", err)
	}
	defer func() {
		if err != nil {
			_ = raw.Close()
		}
	}()

	var inherited []*os.File // the far ends, which only QEMU shall hold
	disinherit := func() {
		for _, f := range inherited {
			_ = f.Close()
		}
		inherited = nil
	}
	defer disinherit()
	pair := func() (near net.Conn, err error) {
		var far *os.File
		if near, far, err = socketPair(); err == nil {
			inherited = append(inherited, far)
		}
		return near, err
	}
	monitor, err := pair()
	if err != nil {
		return nil, err
	}
	serial, err := pair()
	if err != nil {
		_ = monitor.Close()
		return nil, err
	}
	console, err := pair()
	if err != nil {
		_, _ = monitor.Close(), serial.Close()
		return nil, err
	}
	defer func() {
		if err != nil {
			_, _, _ = monitor.Close(), serial.Close(), console.Close()
		}
	}()
	if !o.NoTPM {
		tpm, err := o.startTPM(v)
		if err != nil {
			return nil, err
		}
		inherited = append(inherited, tpm)
	}
	if v.qemu, err = startProcess("qemu-system-x86_64", o.arguments(v.Accelerator), inherited...); err != nil {
		if v.swtpm != nil {
			v.swtpm.kill()
		}
		return nil, err
	}
	disinherit()
	v.cleanup.Add(2)
	go func() {
		defer v.cleanup.Done()
		v.Serial.fill(serial, raw)
		_, _ = serial.Close(), raw.Close()
	}()
	v.Console = newConsole(console)
	go func() {
		defer v.cleanup.Done()
		<-v.qemu.done
		if v.swtpm != nil {
			v.swtpm.endWithin(lingering)
		}
		_ = console.Close()
		close(v.ended)
	}()
	v.stop = context.AfterFunc(ctx, func() { _ = v.qemu.cmd.Process.Kill() })

	if v.Monitor, err = newMonitor(ctx, monitor); err != nil {
		v.PowerCut()
		if said := v.qemu.output(); said != "" {
			err = fmt.Errorf("virtual machine: QEMU does not start: %s", said)
		}
		return nil, err
	}
	return v, nil
}

// lingering is how long the TPM may take to write its state after its line has ended.
const lingering = 5 * time.Second

// prepare makes what a device from the factory has.
func (o Options) prepare() error {
	for _, d := range o.Disks {
		if _, err := os.Stat(d.Path); err != nil {
			return fmt.Errorf("virtual machine: disk: %w", err)
		}
		if d.Writes != "" {
			if err := os.WriteFile(d.Writes, nil, 0o644); err != nil {
				return fmt.Errorf("virtual machine: record of writes: %w", err)
			}
		}
	}
	if err := os.MkdirAll(o.tpm(), 0o755); err != nil {
		return fmt.Errorf("virtual machine: %w", err)
	}
	if _, err := os.Stat(o.variables()); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	template, err := os.ReadFile(filepath.Join(o.firmware(), "OVMF_VARS_4M.fd"))
	if err == nil {
		err = os.WriteFile(o.variables(), template, 0o644)
	}
	if err != nil {
		return fmt.Errorf("virtual machine: UEFI variables: install the package ovmf, or name its folder: %w", err)
	}
	return nil
}

// startTPM starts a TPM and returns QEMU's end of the line to it.
func (o Options) startTPM(v *VM) (*os.File, error) {
	near, far, err := socketPair()
	if err != nil {
		return nil, err
	}
	// Only swtpm is to have this end.
	end, err := near.(*net.UnixConn).File()
	_ = near.Close()
	if err != nil {
		_ = far.Close()
		return nil, fmt.Errorf("virtual machine: %w", err)
	}
	defer end.Close()
	v.swtpm, err = startProcess("swtpm", []string{"socket", "--tpm2", "--tpmstate", "dir=" + o.tpm(),
		"--ctrl", "type=unixio,clientfd=3", "--terminate"}, end)
	if err != nil {
		_ = far.Close()
		return nil, err
	}
	return far, nil
}

// socketPair is a line whose far end a child inherits.
func socketPair() (near net.Conn, far *os.File, err error) {
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("virtual machine: socket pair: %w", err)
	}
	end := os.NewFile(uintptr(fds[0]), "near")
	defer end.Close()
	far = os.NewFile(uintptr(fds[1]), "far")
	near, err = net.FileConn(end)
	if err != nil {
		_ = far.Close()
		return nil, nil, fmt.Errorf("virtual machine: socket pair: %w", err)
	}
	return near, far, nil
}

// PowerCut pulls the plug: the machine is gone at once, and what it had not written is lost. It returns when all is ended;
// for a machine that has ended it does nothing.
func (v *VM) PowerCut() {
	_ = v.qemu.cmd.Process.Kill()
	v.finish()
}

// finish waits for everything that the machine is made of.
func (v *VM) finish() {
	<-v.qemu.done
	v.stop()
	v.cleanup.Wait()
	if v.Monitor != nil {
		_ = v.Monitor.conn.Close()
	}
}

// PowerOff presses the power button and waits until the machine is off. When ctx ends first it goes on running.
func (v *VM) PowerOff(ctx context.Context) error {
	if err := v.Monitor.Execute(ctx, "system_powerdown", nil, nil); err != nil {
		return err
	}
	_, err := v.Wait(ctx)
	return err
}

// Wait returns when the machine is off, and why: QEMU's reason of a shutdown, "guest-shutdown", "guest-reset" (with
// StopAtReset), "guest-panic", "host-qmp-quit"; "" when the plug was pulled. The error is the context's, or what QEMU said
// when it failed.
func (v *VM) Wait(ctx context.Context) (reason string, err error) {
	select {
	case <-ctx.Done():
		return "", fmt.Errorf("virtual machine: it is not off: %w; last: %s", ctx.Err(), lastLines(v.Serial.String()))
	case <-v.ended:
	}
	v.finish()
	for _, e := range v.Monitor.Events() {
		if e.Name == "SHUTDOWN" {
			reason = e.reason()
		}
	}
	if reason == "" && v.qemu.err != nil {
		if status, ok := v.qemu.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signal() == syscall.SIGKILL {
			return "", nil
		}
		return "", fmt.Errorf("virtual machine: QEMU failed: %s (%w)", v.qemu.output(), v.qemu.err)
	}
	return reason, nil
}

// Running tells whether the machine is on.
func (v *VM) Running() bool {
	select {
	case <-v.ended:
		return false
	default:
		return true
	}
}

// Plug plugs a stick in that [Options.Disks] has at place i as one for later.
func (v *VM) Plug(ctx context.Context, i int, d Disk) error {
	return v.Monitor.Execute(ctx, "device_add", map[string]any{"driver": "usb-storage", "id": fmt.Sprintf("stick%d", i), "bus": "usb.0",
		"removable": true, "drive": fmt.Sprintf("disk%d", i), "serial": d.Serial}, nil)
}

// Reset presses the reset button.
func (v *VM) Reset(ctx context.Context) error {
	return v.Monitor.Execute(ctx, "system_reset", nil, nil)
}

// Resets counts how often the machine started anew, by itself, by its watchdog or by [VM.Reset].
func (v *VM) Resets() int {
	n := 0
	for _, e := range v.Monitor.Events() {
		if e.Name == "RESET" {
			n++
		}
	}
	return n
}

var _ io.Closer = (*VM)(nil)

// Close is [VM.PowerCut].
func (v *VM) Close() error {
	v.PowerCut()
	return nil
}
