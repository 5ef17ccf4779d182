package image

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// tool runs a program to its end. Its own words come with an error: their last lines say what was wrong.
type tool struct {
	// env is added to a bare environment in which messages are English and times UTC.
	env []string
	// in is its standard input, out takes its standard output, and each line of its standard error goes to line.
	in   io.Reader
	out  io.Writer
	line func(string)
	// alone is for a program that mounts: what it mounts is seen by it and its children only, and is gone with the last of them.
	alone bool
	// lock stays locked until the program and its children have ended, even where this process was killed before.
	lock *os.File
}

// toolPath is where Debian puts programs for root, which sudo and cron leave out of PATH.
const toolPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// FindTool returns where a program lies, among root's programs as well.
func FindTool(name string) (string, error) {
	if p, err := exec.LookPath(name); err == nil {
		return p, nil
	}
	for dir := range strings.SplitSeq(toolPath, ":") {
		p := filepath.Join(dir, name)
		if info, err := os.Stat(p); err == nil && !info.IsDir() && info.Mode()&0o111 != 0 {
			return p, nil
		}
	}
	return "", fmt.Errorf("%s is missing: `tenin doctor firmware` names the packages", name)
}

func (t tool) run(ctx context.Context, name string, args ...string) error {
	path, err := FindTool(name)
	if err != nil {
		return err
	}
	tail := &tailWriter{line: t.line}
	c := exec.CommandContext(ctx, path, args...)
	c.Stdin, c.Stdout, c.Stderr = t.in, t.out, tail
	if c.Stdout == nil {
		c.Stdout = tail
	}
	c.Env = append([]string{"PATH=" + toolPath, "LC_ALL=C.UTF-8", "TZ=UTC0", "HOME=/", "TMPDIR=" + os.TempDir()}, t.env...)
	// A group of its own, so that a Ctrl-C ends what the tool has started as well.
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	if t.alone {
		c.SysProcAttr.Unshareflags = syscall.CLONE_NEWNS
	}
	if t.lock != nil {
		c.ExtraFiles = []*os.File{t.lock}
	}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGTERM) }
	c.WaitDelay = 20 * time.Second
	err = c.Run()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, exec.ErrWaitDelay):
		return fmt.Errorf("%s did not end", name)
	case err != nil && tail.full:
		return fmt.Errorf("%s: %w", name, syscall.ENOSPC)
	case err != nil:
		return fmt.Errorf("%s: %w: %s", name, err, tail.text())
	}
	return nil
}

// tailWriter keeps the last of what was written, and hands on each line.
type tailWriter struct {
	line func(string)
	rest []byte
	last []string
	full bool // a disk was: what a tool says after that is long and beside the point
}

func (w *tailWriter) Write(p []byte) (int, error) {
	w.rest = append(w.rest, p...)
	for {
		i := bytes.IndexAny(w.rest, "\r\n")
		if i < 0 {
			// A program that writes no line end shall not fill the memory.
			if len(w.rest) > 1<<16 {
				w.rest = w.rest[len(w.rest)-1<<10:]
			}
			return len(p), nil
		}
		w.take(string(w.rest[:i]))
		w.rest = w.rest[i+1:]
	}
}

func (w *tailWriter) take(line string) {
	if line = strings.TrimSpace(line); line == "" {
		return
	}
	w.full = w.full || strings.Contains(line, "No space left on device")
	if w.line != nil {
		w.line(line)
	}
	if w.last = append(w.last, line); len(w.last) > 40 {
		w.last = w.last[1:]
	}
}

// text is the last words in one line; lines that name an error come before others.
func (w *tailWriter) text() string {
	if len(w.rest) > 0 {
		w.take(string(w.rest))
		w.rest = nil
	}
	var bad []string
	for _, l := range w.last {
		if strings.HasPrefix(l, "E: ") || strings.Contains(strings.ToLower(l), "error") {
			bad = append(bad, l)
		}
	}
	if len(bad) == 0 {
		bad = w.last
	}
	if len(bad) > 3 {
		bad = bad[len(bad)-3:]
	}
	if len(bad) == 0 {
		return "it gave no reason"
	}
	return strings.Join(bad, "; ")
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
