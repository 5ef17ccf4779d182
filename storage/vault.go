package storage

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"tenin/storage/seal"
)

const (
	dbName      = "vault.db"
	keyringName = "keyring"
	lockName    = "vault.lock"
	dbPageSize  = 4096

	defaultLockWait = 2 * time.Second
	defaultReserve  = 16 << 20
)

var (
	bucketVault    = []byte("VAULT")
	bucketSessions = []byte("S")
	bucketOutbox   = []byte("O")
	keyFormat      = []byte("format")
	keyState       = []byte("state")
)

// Options is what may be chosen when a vault is opened. The zero Options is
// right for a kiosk.
type Options struct {
	// LockWait is how long Open waits for another tenin to let go of the vault:
	// 0 means 2 s, a negative value not at all.
	LockWait time.Duration
	// Reserve is the space in bytes that new records leave free on the disk, so
	// that erasing works on a full one: 0 means 16 MiB, a negative value none.
	Reserve int64
	// MaxSize is the most bytes that vault.db may grow to; 0 means no limit.
	MaxSize int64
	// Counter counts the vault outside the disk, so that a start finds out when
	// both files were put back to an earlier moment. A vault without one takes it
	// up; one that has one does not open without.
	Counter Counter
	// AcceptOlder opens a vault that its counter says is old: somebody restored a
	// backup on purpose. It also takes up a new counter where the old one is gone.
	AcceptOlder bool
	// Recovery opens the vault instead of the sealer, which is lost or does not open
	// it any more; whoever gives it puts the vault under a seal that works at once
	// (Reseal). The vault does not destroy it.
	Recovery *seal.RecoveryKey
}

// Vault is an open vault. Its methods may be called from several goroutines.
type Vault struct {
	home    string
	sealer  seal.Sealer
	options Options
	disk    disk
	lock    *os.File
	db      *bolt.DB
	pinCost pinHash

	// staffMu is held by whoever changes the accounts or tries a PIN, and taken before mu.
	staffMu sync.Mutex

	// mu guards all below. Writing methods hold it alone.
	mu     sync.RWMutex
	ring   *keyring
	stored uint64 // the keyring's generation that the database knows
	live   map[ID]*Session
	broken error
	closed bool
	// behind is why the counter has not yet moved to what the keyring says.
	behind error
	// staffTag is the tag of the staff accounts' record; zero while there are none.
	staffTag pin
	// clock is what the state remembers of the machine's clock.
	clock ClockMark
	// accessTag is the tag of the head of the log of accesses; zero while it is empty.
	accessTag pin
	// schema is the database's format, and stateTail what a newer program has added to the state: it stays there.
	schema    Schema
	stateTail []byte
}

// Open opens the vault in the folder home, or makes a new one if there is none.
// Errors wrap ErrLocked, ErrWrongKey, ErrDamaged, ErrNewer, ErrRolledBack,
// ErrNoSpace or ErrReadOnly where one fits. Sessions that were open when the last process
// ended are closed.
func Open(home string, sealer seal.Sealer, options Options) (*Vault, error) {
	return open(home, sealer, options, realDisk{})
}

func open(home string, sealer seal.Sealer, options Options, d disk) (_ *Vault, err error) {
	if options.LockWait == 0 {
		options.LockWait = defaultLockWait
	}
	if options.Reserve == 0 {
		options.Reserve = defaultReserve
	}
	if err := os.MkdirAll(home, 0o700); err != nil {
		return nil, explain("vault", err)
	}
	v := &Vault{home: home, sealer: sealer, options: options, disk: d, pinCost: pinCost, live: map[ID]*Session{}}
	if v.lock, err = lockHome(v.path(lockName), options.LockWait); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			v.release()
		}
	}()
	for _, name := range []string{dbName, keyringName} {
		if err := d.Remove(v.path(name + tempSuffix)); err != nil {
			return nil, explain("vault", err)
		}
	}
	fresh, err := v.loadKeyring()
	if err != nil {
		return nil, explain(v.path(keyringName), err)
	}
	if err := v.loadDB(fresh); err != nil {
		return nil, explain(v.path(dbName), err)
	}
	if err := v.settle(); err != nil {
		return nil, err
	}
	if err := v.closeInterrupted(); err != nil {
		return nil, err
	}
	if err := v.migrate(); err != nil {
		return nil, err
	}
	// What the last process did after it was counted last.
	return v, v.countChanges()
}

func (v *Vault) path(name string) string { return filepath.Join(v.home, name) }

// loadKeyring opens the keyring, or makes the first one. It reports whether the
// database may be missing because a first start was interrupted.
func (v *Vault) loadKeyring() (fresh bool, err error) {
	file, err := readSmall(v.path(keyringName), keyringLimit)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Lstat(v.path(dbName)); err == nil {
			return false, damaged("it is missing, and without it %s cannot be read; restore it from a backup", dbName)
		}
		if v.options.Recovery != nil {
			return false, damaged("there is no vault that could be recovered; restore it from a backup")
		}
		v.ring = newKeyring()
		return true, v.writeRing(v.ring, true)
	}
	if err != nil {
		return false, err
	}
	if v.options.Recovery != nil {
		v.ring, err = openKeyringBy(file, v.recover)
	} else {
		v.ring, err = openKeyring(file, v.sealer)
	}
	if err != nil {
		return false, err
	}
	if err := v.checkCounter(); err != nil {
		return false, err
	}
	return v.ring.generation == 1 && len(v.ring.sessions) == 0, nil
}

// loadDB opens the database, or makes the first one.
func (v *Vault) loadDB(fresh bool) error {
	path := v.path(dbName)
	_, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && fresh:
		if err := v.createDB(path); err != nil {
			return err
		}
	case errors.Is(err, fs.ErrNotExist):
		return damaged("it is missing, and the keyring is for one; restore it from a backup")
	case err != nil:
		return err
	}
	if err := checkBolt(path); err != nil {
		return err
	}
	if v.db, err = v.openBolt(path); err != nil {
		return err
	}
	return v.view(v.readState)
}

func (v *Vault) openBolt(path string) (db *bolt.DB, err error) {
	err = guard(func() error {
		db, err = bolt.Open(path, 0o600, &bolt.Options{
			Timeout:      max(v.options.LockWait, time.Millisecond),
			FreelistType: bolt.FreelistMapType,
			PageSize:     dbPageSize,
			MaxSize:      int(v.options.MaxSize),
		})
		return err
	})
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, fmt.Errorf("%w (%s): stop it first", ErrLocked, path)
	}
	return db, err
}

// createDB makes the database under a temporary name: power that fails during
// bbolt's very first writes leaves a file that bbolt cannot open.
func (v *Vault) createDB(path string) error {
	temp := path + tempSuffix
	db, err := v.openBolt(temp)
	if err != nil {
		return err
	}
	err = v.disk.Update(db, func(tx *bolt.Tx) error {
		b, err := tx.CreateBucket(bucketVault)
		if err != nil {
			return err
		}
		if err := b.Put(keyFormat, written.encode()); err != nil {
			return err
		}
		for _, name := range [][]byte{bucketSessions, bucketOutbox} {
			if _, err := tx.CreateBucket(name); err != nil {
				return err
			}
		}
		return v.putState(tx)
	})
	if cerr := db.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	return v.disk.Rename(temp, path)
}

// readState checks that the database is one that this tenin reads and that it
// belongs to this keyring, now and not at another time.
func (v *Vault) readState(tx *bolt.Tx) error {
	b := tx.Bucket(bucketVault)
	if b == nil || tx.Bucket(bucketSessions) == nil || tx.Bucket(bucketOutbox) == nil {
		return damaged("it is not a vault")
	}
	schema, err := parseSchema(b.Get(keyFormat))
	if err == nil {
		err = schema.check()
	}
	if err != nil {
		return err
	}
	v.schema = schema
	aead, err := newAEAD(v.ring.state)
	if err != nil {
		return err
	}
	payload, err := openRecord(aead, v.statePlace(), kindState, b.Get(keyState))
	const (
		withStaff    = 8 + len(pin{})
		withClock    = withStaff + clockSize
		withAccesses = withClock + len(pin{})
	)
	if err == nil && schema.newer() && len(payload) > withAccesses {
		v.stateTail = bytes.Clone(payload[withAccesses:])
		payload = payload[:withAccesses]
	}
	if err != nil || len(payload) != 8 && len(payload) != withStaff && len(payload) != withClock && len(payload) != withAccesses {
		return damaged("it does not belong to this keyring; restore both from one backup")
	}
	// A vault from before there were staff accounts has no tag of theirs, older ones no mark of the clock and no
	// tag of the log of accesses.
	if len(payload) >= withStaff {
		v.staffTag = pin(payload[8:withStaff])
	}
	if len(payload) > withStaff {
		v.clock = parseClock(payload[withStaff:])
	}
	if len(payload) > withClock {
		v.accessTag = pin(payload[withClock:])
	}
	v.stored = binary.LittleEndian.Uint64(payload)
	switch g := v.ring.generation; {
	case g < v.stored:
		return damaged("the keyring is older than it; restore both from one backup")
	case g > v.stored+1:
		return damaged("it is older than the keyring; restore both from one backup")
	}
	return nil
}

func (v *Vault) statePlace() place { return place{class: classState, vault: v.ring.vault} }

func (v *Vault) putState(tx *bolt.Tx) error {
	aead, err := newAEAD(v.ring.state)
	if err != nil {
		return err
	}
	payload := binary.LittleEndian.AppendUint64(nil, v.ring.generation)
	payload = append(payload, v.staffTag[:]...)
	payload = append(v.clock.append(payload), v.accessTag[:]...)
	b, err := sealRecord(aead, v.statePlace(), kindState, append(payload, v.stateTail...))
	if err != nil {
		return err
	}
	bucket := tx.Bucket(bucketVault)
	if format := v.schema.keep().encode(); !bytes.Equal(bucket.Get(keyFormat), format) {
		if err := bucket.Put(keyFormat, format); err != nil {
			return err
		}
	}
	return bucket.Put(keyState, b)
}

// writeRing stores next as the keyring, under a new root key if fresh, and makes
// it the vault's. It also overwrites the blocks of the one before, which helps
// where the disk writes in place and is no promise where it does not.
func (v *Vault) writeRing(next *keyring, fresh bool) error {
	if fresh {
		if err := next.renew(v.sealer); err != nil {
			return err
		}
	}
	return v.storeRing(next, fresh, nil)
}

// storeRing is writeRing after the root key is chosen. With count, the vault's
// counter moves on once the keyring is stored. check looks at what was written
// before it takes the old one's place.
func (v *Vault) storeRing(next *keyring, count bool, check func(file []byte) error) error {
	count = count && len(next.counter) > 0
	if count {
		if err := v.catchUp(); err != nil {
			return err
		}
		next.counted, next.countedAt = next.counted+1, next.generation
	}
	old, err := os.OpenFile(v.path(keyringName), os.O_RDWR, 0)
	if err == nil {
		defer old.Close()
	}
	file, err := next.encode()
	if err != nil {
		return err
	}
	temp := v.path(keyringName + tempSuffix)
	if err := v.disk.WriteTemp(temp, file); err != nil {
		return explain(temp, err)
	}
	if check != nil {
		written, err := readSmall(temp, keyringLimit)
		if err == nil {
			err = check(written)
		}
		if err != nil {
			_ = v.disk.Remove(temp)
			return err
		}
	}
	if err := v.disk.Rename(temp, v.path(keyringName)); err != nil {
		// The new name may or may not be stored: only a new start can tell.
		v.broken = explain(v.path(keyringName), err)
		return v.broken
	}
	if v.ring != nil && v.ring != next && !v.ring.root.Equal(next.root) {
		v.ring.root.Destroy()
	}
	v.ring = next
	if count {
		v.advance()
	}
	if old != nil {
		// That this may fail is part of what DESIGN.md says about old blocks.
		_ = v.disk.Wipe(old)
	}
	return nil
}

// settle finishes what a crash or a full disk left between a rewrite of the
// keyring and the change of the database that belongs to it: records without a
// key go, and so do keys that never got a record.
func (v *Vault) settle() error {
	if v.stored == v.ring.generation {
		return nil
	}
	var orphans []ID
	unborn := v.ring.next()
	unborn.generation = v.ring.generation
	err := v.view(func(tx *bolt.Tx) error {
		ids, err := bucketIDs(tx)
		for _, id := range ids {
			if _, ok := v.ring.sessions[id]; !ok {
				orphans = append(orphans, id)
			}
			delete(unborn.sessions, id)
		}
		return err
	})
	if err != nil {
		return explain(v.path(dbName), err)
	}
	if len(unborn.sessions) > 0 {
		next := v.ring.next()
		next.generation = v.ring.generation
		for id := range unborn.sessions {
			delete(next.sessions, id)
		}
		if err := v.writeRing(next, false); err != nil {
			return err
		}
	}
	return v.update(func(tx *bolt.Tx) error {
		for _, id := range orphans {
			if err := tx.Bucket(bucketSessions).DeleteBucket(id[:]); err != nil {
				return err
			}
		}
		return nil
	})
}

// bucketIDs lists the sessions that have records.
func bucketIDs(tx *bolt.Tx) (ids []ID, err error) {
	c := tx.Bucket(bucketSessions).Cursor()
	for k, value := c.First(); k != nil; k, value = c.Next() {
		if len(k) != len(ID{}) || value != nil {
			return nil, damaged("there is something among the sessions that is none")
		}
		ids = append(ids, ID(k))
	}
	return ids, nil
}

// usable reports why the vault takes no more changes.
func (v *Vault) usable() error {
	switch {
	case v.closed:
		return ErrClosed
	case v.broken != nil:
		return fmt.Errorf("vault stopped after a failed write, start again: %w", v.broken)
	}
	return nil
}

// room reports whether a new record may be written.
func (v *Vault) room() error {
	if err := v.usable(); err != nil {
		return err
	}
	if v.options.Reserve < 0 {
		return nil
	}
	free, err := v.disk.Free(v.home)
	if err != nil {
		return explain(v.home, err)
	}
	if free < uint64(v.options.Reserve) {
		return fmt.Errorf("%s: %w: %d bytes are free and %d are kept for erasing; make room or erase sessions", v.home, ErrNoSpace, free, v.options.Reserve)
	}
	return nil
}

// Close closes the open sessions and the vault and wipes the keys in memory. It
// may be called more than once.
func (v *Vault) Close() error {
	v.mu.RLock()
	open := make([]*Session, 0, len(v.live))
	for _, s := range v.live {
		open = append(open, s)
	}
	v.mu.RUnlock()
	var err error
	for _, s := range open {
		if cerr := s.Close(); err == nil && !errors.Is(cerr, ErrClosed) {
			err = cerr
		}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed {
		return nil
	}
	if v.db != nil && v.broken == nil {
		if cerr := v.countChanges(); err == nil {
			err = cerr
		}
	}
	if rerr := v.release(); err == nil {
		err = rerr
	}
	return err
}

func (v *Vault) release() error {
	v.closed = true
	var err error
	if v.db != nil {
		err = v.db.Close()
	}
	if v.ring != nil {
		v.ring.destroy()
	}
	if v.lock != nil {
		// Closing the file lets go of the lock.
		if cerr := v.lock.Close(); err == nil {
			err = cerr
		}
	}
	return err
}
