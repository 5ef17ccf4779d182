package enrol

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"tenin/storage/seal"
)

// Host is the machine that this program runs on.
type Host struct{}

// folders are where programs of the system are, whatever PATH a unit has.
var folders = []string{"/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/lib/systemd", "/lib/systemd"}

// Run implements Machine.
func (Host) Run(ctx context.Context, c Command) ([]byte, error) {
	path, err := program(c.Name)
	if err != nil {
		return nil, err
	}
	args := append([]string(nil), c.Args...)
	var files []*os.File
	defer func() {
		for _, f := range files {
			_ = f.Close()
		}
	}()
	for i, s := range c.Secrets {
		f, err := memoryFile(s)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
		for j := range args {
			args[j] = strings.ReplaceAll(args[j], fmt.Sprintf("{%d}", i), fmt.Sprintf("/proc/self/fd/%d", 3+i))
		}
	}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.ExtraFiles = files
	// A mapping is made here and not by udev, which at a start has every other device to see to first: 3 s without a fast CPU.
	cmd.Env = []string{"PATH=" + strings.Join(folders, ":"), "LC_ALL=C.UTF-8", "SYSTEMD_LOG_TARGET=console", "DM_DISABLE_UDEV=1"}
	cmd.WaitDelay = 2 * time.Second
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if c.Input.Len() > 0 {
		cmd.Stdin = bytes.NewReader(c.Input.Bytes())
	}
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("%s: %w", c.Name, ctx.Err())
	case errors.As(err, &exit):
		return out.Bytes(), &ExitError{c.Name, exit.ExitCode(), lastLine(said.String())}
	case err != nil:
		return nil, fmt.Errorf("%s: %w", c.Name, err)
	}
	return out.Bytes(), nil
}

func program(name string) (string, error) {
	if strings.HasPrefix(name, "/") {
		return name, nil
	}
	for _, folder := range folders {
		path := folder + "/" + name
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s is missing on this machine: it is part of the device's image", name)
}

// memoryFile is a file in memory alone, which a child reaches by its descriptor.
func memoryFile(s seal.Secret) (*os.File, error) {
	fd, err := unix.MemfdCreate("key", unix.MFD_CLOEXEC|unix.MFD_NOEXEC_SEAL)
	if errors.Is(err, unix.EINVAL) { // before Linux 6.3
		fd, err = unix.MemfdCreate("key", unix.MFD_CLOEXEC)
	}
	if err != nil {
		return nil, fmt.Errorf("no file in memory: %w", err)
	}
	f := os.NewFile(uintptr(fd), "key")
	if _, err := f.Write(s.Bytes()); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("no file in memory: %w", err)
	}
	return f, nil
}

// lastLine is the last line with a word in it, in one line of at most 200 bytes.
func lastLine(text string) string {
	last := ""
	for line := range strings.Lines(text) {
		// systemd-cryptsetup ends with how often it has tried, after why it failed.
		if line := strings.Join(strings.Fields(line), " "); line != "" && !strings.HasPrefix(line, "Too many attempts") {
			last = line
		}
	}
	if len(last) > 200 {
		last = strings.ToValidUTF8(last[:200], "")
	}
	return last
}
