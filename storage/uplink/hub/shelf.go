package hub

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"tenin/storage/uplink"
)

// Limits of the shelf.
const (
	bundlesFolder = "bundles"
	maxBundles    = 16
	maxBundleName = 64
)

var (
	// ErrBundle means that a bundle is not what was said of it, or not to be kept.
	ErrBundle = errors.New("the bundle is not kept")
	// ErrNoBundle means that the hub has no bundle of that version.
	ErrNoBundle = errors.New("no such bundle: `tenin hub bundles` lists them")
)

// Bundle is a system image that was published. What it holds is for the devices to
// verify: the hub keeps bytes.
type Bundle struct {
	Version   int64     `json:"version"`
	Name      string    `json:"name"` // as people know the version: 1.4.0
	Size      int64     `json:"size"`
	SHA256    []byte    `json:"sha256"`
	Test      bool      `json:"test,omitempty"` // only test devices take it
	Published time.Time `json:"published"`
}

func (b Bundle) check() error {
	name := strings.Trim(b.Name, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-_+~ ")
	if b.Version < 1 || b.Size < 1 || b.Size > uplink.MaxBundle || len(b.SHA256) != sha256.Size || len(b.Name) > maxBundleName || name != "" {
		return fmt.Errorf("%w: its version, name, size or hash is impossible", ErrBundle)
	}
	return nil
}

// shelf is the bundles of a hub: DIR/bundles/VERSION.bundle, each with VERSION.json
// beside it. The second is written last and removed first, each as a whole, so a
// bundle is there with both or it is swept away at the next start.
type shelf struct {
	dir string

	putting sync.Mutex // one publication at a time; readers do not wait for it
	mu      sync.RWMutex
	list    map[int64]Bundle
	files   map[int64]*os.File // opened when first read
}

func openShelf(dir string) (*shelf, error) {
	s := &shelf{dir: filepath.Join(dir, bundlesFolder), list: map[int64]Bundle{}, files: map[int64]*os.File{}}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return nil, fmt.Errorf("bundles: %w", err)
	}
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return nil, fmt.Errorf("bundles: %w", err)
	}
	for _, e := range entries {
		text, ok := strings.CutSuffix(e.Name(), ".json")
		version, err := strconv.ParseInt(text, 10, 64)
		if !ok || err != nil {
			continue
		}
		b, err := s.read(version)
		if err != nil {
			return nil, err
		}
		s.list[version] = b
	}
	for _, e := range entries {
		version, ok := s.versionOf(e.Name())
		if _, listed := s.list[version]; ok && listed {
			continue
		}
		// What an interrupted publication or removal left.
		if err := os.Remove(filepath.Join(s.dir, e.Name())); err != nil {
			return nil, fmt.Errorf("bundles: %w", err)
		}
	}
	return s, nil
}

func (s *shelf) read(version int64) (b Bundle, err error) {
	text, err := os.ReadFile(s.path(version, "json"))
	if err != nil {
		return b, fmt.Errorf("bundles: %w", err)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	info, statErr := os.Stat(s.path(version, "bundle"))
	if d.Decode(&b) != nil || b.Version != version || b.check() != nil || statErr != nil || info.Size() != b.Size {
		return b, fmt.Errorf("bundle %d in %s: %w: remove its two files and publish it again", version, s.dir, ErrDamaged)
	}
	return b, nil
}

func (s *shelf) path(version int64, kind string) string {
	return filepath.Join(s.dir, strconv.FormatInt(version, 10)+"."+kind)
}

func (s *shelf) versionOf(name string) (int64, bool) {
	for _, kind := range []string{".json", ".bundle"} {
		if text, ok := strings.CutSuffix(name, kind); ok {
			version, err := strconv.ParseInt(text, 10, 64)
			return version, err == nil && name == strconv.FormatInt(version, 10)+kind
		}
	}
	return 0, false
}

// put keeps a bundle whose bytes come from r. They must be those that b says.
func (s *shelf) put(b Bundle, r io.Reader, room int64) error {
	if err := b.check(); err != nil {
		return err
	}
	s.putting.Lock()
	defer s.putting.Unlock()
	s.mu.RLock()
	had, count := s.has(b.Version), len(s.list)
	s.mu.RUnlock()
	switch {
	case had:
		return fmt.Errorf("%w: version %d is published already; a repaired one needs a higher number", ErrBundle, b.Version)
	case count >= maxBundles:
		return fmt.Errorf("%w: %d are kept; remove one with `tenin hub bundles remove VERSION`", ErrBundle, maxBundles)
	}
	if left, err := free(s.dir); err == nil && room > 0 && left < uint64(b.Size+room) {
		return fmt.Errorf("%w: it takes %d MB, and %d MB are free of which %d stay for summaries", ErrBundle, b.Size>>20, left>>20, room>>20)
	}
	f, err := os.CreateTemp(s.dir, ".part-*")
	if err != nil {
		return fmt.Errorf("bundles: %w", err)
	}
	defer os.Remove(f.Name())
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(f, sum), io.LimitReader(r, b.Size+1))
	err = errors.Join(err, f.Sync(), f.Close())
	switch {
	case err != nil:
		return fmt.Errorf("bundles: %w", err)
	case n != b.Size || !bytes.Equal(sum.Sum(nil), b.SHA256):
		return fmt.Errorf("%w: what came is not what was said of it", ErrBundle)
	}
	if err := os.Rename(f.Name(), s.path(b.Version, "bundle")); err != nil {
		return fmt.Errorf("bundles: %w", err)
	}
	text, err := json.Marshal(b)
	if err != nil {
		return err
	}
	// Syncs the folder too.
	if err := uplink.ReplaceFile(s.path(b.Version, "json"), text); err != nil {
		return fmt.Errorf("bundles: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list[b.Version] = b
	return nil
}

// has is called with the lock.
func (s *shelf) has(version int64) bool { _, ok := s.list[version]; return ok }

// remove throws a bundle away.
func (s *shelf) remove(version int64) error {
	s.putting.Lock()
	defer s.putting.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.has(version) {
		return fmt.Errorf("version %d: %w", version, ErrNoBundle)
	}
	if err := os.Remove(s.path(version, "json")); err != nil {
		return fmt.Errorf("bundles: %w", err)
	}
	delete(s.list, version)
	if f := s.files[version]; f != nil {
		_ = f.Close()
		delete(s.files, version)
	}
	return os.Remove(s.path(version, "bundle"))
}

// get returns a bundle.
func (s *shelf) get(version int64) (Bundle, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	b, ok := s.list[version]
	if !ok {
		return b, fmt.Errorf("version %d: %w", version, ErrNoBundle)
	}
	return b, nil
}

// all returns the bundles, the newest version first.
func (s *shelf) all() []Bundle {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var list []Bundle
	for _, b := range s.list {
		list = append(list, b)
	}
	slices.SortFunc(list, func(a, b Bundle) int { return int(min(max(b.Version-a.Version, -1), 1)) })
	return list
}

// chunk appends a part of a bundle to b. The error wraps ErrNoBundle, or
// uplink.ErrUpdate for a part that the bundle does not have.
func (s *shelf) chunk(b []byte, r uplink.Read) ([]byte, error) {
	s.mu.RLock()
	bundle, ok := s.list[r.Version]
	f := s.files[r.Version]
	s.mu.RUnlock()
	if !ok {
		return nil, ErrNoBundle
	}
	if r.Offset >= bundle.Size {
		return nil, uplink.ErrUpdate
	}
	if f == nil {
		var err error
		if f, err = s.openFile(r.Version); err != nil {
			return nil, err
		}
	}
	n := min(int64(r.Length), bundle.Size-r.Offset)
	at := len(b)
	b = slices.Grow(b, int(n))[:at+int(n)]
	if _, err := f.ReadAt(b[at:], r.Offset); err != nil {
		return nil, fmt.Errorf("bundle %d: %w", r.Version, err)
	}
	return b, nil
}

func (s *shelf) openFile(version int64) (*os.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.has(version) {
		return nil, ErrNoBundle
	}
	if f := s.files[version]; f != nil {
		return f, nil
	}
	f, err := os.Open(s.path(version, "bundle"))
	if err == nil {
		s.files[version] = f
	}
	return f, err
}

func (s *shelf) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for version, f := range s.files {
		_ = f.Close()
		delete(s.files, version)
	}
}

// hexOf is how people compare hashes.
func hexOf(b []byte) string { return hex.EncodeToString(b) }
