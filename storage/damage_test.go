package storage

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"hash/fnv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"

	"tenin/storage/seal"
)

// contents reads all that a vault holds, as text to compare. An error of one
// session is returned, not part of the text.
func contents(home string) (string, error) {
	v, err := Open(home, testSealer(home), anyRoom)
	if err != nil {
		return "", err
	}
	defer v.Close()
	var b strings.Builder
	list, err := v.Sessions()
	if err != nil {
		return "", err
	}
	for _, l := range list {
		if l.Err != nil {
			return "", l.Err
		}
		s, err := v.Load(l.ID)
		if err != nil {
			return "", err
		}
		fmt.Fprintln(&b, l, s.Turns, s.Clips, s.Consent)
		for _, c := range s.Clips {
			sound, err := v.Sound(l.ID, c.Number)
			if err != nil {
				return "", err
			}
			fmt.Fprintln(&b, crc32.ChecksumIEEE(fmt.Append(nil, sound)))
		}
	}
	pending, err := v.Outbox().Pending(-1)
	fmt.Fprintln(&b, pending)
	return b.String(), err
}

func filledHome(t testing.TB) (home, want string) {
	t.Helper()
	home = newHome(t)
	v := openVault(t, home)
	fill(t, v)
	must(t, v.Erase(fill(t, v)[0])) // leaves free pages and a freelist
	closeVault(t, v)
	want, err := contents(home)
	must(t, err)
	return home, want
}

func isRefusal(err error) bool {
	return errors.Is(err, ErrDamaged) || errors.Is(err, ErrWrongKey) || errors.Is(err, ErrNewer)
}

func TestAFlippedBitAnywhereIsFoundOrChangesNothing(t *testing.T) {
	t.Parallel()
	source, want := filledHome(t)
	home := copyHome(t, source)
	for _, name := range []string{keyringName, dbName} {
		original, err := os.ReadFile(filepath.Join(source, name))
		must(t, err)
		// Every byte of the keyring. Of the database, whose every table and key
		// takes minutes, a share that moves on from page to page.
		tried := func(at int) bool {
			return name == keyringName || at%4096 < 80 && (at+at/4096)%23 == 0 || at%2039 == 0
		}
		found := 0
		for at := 0; at < len(original); at++ {
			if !tried(at) {
				continue
			}
			changed := bytes.Clone(original)
			changed[at] ^= 1 << (at % 8)
			copyInto(t, source, home)
			must(t, os.WriteFile(filepath.Join(home, name), changed, 0o600))
			got, err := contents(home)
			switch {
			case err != nil && !errors.Is(err, ErrDamaged) && !(name == keyringName && isRefusal(err)):
				t.Fatalf("%s, byte %d: the error has no kind: %v", name, at, err)
			case err == nil && got != want:
				t.Fatalf("%s, byte %d: the vault reads differently and nobody noticed:\n%s\nwas\n%s", name, at, got, want)
			case err != nil:
				found++
			}
		}
		if name == keyringName && found < len(original) {
			t.Errorf("%s: %d flips of %d were found", name, found, len(original))
		}
		t.Logf("%s: %d flips found", name, found)
	}
}

func TestACutFileIsFoundAtEveryLength(t *testing.T) {
	t.Parallel()
	source, _ := filledHome(t)
	home := copyHome(t, source)
	for _, name := range []string{keyringName, dbName} {
		original, err := os.ReadFile(filepath.Join(source, name))
		must(t, err)
		step := 1
		if name == dbName {
			step = 4093
		}
		for n := 0; n < len(original); n += step {
			copyInto(t, source, home)
			must(t, os.WriteFile(filepath.Join(home, name), original[:n], 0o600))
			if _, err := contents(home); !errors.Is(err, ErrDamaged) {
				// The end of a database file is room for growth, not content.
				if name == dbName && err == nil && usedPages(original)*dbPageSize <= n {
					continue
				}
				t.Fatalf("%s cut to %d of %d bytes: %v", name, n, len(original), err)
			}
		}
	}
}

func usedPages(db []byte) int {
	a, _ := boltMeta(db, 0)
	b, _ := boltMeta(db, dbPageSize)
	if b.txid > a.txid {
		a = b
	}
	return int(a.pages)
}

func TestAMissingFileIsDamageAndNotAFirstStart(t *testing.T) {
	source, _ := filledHome(t)
	for _, name := range []string{keyringName, dbName} {
		home := copyHome(t, source)
		must(t, os.Remove(filepath.Join(home, name)))
		if _, err := contents(home); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "missing") {
			t.Errorf("without %s: %v", name, err)
		}
	}
}

func TestFilesOfDifferentTimesOrHomesAreFound(t *testing.T) {
	old, _ := filledHome(t)
	now := copyHome(t, old)
	v := openVault(t, now)
	fill(t, v)
	closeVault(t, v)
	foreign, _ := filledHome(t)
	for name, from := range map[string]string{"older": old, "another home's": foreign} {
		for _, file := range []string{keyringName, dbName} {
			home := copyHome(t, now)
			b, err := os.ReadFile(filepath.Join(from, file))
			must(t, err)
			must(t, os.WriteFile(filepath.Join(home, file), b, 0o600))
			if _, err := contents(home); !isRefusal(err) {
				t.Errorf("%s %s: %v", name, file, err)
			}
		}
	}
}

// tamper changes the database as somebody with the disk, but no key, can.
func tamper(t fatal, home string, change func(sessions, outbox *bolt.Bucket) error) {
	t.Helper()
	db, err := bolt.Open(filepath.Join(home, dbName), 0o600, nil)
	must(t, err)
	must(t, db.Update(func(tx *bolt.Tx) error { return change(tx.Bucket(bucketSessions), tx.Bucket(bucketOutbox)) }))
	must(t, db.Close())
}

func TestRecordsThatWereMovedTakenAwayOrReplayedAreFound(t *testing.T) {
	source := newHome(t)
	v := openVault(t, source)
	ids := fill(t, v)
	open := begin(t, v, FromText())
	must(t, open.Append(testTurn("一")))
	closeVault(t, v)
	a, b := ids[0], ids[2]
	for name, change := range map[string]func(s, o *bolt.Bucket) error{
		"two turns changed places": func(s, _ *bolt.Bucket) error {
			x := s.Bucket(a[:])
			one, two := bytes.Clone(x.Get(entryKey(1))), bytes.Clone(x.Get(entryKey(2)))
			return errors.Join(x.Put(entryKey(1), two), x.Put(entryKey(2), one))
		},
		"a turn was said twice": func(s, _ *bolt.Bucket) error {
			x := s.Bucket(a[:])
			return x.Put(entryKey(3), bytes.Clone(x.Get(entryKey(2))))
		},
		"the last turn was taken away": func(s, _ *bolt.Bucket) error { return s.Bucket(a[:]).Delete(entryKey(2)) },
		"the first was taken away":     func(s, _ *bolt.Bucket) error { return s.Bucket(a[:]).Delete(entryKey(0)) },
		"a turn comes from another session": func(s, _ *bolt.Bucket) error {
			return s.Bucket(a[:]).Put(entryKey(1), bytes.Clone(s.Bucket(b[:]).Get(entryKey(1))))
		},
		"the head was taken away": func(s, _ *bolt.Bucket) error { return s.Bucket(a[:]).Delete(keyHead) },
		"the head is another session's": func(s, _ *bolt.Bucket) error {
			return s.Bucket(a[:]).Put(keyHead, bytes.Clone(s.Bucket(b[:]).Get(keyHead)))
		},
		"an entry took the head's place": func(s, _ *bolt.Bucket) error {
			return s.Bucket(a[:]).Put(keyHead, bytes.Clone(s.Bucket(a[:]).Get(entryKey(1))))
		},
		"a whole session was taken away":  func(s, _ *bolt.Bucket) error { return s.DeleteBucket(a[:]) },
		"a value lies among the sessions": func(s, _ *bolt.Bucket) error { return s.Put([]byte("x"), []byte("y")) },
		"a session without a key was put": func(s, _ *bolt.Bucket) error { _, err := s.CreateBucket(make([]byte, 16)); return err },
		"a message was put under other id": func(_, o *bolt.Bucket) error {
			return o.Put([]byte("0123456789abcdef"), bytes.Clone(o.Get(append([]byte{1}, make([]byte, 15)...))))
		},
		"a record was emptied": func(s, _ *bolt.Bucket) error { return s.Bucket(a[:]).Put(entryKey(1), nil) },
	} {
		t.Run(name, func(t *testing.T) {
			home := copyHome(t, source)
			tamper(t, home, change)
			v, err := Open(home, testSealer(home), anyRoom)
			if err == nil {
				err = v.Verify()
				closeVault(t, v)
			}
			if !errors.Is(err, ErrDamaged) {
				t.Fatal(err)
			}
		})
	}
	t.Run("an older state of a closed session was put back", func(t *testing.T) {
		home := newHome(t)
		v := openVault(t, home)
		s := begin(t, v, FromText())
		id := s.ID()
		must(t, s.Append(testTurn("一")))
		var old []byte
		must(t, v.view(func(tx *bolt.Tx) error {
			old = bytes.Clone(tx.Bucket(bucketSessions).Bucket(id[:]).Get(keyHead))
			return nil
		}))
		must(t, s.Append(testTurn("二")))
		closeVault(t, v)
		tamper(t, home, func(s, _ *bolt.Bucket) error {
			return errors.Join(s.Bucket(id[:]).Put(keyHead, old), s.Bucket(id[:]).Delete(entryKey(2)))
		})
		if _, err := contents(home); !errors.Is(err, ErrDamaged) {
			t.Fatal(err)
		}
	})
}

func TestOneDamagedSessionDoesNotHideTheOthersAndCanBeErased(t *testing.T) {
	home := newHome(t)
	v := openVault(t, home)
	ids := fill(t, v)
	closeVault(t, v)
	tamper(t, home, func(s, _ *bolt.Bucket) error { return s.Bucket(ids[1][:]).Delete(keyHead) })
	v = openVault(t, home)
	defer closeVault(t, v)
	list, err := v.Sessions()
	must(t, err)
	if len(list) != 3 || list[2].ID != ids[1] || !errors.Is(list[2].Err, ErrDamaged) || list[0].Err != nil || list[1].Err != nil {
		t.Fatalf("%+v", list)
	}
	if _, err := v.Load(ids[0]); err != nil {
		t.Fatal(err)
	}
	must(t, v.Erase(ids[1]))
	must(t, v.Verify())
}

func TestAVaultOfANewerTeninIsRefusedByName(t *testing.T) {
	t.Run("vault.db", func(t *testing.T) {
		home, _ := filledHome(t)
		db, err := bolt.Open(filepath.Join(home, dbName), 0o600, nil)
		must(t, err)
		must(t, db.Update(func(tx *bolt.Tx) error { return tx.Bucket(bucketVault).Put(keyFormat, Schema{7, 6}.encode()) }))
		must(t, db.Close())
		if _, err := contents(home); !errors.Is(err, ErrNewer) || errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "format 7") {
			t.Fatal(err)
		}
	})
	t.Run("keyring", func(t *testing.T) {
		home, _ := filledHome(t)
		path := filepath.Join(home, keyringName)
		b, err := os.ReadFile(path)
		must(t, err)
		binary.LittleEndian.PutUint16(b[8:], 9)
		binary.LittleEndian.PutUint16(b[10:], 8)
		binary.LittleEndian.PutUint32(b[12:], crc32.ChecksumIEEE(b[:12]))
		must(t, os.WriteFile(path, b, 0o600))
		if _, err := contents(home); !errors.Is(err, ErrNewer) || errors.Is(err, ErrDamaged) {
			t.Fatal(err)
		}
	})
}

// plainSealer keeps nothing secret; fuzzing does not need more.
type plainSealer struct{}

func (plainSealer) Seal(s seal.Secret) ([]byte, error)   { return slices.Clone(s.Bytes()), nil }
func (plainSealer) Unseal(b []byte) (seal.Secret, error) { return seal.NewSecret(b), nil }
func (plainSealer) Describe() string                     { return "WARNING: protects nothing" }

func FuzzKeyringOpensOnlyWhatWasWritten(f *testing.F) {
	k := newKeyring()
	must(f, k.renew(plainSealer{}))
	for i := range 3 {
		e := keyEntry{key: seal.Random(keySize), closed: i == 1}
		if e.closed {
			e.pin = pin{1}
		}
		k.sessions[newID()] = e
		b, err := k.encode()
		must(f, err)
		f.Add(b)
	}
	f.Add([]byte(keyringMagic))
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := openKeyring(b, plainSealer{}); err != nil && !isRefusal(err) {
			t.Fatalf("the error has no kind: %v", err)
		}
	})
}

func FuzzKeyBodyIsReadOnlyInTheFormThatIsWritten(f *testing.F) {
	k := newKeyring()
	k.sessions[newID()] = keyEntry{key: seal.Random(keySize), closed: true, pin: pin{3}}
	k.sessions[newID()] = keyEntry{key: seal.Random(keySize)}
	f.Add(plainBody(f, k))
	k.counter, k.counted, k.countedAt, k.rootMade = []byte("index"), 7, 1, 1795332600
	f.Add(plainBody(f, k))
	f.Fuzz(func(t *testing.T, b []byte) {
		k, err := parseKeyBody(b, written)
		if err != nil {
			if !errors.Is(err, ErrDamaged) {
				t.Fatal(err)
			}
			return
		}
		if !bytes.Equal(plainBody(t, k), b) {
			t.Fatal("another form was taken")
		}
	})
}

// plainBody returns the body of k as it is before encryption.
func plainBody(t fatal, k *keyring) []byte {
	t.Helper()
	made := k.rootMade
	must(t, k.renew(plainSealer{}))
	k.rootMade = made
	file, err := k.encode()
	must(t, err)
	parts, err := parseKeyring(file)
	must(t, err)
	aead, err := newAEAD(k.root)
	must(t, err)
	body, err := aead.Open(nil, nil, parts.body, parts.ad)
	must(t, err)
	return body
}

func FuzzFrameIsReadOnlyInTheFormThatIsWritten(f *testing.F) {
	f.Add(appendFrame(nil, kindTurn, []byte(`{"at":"2026-11-22T10:30:00Z"}`)))
	f.Add(appendFrame(nil, kindSound, encodeChunk(chunk{1, 0, true, []int16{1, -2}})))
	f.Add(appendFrame(nil, kindHead, make([]byte, 5000)))
	f.Fuzz(func(t *testing.T, b []byte) {
		k, payload, err := parseFrame(b)
		if err != nil {
			if !errors.Is(err, ErrDamaged) {
				t.Fatal(err)
			}
			return
		}
		if !bytes.Equal(appendFrame(nil, k, payload), b) {
			t.Fatal("another form was taken")
		}
		switch k {
		case kindSound:
			if c, err := decodeChunk(payload); err == nil && !bytes.Equal(encodeChunk(c), payload) {
				t.Fatal("sound in another form was taken")
			}
		case kindTurn:
			if err := decode(payload, new(Turn), false); err != nil && !errors.Is(err, ErrDamaged) {
				t.Fatal(err)
			}
		}
	})
}

func FuzzBoltCheckNeverPanics(f *testing.F) {
	home := newHome(f)
	v := openVault(f, home)
	fill(f, v)
	for i := range 40 {
		must(f, v.Outbox().Put([16]byte{9, byte(i)}, []byte("x")))
	}
	closeVault(f, v)
	whole, err := os.ReadFile(filepath.Join(home, dbName))
	must(f, err)
	must(f, checkBoltBytes(whole))
	f.Add(uint32(2*dbPageSize+8), uint64(1), uint32(0), uint64(1))
	f.Add(uint32(16+16), uint64(3), uint32(3*dbPageSize+10), uint64(0xFFFF))
	f.Fuzz(func(t *testing.T, at1 uint32, value1 uint64, at2 uint32, value2 uint64) {
		b := bytes.Clone(whole)
		for at, value := range map[uint32]uint64{at1: value1, at2: value2} {
			binary.LittleEndian.PutUint64(b[int(at)%(len(b)-8):], value)
		}
		// With the headers' sums put right, the check has to look further.
		for _, at := range []int{boltPageHeader, dbPageSize + boltPageHeader} {
			sum := fnv.New64a()
			sum.Write(b[at : at+56])
			binary.LittleEndian.PutUint64(b[at+56:], sum.Sum64())
		}
		if err := checkBoltBytes(b); err != nil && !errors.Is(err, ErrDamaged) {
			t.Fatal(err)
		}
	})
}
