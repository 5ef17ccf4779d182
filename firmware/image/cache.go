package image

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// cache is the folder of finished steps: STEP-KEY, each a folder with what the step made. A folder with a final name is
// whole, since it was renamed to it when everything in it was written.
type cache struct {
	dir  string
	lock *os.File
}

// openCache makes the folder and takes its lock, which one build at a time has; close gives it back.
func openCache(dir string) (c cache, unlock func(), err error) {
	// apt takes a relative path for one below its own root.
	if dir, err = filepath.Abs(dir); err != nil {
		return c, nil, fmt.Errorf("cache: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return c, nil, fmt.Errorf("cache: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR|syscall.O_CLOEXEC, 0o600)
	if err != nil {
		return c, nil, fmt.Errorf("cache: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return c, nil, fmt.Errorf("cache %s: another build is using it: wait for it, or give this one a folder of its own with --cache", dir)
	}
	c = cache{dir, f}
	c.sweep()
	return c, func() { f.Close() }, nil
}

// sweep removes what builds that were killed left behind; whoever has the lock is the only one who writes here.
func (c cache) sweep() {
	left, _ := filepath.Glob(filepath.Join(c.dir, "*.part"))
	for _, path := range left {
		_ = os.RemoveAll(path)
	}
}

// keyOf is the name of a step's result: a hash of everything that it depends on.
func keyOf(inputs ...any) string {
	h := sha256.New()
	enc := json.NewEncoder(h)
	for _, in := range inputs {
		if err := enc.Encode(in); err != nil {
			panic("image: a key's input cannot be written: " + err.Error())
		}
	}
	return hex.EncodeToString(h.Sum(nil))[:24]
}

// path is where a step's result lies, or would.
func (c cache) path(step, key string) string { return filepath.Join(c.dir, step+"-"+key) }

// has says whether a step's result is there, and marks it as used.
func (c cache) has(step, key string) bool {
	p := c.path(step, key)
	info, err := os.Stat(p)
	if err != nil || !info.IsDir() {
		return false
	}
	now := time.Now()
	_ = os.Chtimes(p, now, now)
	return true
}

// make fills a folder and gives it its final name. When fill fails, nothing is left.
func (c cache) make(step, key string, fill func(dir string) error) (err error) {
	part := c.path(step, key) + ".part"
	if err := os.RemoveAll(part); err != nil {
		return err
	}
	if err := os.Mkdir(part, 0o700); err != nil {
		return plainSpace(err)
	}
	defer func() {
		if err != nil {
			_ = os.RemoveAll(part)
		}
	}()
	if err := fill(part); err != nil {
		return plainSpace(err)
	}
	if err := os.Rename(part, c.path(step, key)); err != nil {
		return err
	}
	c.prune(step)
	return nil
}

// kept is how many results of one step stay: the last, the one before it, and one of a test image.
const kept = 3

func (c cache) prune(step string) {
	found, _ := filepath.Glob(filepath.Join(c.dir, step+"-*"))
	age := func(p string) time.Time {
		info, err := os.Stat(p)
		if err != nil {
			return time.Time{}
		}
		return info.ModTime()
	}
	slices.SortFunc(found, func(a, b string) int { return age(b).Compare(age(a)) })
	for i, p := range found {
		if i >= kept && !strings.HasSuffix(p, ".part") {
			_ = os.RemoveAll(p)
		}
	}
}

// plainSpace says what to do where a disk is full.
func plainSpace(err error) error {
	if errors.Is(err, syscall.ENOSPC) {
		return fmt.Errorf("%w: make room, or name another folder with --cache or -o", err)
	}
	return err
}

func writeJSON(path string, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(b, '\n'), 0o644)
}

func readJSON(path string, v any) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, v); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// hashTree is a hash over the names and contents of a file system's files.
func hashTree(fsys fs.FS) string {
	h := sha256.New()
	_ = fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(fsys, p)
		fmt.Fprintf(h, "%s %d %v\n", p, len(b), err)
		h.Write(b)
		return nil
	})
	return hex.EncodeToString(h.Sum(nil))
}
