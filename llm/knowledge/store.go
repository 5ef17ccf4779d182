package knowledge

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// lockTimeout is how long Open waits for another process. A shop's whole
// knowledge is applied in a fraction of it; who holds the store for longer is a
// kiosk, or an import of a chain's list.
const lockTimeout = 2 * time.Second

const storeFormat = "tenin knowledge 1"

var (
	bucketEntries  = []byte("entries")
	bucketProducts = []byte("products")
	bucketHistory  = []byte("history")
	bucketMeta     = []byte("meta")

	keyFormat   = []byte("format")
	keyRevision = []byte("revision")
	keyCursor   = []byte("cursor")
)

// A Store keeps entries and products in one bbolt file, knowledge.db. It is not
// personal data and not encrypted. A Store may be used by several goroutines.
type Store struct {
	db   *bolt.DB
	path string
}

// Open opens the store at path for reading and writing and makes it when it is
// not there; its folder must exist. Everything in it is checked: a file that is
// not what was written gives an error wrapping [ErrDamaged], one that another
// process holds an error wrapping [ErrLocked].
func Open(path string) (*Store, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if err := create(path); err != nil {
			return nil, fmt.Errorf("create knowledge store %s: %w", path, err)
		}
	}
	return open(path, false)
}

// OpenReadOnly opens the store beside other readers. A store that is not there
// gives an error wrapping [fs.ErrNotExist].
func OpenReadOnly(path string) (*Store, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("open knowledge store: %w", err)
	}
	return open(path, true)
}

// create makes the file under another name first: power loss in bbolt's first
// initialisation can leave a file that no one can open.
func create(path string) (err error) {
	tmp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) // after the rename there is nothing left to remove
	if err := tmp.Close(); err != nil {
		return err
	}
	db, err := bolt.Open(tmp.Name(), 0o600, &bolt.Options{Timeout: lockTimeout})
	if err != nil {
		return err
	}
	err = db.Update(func(tx *bolt.Tx) error {
		for _, name := range [][]byte{bucketEntries, bucketProducts, bucketHistory, bucketMeta} {
			if _, err := tx.CreateBucket(name); err != nil {
				return err
			}
		}
		meta := tx.Bucket(bucketMeta)
		return errors.Join(putRecord(meta, bucketMeta, keyFormat, []byte(storeFormat)), writeRevision(tx), writeCursor(tx, 0))
	})
	if err == nil {
		err = settle(db)
	}
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	// Link and not rename: of two processes that start together the second
	// must not put an empty store over the one that the first has filled.
	if err := os.Link(tmp.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		if err := os.Rename(tmp.Name(), path); err != nil { // a file system without links
			return err
		}
	}
	return syncDir(filepath.Dir(path))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

func open(path string, readOnly bool) (*Store, error) {
	fail := func(err error) (*Store, error) {
		return nil, fmt.Errorf("open knowledge store %s: %w", path, err)
	}
	if err := checkPages(path); err != nil {
		return fail(err)
	}
	var db *bolt.DB
	err := guard(func() (err error) {
		db, err = bolt.Open(path, 0o600, &bolt.Options{Timeout: lockTimeout, ReadOnly: readOnly})
		return err
	})
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return fail(fmt.Errorf("%w: another tenin process has it open; wait for it or stop it", ErrLocked))
	case errors.Is(err, bolterrors.ErrInvalid), errors.Is(err, bolterrors.ErrVersionMismatch), errors.Is(err, bolterrors.ErrChecksum):
		return fail(damaged("%v", err))
	case err != nil:
		return fail(err)
	}
	s := &Store{db: db, path: path}
	if err := s.verify(); err != nil {
		return fail(errors.Join(err, db.Close()))
	}
	return s, nil
}

// Close releases the file.
func (s *Store) Close() error { return s.db.Close() }

// damaged is the error for a store that cannot be trusted any more.
func damaged(format string, args ...any) error {
	return fmt.Errorf("%w (%s): move it away and import the knowledge files again", ErrDamaged, fmt.Sprintf(format, args...))
}

// guard turns what bbolt does on a file that changed under it (panics, and
// faults when the mapped file was cut) into ErrDamaged.
func guard(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = damaged("%v", r)
		}
	}()
	return f()
}

func (s *Store) view(f func(*bolt.Tx) error) error {
	return guard(func() error { return s.db.View(f) })
}

// update commits twice. bbolt falls back to the commit before the last when the
// last one's meta page is damaged; the second, empty commit makes that one hold
// the same content.
func (s *Store) update(f func(*bolt.Tx) error) error {
	return guard(func() error {
		if err := s.db.Update(f); err != nil {
			return err
		}
		return settle(s.db)
	})
}

func settle(db *bolt.DB) error { return db.Update(func(*bolt.Tx) error { return nil }) }

// verify reads everything once.
func (s *Store) verify() error {
	return s.view(func(tx *bolt.Tx) error {
		for _, name := range [][]byte{bucketEntries, bucketProducts, bucketHistory, bucketMeta} {
			if tx.Bucket(name) == nil {
				return damaged("no bucket %s", name)
			}
		}
		format, err := getRecord(tx.Bucket(bucketMeta), bucketMeta, keyFormat)
		if err != nil {
			return err
		}
		if string(format) != storeFormat {
			return fmt.Errorf("the store is in the format %q of another version of tenin", format)
		}
		if _, err := readAll(tx); err != nil {
			return err
		}
		want, err := getRecord(tx.Bucket(bucketMeta), bucketMeta, keyRevision)
		if err != nil {
			return err
		}
		if computeRevision(tx) != string(want) {
			return damaged("records are missing or too many")
		}
		return nil
	})
}

// Batch returns everything in the store, entries sorted by ID and language,
// products by ID.
func (s *Store) Batch() (b Batch, err error) {
	err = s.view(func(tx *bolt.Tx) error {
		b, err = readAll(tx)
		return err
	})
	return b, err
}

// Entries returns all entries, sorted by ID and language.
func (s *Store) Entries() ([]Entry, error) {
	b, err := s.Batch()
	return b.Entries, err
}

// Products returns all products, sorted by ID.
func (s *Store) Products() ([]Product, error) {
	b, err := s.Batch()
	return b.Products, err
}

// Revision names the content of the store: it is the same for the same entries
// and products and differs for others. It suits as a key for caches.
func (s *Store) Revision() (revision string, err error) {
	err = s.view(func(tx *bolt.Tx) error {
		r, err := getRecord(tx.Bucket(bucketMeta), bucketMeta, keyRevision)
		revision = string(r)
		return err
	})
	return revision, err
}

func readAll(tx *bolt.Tx) (Batch, error) {
	b := Batch{Entries: []Entry{}, Products: []Product{}, HasEntries: true, HasProducts: true}
	err := eachRecord(tx.Bucket(bucketEntries), bucketEntries, func(k, payload []byte) error {
		var e Entry
		if err := json.Unmarshal(payload, &e); err != nil {
			return damaged("entry %x: %v", k, err)
		}
		b.Entries = append(b.Entries, e)
		return nil
	})
	if err != nil {
		return Batch{}, err
	}
	err = eachRecord(tx.Bucket(bucketProducts), bucketProducts, func(k, payload []byte) error {
		var p Product
		if err := json.Unmarshal(payload, &p); err != nil {
			return damaged("product %x: %v", k, err)
		}
		b.Products = append(b.Products, p)
		return nil
	})
	if err != nil {
		return Batch{}, err
	}
	return b, nil
}

func entryRecordKey(e Entry) []byte {
	k := e.Key()
	return []byte(k.ID + "\x00" + k.Language)
}

func writeCursor(tx *bolt.Tx, cursor uint64) error {
	return putRecord(tx.Bucket(bucketMeta), bucketMeta, keyCursor, binary.BigEndian.AppendUint64(nil, cursor))
}

func readCursor(tx *bolt.Tx) (uint64, error) {
	v, err := getRecord(tx.Bucket(bucketMeta), bucketMeta, keyCursor)
	if err == nil && len(v) != 8 {
		err = damaged("cursor of %d bytes", len(v))
	}
	if err != nil {
		return 0, err
	}
	return binary.BigEndian.Uint64(v), nil
}
