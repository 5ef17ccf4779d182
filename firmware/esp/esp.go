// Package esp reads and writes files of the EFI system partition inside a disk image, without mounting it: mtools does it.
package esp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// ErrNoTool means that mtools is not installed.
var ErrNoTool = errors.New("mtools is missing: install the package mtools")

// FS is a FAT file system at an offset of a file or disk. Paths in it are absolute, with slashes.
type FS struct {
	path   string
	offset int64
	// epoch is the time that written files get, in Unix seconds; 0: that of the clock.
	epoch int64
}

// Open names the file system that begins at byte offset of the file at path. It touches nothing yet. The error wraps
// ErrNoTool where there is no mtools.
func Open(path string, offset int64) (FS, error) {
	if _, err := exec.LookPath("mcopy"); err != nil {
		return FS{}, ErrNoTool
	}
	absolute, err := filepath.Abs(path)
	return FS{path: absolute, offset: offset}, err
}

// List returns the paths of all files, sorted; folders are not among them.
func (f FS) List(ctx context.Context) (paths []string, err error) {
	var out bytes.Buffer
	if err := f.run(ctx, nil, &out, "mdir", "-b", "-/", "::/"); err != nil {
		return nil, err
	}
	for line := range strings.Lines(out.String()) {
		path := strings.TrimPrefix(strings.TrimSpace(line), "::")
		if path != "" && !strings.HasSuffix(path, "/") {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return paths, nil
}

// Read returns a file of at most limit bytes.
func (f FS) Read(ctx context.Context, path string, limit int64) ([]byte, error) {
	out := &limited{left: limit}
	if err := f.run(ctx, nil, out, "mcopy", "::"+path, "-"); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if out.left < 0 {
		return nil, fmt.Errorf("%s is longer than %d bytes", path, limit)
	}
	return out.buffer.Bytes(), nil
}

// Replace writes a file over one that is there, and leaves its time as it is: equal content makes an equal file system.
func (f FS) Replace(ctx context.Context, path string, content []byte) error {
	dir, err := os.MkdirTemp("", "esp-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	old := filepath.Join(dir, "file")
	if err := f.run(ctx, nil, io.Discard, "mcopy", "-m", "::"+path, old); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	info, err := os.Stat(old)
	if err != nil {
		return err
	}
	f.epoch = info.ModTime().Unix()
	if err := f.run(ctx, bytes.NewReader(content), io.Discard, "mcopy", "-o", "-", "::"+path); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

func (f FS) run(ctx context.Context, in io.Reader, out io.Writer, tool string, args ...string) error {
	cmd := exec.CommandContext(ctx, tool, append([]string{"-i", f.path + "@@" + strconv.FormatInt(f.offset, 10)}, args...)...)
	// No file of the user's changes what the tool does, and nothing asks anybody.
	cmd.Env = append(os.Environ(), "MTOOLSRC="+os.DevNull, "HOME="+os.DevNull, "MTOOLS_SKIP_CHECK=1", "LC_ALL=C.UTF-8", "TZ=UTC")
	if f.epoch > 0 {
		cmd.Env = append(cmd.Env, "SOURCE_DATE_EPOCH="+strconv.FormatInt(f.epoch, 10))
	}
	var said bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = in, out, &said
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if line, _, _ := strings.Cut(strings.TrimSpace(said.String()), "\n"); line != "" {
			return fmt.Errorf("the EFI system partition cannot be read: %s", line)
		}
		return fmt.Errorf("%s: %w", tool, err)
	}
	return nil
}

// limited keeps up to left bytes and drops the rest.
type limited struct {
	buffer bytes.Buffer
	left   int64
}

func (l *limited) Write(p []byte) (int, error) {
	if l.left -= int64(len(p)); l.left >= 0 {
		l.buffer.Write(p)
	}
	return len(p), nil
}
