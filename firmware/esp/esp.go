// Package esp reads the files of the EFI system partition inside a disk or its image, as firmware does, and exchanges them
// by mtools: nothing is mounted.
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

	"tenin/firmware/flash/gpt"
	"tenin/firmware/powercut/fat"
)

// ErrNoTool means that mtools is not installed, which only Replace needs.
var ErrNoTool = errors.New("mtools is missing: install the package mtools")

// FS is the file system in a partition of a disk. Paths in it are absolute, with slashes.
type FS struct {
	path         string
	offset, size int64
}

// Open names the file system in the partition p of the disk or image at path. It touches nothing yet.
func Open(path string, p gpt.Partition) (FS, error) {
	absolute, err := filepath.Abs(path)
	return FS{path: absolute, offset: p.Offset(), size: p.Size()}, err
}

// with has do read the file system.
func (f FS) with(do func(*fat.FS) error) error {
	file, err := os.Open(f.path)
	if err != nil {
		return err
	}
	defer file.Close()
	system, err := fat.Open(io.NewSectionReader(file, f.offset, f.size), f.size)
	if err != nil {
		return err
	}
	return do(system)
}

// maxFiles bounds what a damaged file system is walked through.
const maxFiles = 10_000

// List returns the paths of all files, sorted; folders are not among them. The error wraps fat.ErrDamaged where firmware
// could not read a folder.
func (f FS) List() (paths []string, err error) {
	err = f.with(func(system *fat.FS) error { return walk(system, "", &paths, 0) })
	slices.Sort(paths)
	return paths, err
}

func walk(system *fat.FS, folder string, paths *[]string, depth int) error {
	entries, err := system.List(folder)
	if err != nil {
		return fmt.Errorf("%s/: %w", folder, err)
	}
	for _, e := range entries {
		if e.Name == "." || e.Name == ".." {
			continue
		}
		if len(*paths) >= maxFiles || depth > 16 {
			return fmt.Errorf("%w: more than %d files, or folders in folders without end", fat.ErrDamaged, maxFiles)
		}
		name := folder + "/" + e.Name
		if !e.Folder {
			*paths = append(*paths, name)
		} else if err := walk(system, name, paths, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// Check walks all files and says how well the file system fits together.
func (f FS) Check() (s fat.State, err error) {
	err = f.with(func(system *fat.FS) error { s = system.Check(); return nil })
	return s, err
}

// Read returns a file of at most limit bytes. The error wraps fat.ErrDamaged or fs.ErrNotExist.
func (f FS) Read(path string, limit int64) (b []byte, err error) {
	err = f.with(func(system *fat.FS) error { b, err = system.ReadFile(path, limit); return err })
	if err != nil {
		return nil, err
	}
	return b, nil
}

// Replace writes a file over one that is there, and leaves its time as it is: equal content makes an equal file system.
// The error wraps ErrNoTool where there is no mtools.
func (f FS) Replace(ctx context.Context, path string, content []byte) error {
	if _, err := exec.LookPath("mcopy"); err != nil {
		return ErrNoTool
	}
	dir, err := os.MkdirTemp("", "esp-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	old := filepath.Join(dir, "file")
	if err := f.mcopy(ctx, nil, 0, "-m", "::"+path, old); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	info, err := os.Stat(old)
	if err != nil {
		return err
	}
	if err := f.mcopy(ctx, bytes.NewReader(content), info.ModTime().Unix(), "-o", "-", "::"+path); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// mcopy runs mtools; epoch is the time that a written file gets, 0 the clock's.
func (f FS) mcopy(ctx context.Context, in io.Reader, epoch int64, args ...string) error {
	cmd := exec.CommandContext(ctx, "mcopy", append([]string{"-i", f.path + "@@" + strconv.FormatInt(f.offset, 10)}, args...)...)
	// No file of the user's changes what the tool does, and nothing asks anybody.
	cmd.Env = append(os.Environ(), "MTOOLSRC="+os.DevNull, "HOME="+os.DevNull, "MTOOLS_SKIP_CHECK=1", "LC_ALL=C.UTF-8", "TZ=UTC")
	if epoch > 0 {
		cmd.Env = append(cmd.Env, "SOURCE_DATE_EPOCH="+strconv.FormatInt(epoch, 10))
	}
	var said bytes.Buffer
	cmd.Stdin, cmd.Stderr = in, &said
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		line, _, _ := strings.Cut(strings.TrimSpace(said.String()), "\n")
		return fmt.Errorf("mcopy: %w: %s", err, line)
	}
	return nil
}
