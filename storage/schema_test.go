package storage

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"
	"os"
	"path/filepath"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"tenin/storage/seal"
)

// additions are what the program after this one has added to a vault: behind the keyring's sessions, behind the state, a
// bucket of its own, a key among the vault's, fields in records, and a kind of entry.
var (
	addedToRing  = []byte("what the next version keeps in the keyring")
	addedToState = []byte("and in the state")
)

// advanced makes the vault of home one that the next program wrote, which says that programs from oldest on may read it. It
// takes both files apart and writes them as that program would.
func advanced(t fatal, home string, oldest int) {
	t.Helper()
	advancedBoth(t, home, oldest, oldest)
}

// advancedBoth is advanced with a mark for each file.
func advancedBoth(t fatal, home string, ringOldest, dbOldest int) {
	t.Helper()
	v, err := Open(home, plainSealer{}, anyRoom)
	must(t, err)
	k := v.ring.next()
	k.generation = v.ring.generation
	k.tail = bytes.Clone(addedToRing)
	k.schema = Schema{SchemaVersion + 1, ringOldest}
	ring := v.ring
	must(t, v.disk.WriteTemp(v.path(keyringName+tempSuffix), mustEncode(t, k)))
	must(t, v.disk.Rename(v.path(keyringName+tempSuffix), v.path(keyringName)))
	v.schema, v.stateTail = Schema{SchemaVersion + 1, dbOldest}, bytes.Clone(addedToState)
	must(t, v.db.Update(func(tx *bolt.Tx) error {
		if _, err := tx.CreateBucketIfNotExists([]byte("NEXT")); err != nil {
			return err
		}
		if err := tx.Bucket(bucketVault).Put([]byte("next"), []byte("x")); err != nil {
			return err
		}
		for id, e := range ring.sessions {
			if err := addField(tx, v, id, e); err != nil {
				return err
			}
		}
		return v.putState(tx)
	}))
	// Nothing of what it would write at its end.
	must(t, v.db.Close())
	must(t, v.lock.Close())
}

func mustEncode(t fatal, k *keyring) []byte {
	t.Helper()
	b, err := k.encode()
	must(t, err)
	return b
}

// addField gives the session's first turn a field that this program does not know. The head is not touched: a closed one is
// pinned.
func addField(tx *bolt.Tx, v *Vault, id ID, e keyEntry) error {
	aead, err := newAEAD(e.key)
	if err != nil {
		return err
	}
	b := tx.Bucket(bucketSessions).Bucket(id[:])
	k, payload, err := openAny(aead, entryPlace(v.ring.vault, id, 1), b.Get(entryKey(1)))
	if err != nil || k != kindTurn {
		return err
	}
	var fields map[string]any
	if err := json.Unmarshal(payload, &fields); err != nil {
		return err
	}
	fields["mood"] = "good"
	if payload, err = json.Marshal(fields); err != nil {
		return err
	}
	stored, err := sealRecord(aead, entryPlace(v.ring.vault, id, 1), kindTurn, payload)
	if err != nil {
		return err
	}
	return b.Put(entryKey(1), stored)
}

// stillAdvanced says whether what the next program added is there.
func stillAdvanced(t fatal, home string, oldest int) {
	t.Helper()
	want := Schema{SchemaVersion + 1, oldest}
	if s, err := ReadSchema(home); err != nil || s != want {
		t.Fatalf("%+v, %v", s, err)
	}
	v, err := Open(home, plainSealer{}, anyRoom)
	must(t, err)
	defer v.Close()
	if v.schema != want || !bytes.Equal(v.stateTail, addedToState) || !bytes.Equal(v.ring.tail, addedToRing) {
		t.Fatalf("%+v, %q, %q", v.schema, v.stateTail, v.ring.tail)
	}
	must(t, v.db.View(func(tx *bolt.Tx) error {
		if tx.Bucket([]byte("NEXT")) == nil || tx.Bucket(bucketVault).Get([]byte("next")) == nil {
			t.Fatalf("its bucket or its key is gone")
		}
		return nil
	}))
}

func TestAVaultOfTheNextVersionIsReadAndChangedAndLosesNothingOfIt(t *testing.T) {
	for oldest := 4; oldest <= SchemaVersion; oldest++ {
		home := newHome(t)
		v, err := Open(home, plainSealer{}, anyRoom)
		must(t, err)
		ids := fill(t, v)
		must(t, v.AddStaff("佐藤", RoleManager, seal.NewSecret([]byte("482915")), time.Now()))
		must(t, v.Close())
		advanced(t, home, oldest)
		stillAdvanced(t, home, oldest)

		// This program, to which the kiosk was taken back.
		v, err = Open(home, plainSealer{}, anyRoom)
		must(t, err)
		must(t, v.Verify())
		for _, id := range ids {
			saved, err := v.Load(id)
			if err != nil || len(saved.Turns) != 2 {
				t.Fatalf("%+v, %v", saved, err)
			}
		}
		if list, err := v.Staff(); err != nil || len(list) != 1 {
			t.Fatalf("%+v, %v", list, err)
		}
		fill(t, v)
		must(t, v.Erase(ids[0]))
		must(t, v.Rotate())
		must(t, v.Verify())
		must(t, v.Close())
		stillAdvanced(t, home, oldest)
	}
}

func TestAVaultThatOnlyNewerVersionsMayReadIsRefusedAndLeftAlone(t *testing.T) {
	home := newHome(t)
	v, err := Open(home, plainSealer{}, anyRoom)
	must(t, err)
	fill(t, v)
	must(t, v.Close())
	advanced(t, home, SchemaVersion+1)
	files := func() (all []byte) {
		for _, name := range []string{keyringName, dbName} {
			b, err := os.ReadFile(filepath.Join(home, name))
			must(t, err)
			all = append(all, b...)
		}
		return all
	}
	before := files()
	if _, err := Open(home, plainSealer{}, anyRoom); !errors.Is(err, ErrNewer) || errors.Is(err, ErrDamaged) {
		t.Fatal(err)
	}
	if !bytes.Equal(files(), before) {
		t.Error("a refused vault was changed")
	}
}

func TestTheMarkOfOneFileIsEnough(t *testing.T) {
	for _, oldest := range [][2]int{{SchemaVersion, SchemaVersion + 1}, {SchemaVersion + 1, SchemaVersion}} {
		home := newHome(t)
		v, err := Open(home, plainSealer{}, anyRoom)
		must(t, err)
		fill(t, v)
		must(t, v.Close())
		advancedBoth(t, home, oldest[0], oldest[1])
		if _, err := Open(home, plainSealer{}, anyRoom); !errors.Is(err, ErrNewer) {
			t.Errorf("%v: %v", oldest, err)
		}
	}
}

func TestAVaultOfEveryOlderFormatMovesForwardAtItsFirstStart(t *testing.T) {
	if s, err := ReadSchema(newHome(t)); err != nil || s != (Schema{}) {
		t.Errorf("no vault: %+v, %v", s, err)
	}
	for version := byte(OldestSchema); version < SchemaVersion; version++ {
		home := newHome(t)
		v, err := Open(home, plainSealer{}, anyRoom)
		must(t, err)
		ids := fill(t, v)
		k := *v.ring
		must(t, v.db.Update(func(tx *bolt.Tx) error {
			format := binary.LittleEndian.AppendUint16(nil, 1)
			return tx.Bucket(bucketVault).Put(keyFormat, binary.LittleEndian.AppendUint32(format, crc32.ChecksumIEEE(format)))
		}))
		must(t, os.WriteFile(filepath.Join(home, keyringName), oldKeyring(t, &k, version), 0o600))
		must(t, v.db.Close())
		must(t, v.lock.Close())
		if s, err := ReadSchema(home); err != nil || s != (Schema{int(version), 0}) {
			t.Fatalf("%+v, %v", s, err)
		}
		for range 2 {
			v, err = Open(home, plainSealer{}, anyRoom)
			must(t, err)
			must(t, v.Verify())
			if v.schema != written || v.ring.schema != written {
				t.Errorf("%+v, %+v", v.schema, v.ring.schema)
			}
			if _, err := v.Load(ids[1]); err != nil {
				t.Error(err)
			}
			must(t, v.Close())
		}
		if s, err := ReadSchema(home); err != nil || s != written {
			t.Errorf("%+v, %v", s, err)
		}
	}
}

func TestAnImpossibleFormatIsDamage(t *testing.T) {
	for _, s := range []Schema{{0, 0}, {3, 2}, {4, 0}, {9, 0}, {5, 9}} {
		b := s.encode()
		got, err := parseSchema(b)
		if err == nil {
			err = got.check()
		}
		if !errors.Is(err, ErrDamaged) {
			t.Errorf("%+v: %v", s, err)
		}
	}
	for i := range written.encode() {
		b := written.encode()
		b[i] ^= 1
		if _, err := parseSchema(b); !errors.Is(err, ErrDamaged) {
			t.Errorf("byte %d: %v", i, err)
		}
	}
}
