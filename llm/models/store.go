package models

import (
	"os"
	"path/filepath"
)

// Store is a folder of weights. It holds no open file; a Store may be copied
// and used by several goroutines.
type Store struct {
	dir      string
	manifest []Model
}

// Open returns the store in that folder, which need not exist yet.
func Open(dir string) Store { return Store{dir: dir, manifest: Manifest()} }

// Dir returns the store's folder.
func (s Store) Dir() string { return s.dir }

// Path returns where the weights of that name lie, if they are there and have
// their full size. Its error wraps [ErrMissing], [ErrDamaged] (wrong size) or
// [ErrUnknown].
func (s Store) Path(name string) (string, error) {
	m, err := lookup(s.manifest, name)
	if err != nil {
		return "", err
	}
	path := s.path(m)
	switch s.state(m) {
	case Missing:
		return "", fail(ErrMissing, "weights %s are missing: %s", name, pullHint)
	case Damaged:
		return "", fail(ErrDamaged, "%s has the wrong size: %s", path, pullHint)
	}
	return path, nil
}

func (s Store) path(m Model) string { return filepath.Join(s.dir, m.Name) }

// State tells what the store has of a model.
type State int

// The states of an [Item].
const (
	Missing State = iota
	Present       // with the right size; [Store.Verify] checks the content
	Damaged       // of another size, or not a plain file
)

// String returns the state in one lower-case word.
func (s State) String() string {
	return [...]string{"missing", "present", "damaged"}[s]
}

// MarshalText gives JSON the same word as String.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Item is one line of [Store.List].
type Item struct {
	Model Model
	State State
	Path  string // where it is or would be
}

// List tells of every model of the manifest whether it is there, by size
// alone: it reads no content.
func (s Store) List() []Item {
	items := make([]Item, len(s.manifest))
	for i, m := range s.manifest {
		items[i] = Item{Model: m, State: s.state(m), Path: s.path(m)}
	}
	return items
}

func (s Store) state(m Model) State {
	info, err := os.Stat(s.path(m))
	switch {
	case err != nil:
		return Missing
	case !info.Mode().IsRegular() || info.Size() != m.Size:
		return Damaged
	}
	return Present
}
