package storage

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
	"pgregory.net/rapid"
)

func TestANoteIsKeptReplacedAndDroppedAndShowsNeitherNameNorWord(t *testing.T) {
	home := newHome(t)
	v := openVault(t, home)
	var got []string
	if found, err := v.Note("calls", &got); found || err != nil {
		t.Fatalf("%v, %v", found, err)
	}
	must(t, v.PutNote("calls", []string{"返品カウンター"}))
	must(t, v.PutNote("other", 7))
	must(t, v.PutNote("calls", []string{"売場案内"}))
	must(t, v.Rotate())
	closeVault(t, v)
	v = openVault(t, home)
	defer v.Close()
	if found, err := v.Note("calls", &got); !found || err != nil || !slices.Equal(got, []string{"売場案内"}) {
		t.Fatalf("%v, %v, %v", got, found, err)
	}
	must(t, v.Verify())
	file, err := os.ReadFile(filepath.Join(home, dbName))
	must(t, err)
	for _, word := range []string{"calls", "other", "返品", "売場"} {
		if bytes.Contains(file, []byte(word)) {
			t.Errorf("%s lies open", word)
		}
	}
	for range 2 {
		must(t, v.DropNote("calls"))
	}
	if found, err := v.Note("calls", &got); found || err != nil {
		t.Fatalf("%v, %v", found, err)
	}
	for _, name := range []string{"", strings.Repeat("x", 65), "a\x00b"} {
		if err := v.PutNote(name, 1); err == nil {
			t.Errorf("a note was kept as %q", name)
		}
	}
	if err := v.PutNote("large", strings.Repeat("x", maxRecord)); !errors.Is(err, ErrTooLarge) {
		t.Error(err)
	}
}

func TestANoteInAnothersPlaceOrChangedIsFound(t *testing.T) {
	v := openVault(t, newHome(t))
	defer v.Close()
	must(t, v.PutNote("a", 1))
	must(t, v.PutNote("b", 2))
	a, _ := v.noteKey("a")
	b, _ := v.noteKey("b")
	must(t, v.db.Update(func(tx *bolt.Tx) error {
		notes := tx.Bucket(bucketNotes)
		return notes.Put(a[:], bytes.Clone(notes.Get(b[:])))
	}))
	var n int
	if _, err := v.Note("a", &n); !errors.Is(err, ErrDamaged) {
		t.Error(err)
	}
	if err := v.Verify(); !errors.Is(err, ErrDamaged) {
		t.Error(err)
	}
}

func access(i int) Access {
	return Access{At: testTime.Add(time.Duration(i) * time.Second), Who: "佐藤", What: "read", Session: ID{byte(i)}, Reason: fmt.Sprintf("苦情 %d", i)}
}

func TestTheLogOfAccessesGrowsAndTellsTheLatestFirst(t *testing.T) {
	home := newHome(t)
	v := openVault(t, home)
	if list, err := v.Accesses(-1); err != nil || len(list) != 0 {
		t.Fatalf("%v, %v", list, err)
	}
	for i := range 5 {
		must(t, v.LogAccess(access(i)))
		if i == 2 {
			must(t, v.AddStaff("sato", RoleManager, secret(goodPIN), testTime))
			closeVault(t, v)
			v = openVault(t, home)
		}
	}
	defer v.Close()
	list, err := v.Accesses(3)
	if err != nil || !reflect.DeepEqual(list, []Access{access(4), access(3), access(2)}) {
		t.Fatalf("%+v, %v", list, err)
	}
	must(t, v.Verify())
	for _, bad := range []Access{
		{At: testTime}, {At: testTime, What: strings.Repeat("x", 41)}, {At: testTime, What: "read", Reason: strings.Repeat("あ", 201)},
		{At: testTime, What: "read", Who: strings.Repeat("x", 41)}, {What: "read", At: time.Time{}.AddDate(-1, 0, 0)}, {At: testTime, What: "\xff"},
	} {
		if err := v.LogAccess(bad); err == nil {
			t.Errorf("%+v was logged", bad)
		}
	}
	if list, _ := v.Accesses(-1); len(list) != 5 {
		t.Errorf("%d lines", len(list))
	}
}

// What somebody with the disk could do to a log: each is found, also by whoever wants to go on writing.
func TestALogOfAccessesThatWasCutOrPutBackIsFound(t *testing.T) {
	for name, change := range map[string]func(tx *bolt.Tx, old []byte) error{
		"the last line taken away": func(tx *bolt.Tx, _ []byte) error { return tx.Bucket(bucketAccesses).Delete(entryKey(2)) },
		"a line in the middle taken away": func(tx *bolt.Tx, _ []byte) error {
			return tx.Bucket(bucketAccesses).Delete(entryKey(1))
		},
		"lines exchanged": func(tx *bolt.Tx, _ []byte) error {
			b := tx.Bucket(bucketAccesses)
			return b.Put(entryKey(0), bytes.Clone(b.Get(entryKey(1))))
		},
		"all taken away":    func(tx *bolt.Tx, _ []byte) error { return tx.DeleteBucket(bucketAccesses) },
		"the head put back": func(tx *bolt.Tx, old []byte) error { return tx.Bucket(bucketVault).Put(keyAccesses, old) },
		"an older log": func(tx *bolt.Tx, old []byte) error {
			return errors.Join(tx.Bucket(bucketAccesses).Delete(entryKey(2)), tx.Bucket(bucketVault).Put(keyAccesses, old))
		},
		"no log": func(tx *bolt.Tx, _ []byte) error {
			return errors.Join(tx.DeleteBucket(bucketAccesses), tx.Bucket(bucketVault).Delete(keyAccesses))
		},
	} {
		t.Run(name, func(t *testing.T) {
			v := openVault(t, newHome(t))
			defer v.Close()
			var old []byte
			for i := range 3 {
				if i == 2 {
					must(t, v.view(func(tx *bolt.Tx) error {
						old = bytes.Clone(tx.Bucket(bucketVault).Get(keyAccesses))
						return nil
					}))
				}
				must(t, v.LogAccess(access(i)))
			}
			must(t, v.db.Update(func(tx *bolt.Tx) error { return change(tx, old) }))
			if _, err := v.Accesses(-1); !errors.Is(err, ErrDamaged) {
				t.Errorf("reading: %v", err)
			}
			if err := v.Verify(); !errors.Is(err, ErrDamaged) {
				t.Errorf("verifying: %v", err)
			}
		})
	}
}

func TestCountsAddUpByHourAndTopic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tally, want := Tally{Day: TallyDay(testTime)}, Counts{}
		for range rapid.IntRange(0, 40).Draw(t, "questions") {
			c := Counts{Answered: rapid.IntRange(0, 2).Draw(t, "answered"), HandedOff: rapid.IntRange(0, 2).Draw(t, "handed off"), Yes: rapid.IntRange(0, 1).Draw(t, "yes")}
			at := time.Date(2026, 11, 22, rapid.IntRange(0, 23).Draw(t, "hour"), 0, 0, 0, time.UTC)
			tally.Add(at, rapid.SampledFrom([]string{"", "返品", "売場"}).Draw(t, "topic"), c)
			want = want.plus(c)
		}
		topics := Counts{}
		for _, c := range tally.Topics {
			topics = topics.plus(c)
		}
		if tally.Total() != want || topics != want || want.Questions() != want.Answered+want.HandedOff {
			t.Fatalf("%+v by hour and %+v by topic, want %+v", tally.Total(), topics, want)
		}
	})
}

func TestManyTopicsAreCountedAsNone(t *testing.T) {
	tally := Tally{}
	for i := range maxTallyTopics + 50 {
		tally.Add(testTime, fmt.Sprint("t", i), Counts{Answered: 1})
	}
	if len(tally.Topics) > maxTallyTopics+1 || tally.Topics[""].Answered == 0 || tally.Total().Answered != maxTallyTopics+50 {
		t.Errorf("%d topics", len(tally.Topics))
	}
	v := openVault(t, newHome(t))
	defer v.Close()
	tally.Day = TallyDay(testTime)
	must(t, v.PutTally(tally))
}

func TestCountsAreForgottenAfterTheirDays(t *testing.T) {
	home := newHome(t)
	v := openVault(t, home)
	for i := range 3 * TallyDays {
		day := testTime.AddDate(0, 0, i)
		tally, err := v.Tally(day)
		must(t, err)
		if len(tally.Topics) != 0 || tally.Day != TallyDay(day) {
			t.Fatalf("%+v was there before", tally)
		}
		tally.Add(day, "返品", Counts{Answered: i + 1})
		must(t, v.PutTally(tally))
	}
	last := testTime.AddDate(0, 0, 3*TallyDays-1)
	counted := 0
	for i := range 3 * TallyDays {
		tally, err := v.Tally(last.AddDate(0, 0, -i))
		must(t, err)
		if kept := tally.Total().Answered > 0; kept != (i < TallyDays) {
			t.Errorf("%d days ago: %+v", i, tally.Total())
		} else if kept {
			counted++
		}
	}
	if counted != TallyDays {
		t.Errorf("%d days", counted)
	}
	// A kiosk that was off for a month forgets what became too old meanwhile, and nothing is left in the file's records.
	must(t, v.ForgetTallies(last.AddDate(0, 0, TallyDays+5)))
	must(t, v.view(func(tx *bolt.Tx) error {
		if n := tx.Bucket(bucketNotes).Stats().KeyN; n != 0 {
			t.Errorf("%d tallies are left", n)
		}
		return nil
	}))
	must(t, v.Close())
}

func TestTheTurnsOfASessionAreReadWithoutItsSound(t *testing.T) {
	v := openVault(t, newHome(t))
	defer v.Close()
	for _, id := range fill(t, v) {
		saved, err := v.Load(id)
		must(t, err)
		turns, err := v.Turns(id)
		if err != nil || !reflect.DeepEqual(turns, saved.Turns) {
			t.Errorf("%+v, %v", turns, err)
		}
	}
	// A turn whose record is as long as one of sound is not taken for sound.
	s := begin(t, v, FromFile())
	for n := 20000; n < 36000; n += 1000 {
		must(t, s.Append(testTurn(strings.Repeat("x", n))))
	}
	clip, err := s.NewClip()
	must(t, err)
	must(t, clip.Write(testSound(SampleRate, 1)))
	must(t, clip.Close())
	if turns, err := v.Turns(s.ID()); err != nil || len(turns) != 16 {
		t.Errorf("%d turns, %v", len(turns), err)
	}
	must(t, v.Erase(s.ID()))
	if _, err := v.Turns(s.ID()); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
}
