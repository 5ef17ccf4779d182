package knowledge

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
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

func openStore(t testing.TB, path string) *Store {
	t.Helper()
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// rawContent is every stored byte of entries and products.
func rawContent(t interface{ Fatal(...any) }, s *Store) string {
	var b strings.Builder
	err := s.view(func(tx *bolt.Tx) error {
		for _, name := range [][]byte{bucketEntries, bucketProducts} {
			if err := tx.Bucket(name).ForEach(func(k, v []byte) error {
				fmt.Fprintf(&b, "%s %q %q\n", name, k, v)
				return nil
			}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func apply(t interface{ Fatal(...any) }, s *Store, b Batch) Diff {
	d, err := s.Apply(b)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// The laws of apply, undo and redo, over random batches one after the other.
func TestUndoAndRedoGoThroughExactlyTheStatesThatAppliesMade(t *testing.T) {
	dir := t.TempDir()
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		s, err := Open(filepath.Join(dir, fmt.Sprintf("%d.db", n)))
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		s.db.NoSync = true // the test is about content, not about power loss
		states := []string{rawContent(t, s)}
		for range rapid.IntRange(1, 4).Draw(t, "applies") {
			b := drawBatch(t)
			before, err := s.Batch()
			if err != nil {
				t.Fatal(err)
			}
			preview, err := s.Preview(b)
			if err != nil {
				t.Fatal(err)
			}
			d := apply(t, s, b)
			if !reflect.DeepEqual(preview, d) {
				t.Fatal("preview and apply differ")
			}
			after, err := s.Batch()
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(d, Compare(before, after)) || !Compare(after, b).Empty() {
				t.Fatalf("the store does not hold what was applied\n%s", Compare(after, b))
			}
			if !apply(t, s, b).Empty() {
				t.Fatal("the same batch again changed something")
			}
			if raw := rawContent(t, s); raw != states[len(states)-1] {
				states = append(states, raw)
			} else if !d.Empty() {
				t.Fatal("a diff without a difference")
			}
		}
		at := len(states) - 1
		for range rapid.IntRange(0, 8).Draw(t, "steps") {
			if rapid.Bool().Draw(t, "back") {
				_, err = s.Undo()
				at--
			} else {
				_, err = s.Redo()
				at++
			}
			if at < 0 || at >= len(states) {
				if !errors.Is(err, ErrNoHistory) {
					t.Fatalf("beyond the end: %v", err)
				}
				at = max(0, min(at, len(states)-1))
			} else if err != nil {
				t.Fatal(err)
			}
			if rawContent(t, s) != states[at] {
				t.Fatalf("state %d is not what it was", at)
			}
		}
	})
}

func TestADiffAndItsReverseLeadThereAndBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawBatch(t), drawBatch(t)
		d := Compare(a, b)
		if !reflect.DeepEqual(Compare(b, a), d.Reverse()) {
			t.Fatalf("%+v\n%+v", Compare(b, a), d.Reverse())
		}
		if !Compare(a, a).Empty() {
			t.Fatal("a batch differs from itself")
		}
		e := d.Entries
		if len(e.Added)+len(e.Changed)+e.Unchanged != len(b.Entries) || len(e.Removed)+len(e.Changed)+e.Unchanged != len(a.Entries) {
			t.Fatalf("an entry is lost: %+v", e)
		}
	})
}

var hours = Entry{ID: "hours", Question: "営業時間は", Answer: "8時までです。", Language: "ja"}

func TestAnApplyReplacesOnlyTheKindThatItsFileCovers(t *testing.T) {
	s := openStore(t, filepath.Join(t.TempDir(), "knowledge.db"))
	apply(t, s, Batch{Entries: []Entry{hours}})
	apply(t, s, Batch{Products: []Product{{ID: "p1", Name: "鉛筆"}}})
	d := apply(t, s, Batch{Entries: []Entry{{ID: "new", Question: "q", Answer: "a"}}, KeepEntries: []string{"gone"}})
	if len(d.Entries.Removed) != 1 || len(d.Entries.Added) != 1 || d.Products.Unchanged != 1 {
		t.Errorf("%s", d)
	}
	d = apply(t, s, Batch{HasProducts: true})
	if len(d.Products.Removed) != 1 || d.Entries.Unchanged != 1 {
		t.Errorf("%s", d)
	}
}

func TestWhatARefusedRowStoodForStays(t *testing.T) {
	s := openStore(t, filepath.Join(t.TempDir(), "knowledge.db"))
	apply(t, s, Batch{Entries: []Entry{hours, {ID: "b", Question: "q", Answer: "a"}}})
	d := apply(t, s, Batch{Entries: []Entry{{ID: "b", Question: "q", Answer: "a"}}, KeepEntries: []string{"hours"}})
	if !d.Empty() {
		t.Errorf("%s", d)
	}
}

func TestAMergeRemovesNothing(t *testing.T) {
	s := openStore(t, filepath.Join(t.TempDir(), "knowledge.db"))
	apply(t, s, Batch{Entries: []Entry{hours}})
	d, err := s.Merge(Batch{Entries: []Entry{{ID: "b", Question: "q", Answer: "a"}}})
	if err != nil || len(d.Entries.Removed) != 0 || d.Entries.Unchanged != 1 {
		t.Errorf("%v %s", err, d)
	}
}

func TestAChangeIsToldFieldByField(t *testing.T) {
	s := openStore(t, filepath.Join(t.TempDir(), "knowledge.db"))
	apply(t, s, Batch{Entries: []Entry{hours}, Source: "first.csv"})
	changed := hours
	changed.Answer = "9時までです。"
	d := apply(t, s, Batch{Entries: []Entry{changed}, Source: "second.csv"})
	want := []FieldChange{{"answer", "8時までです。", "9時までです。"}}
	if len(d.Entries.Changed) != 1 || !reflect.DeepEqual(d.Entries.Changed[0].Fields, want) {
		t.Errorf("%s", d)
	}
	if got := d.String(); got != "answers: 0 added, 1 changed, 0 removed, 0 unchanged\n  ~ hours 営業時間は: answer 8時までです。 → 9時までです。\n" {
		t.Errorf("%s", got)
	}
	h, err := s.History()
	if err != nil || len(h) != 2 || h[0].Source != "second.csv" || h[0].Changed != 1 || h[1].Added != 1 {
		t.Errorf("%+v %v", h, err)
	}
	if _, err := s.Undo(); err != nil {
		t.Fatal(err)
	}
	if h, _ = s.History(); !h[0].Undone || h[1].Undone {
		t.Errorf("%+v", h)
	}
}

func TestTheHistoryEndsAfterTwentyApplies(t *testing.T) {
	s := openStore(t, filepath.Join(t.TempDir(), "knowledge.db"))
	s.db.NoSync = true
	for i := range HistoryLength + 5 {
		e := hours
		e.Answer = fmt.Sprint(i)
		apply(t, s, Batch{Entries: []Entry{e}})
	}
	for range HistoryLength {
		if _, err := s.Undo(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Undo(); !errors.Is(err, ErrNoHistory) {
		t.Error(err)
	}
	e, err := s.Entries()
	if err != nil || e[0].Answer != "4" {
		t.Errorf("%+v %v", e, err)
	}
}

func TestABatchThatNoImportMadeIsRefusedAsAWhole(t *testing.T) {
	s := openStore(t, filepath.Join(t.TempDir(), "knowledge.db"))
	apply(t, s, Batch{Entries: []Entry{hours}})
	before := rawContent(t, s)
	for _, b := range []Batch{
		{Entries: []Entry{{Question: "q", Answer: "a"}}},
		{Entries: []Entry{{ID: "x", Question: "q"}}},
		{Entries: []Entry{hours, hours}},
		{Entries: []Entry{{ID: "ok", Question: "q", Answer: "a"}}, Products: []Product{{ID: "p"}}},
		{Products: []Product{{ID: "p", Name: "a"}, {ID: "p", Name: "b"}}},
	} {
		if _, err := s.Apply(b); err == nil {
			t.Errorf("%+v was taken", b)
		}
	}
	if rawContent(t, s) != before {
		t.Error("something was changed")
	}
}

func TestTheRevisionFollowsTheContentAndNothingElse(t *testing.T) {
	revision := func(s *Store) string {
		r, err := s.Revision()
		if err != nil || r == "" {
			t.Fatal(r, err)
		}
		return r
	}
	s := openStore(t, filepath.Join(t.TempDir(), "a.db"))
	empty := revision(s)
	apply(t, s, Batch{Entries: []Entry{hours}, Source: "x"})
	one := revision(s)
	apply(t, s, Batch{Products: []Product{{ID: "p", Name: "鉛筆"}}})
	if _, err := s.Undo(); err != nil {
		t.Fatal(err)
	}
	other := openStore(t, filepath.Join(t.TempDir(), "b.db"))
	apply(t, other, Batch{Entries: []Entry{hours}, Source: "y"})
	if revision(s) != one || revision(other) != one || one == empty {
		t.Error("revisions differ for one content, or do not for two")
	}
}

func TestAStoreIsThereAfterItWasClosed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "knowledge.db")
	s := openStore(t, path)
	apply(t, s, Batch{Entries: []Entry{hours}})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := OpenReadOnly(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	second, err := OpenReadOnly(path)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if e, err := r.Entries(); err != nil || !reflect.DeepEqual(e, []Entry{hours}) {
		t.Errorf("%+v %v", e, err)
	}
	if files, _ := os.ReadDir(filepath.Dir(path)); len(files) != 1 {
		t.Errorf("files are left over: %v", files)
	}
}

func TestAStoreThatIsInUseOrNotThereIsSaidSo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "knowledge.db")
	if _, err := OpenReadOnly(path); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	openStore(t, path)
	if _, err := Open(path); !errors.Is(err, ErrLocked) {
		t.Error(err)
	}
	if _, err := Open(filepath.Join(path, "under a file")); err == nil {
		t.Error("a store under a file")
	}
	if _, err := Open(t.TempDir()); err == nil {
		t.Error("a folder is no store")
	}
}

// filledStore makes a store of several pages and returns its file and content.
func filledStore(t *testing.T) (data []byte, content string) {
	path := filepath.Join(t.TempDir(), "knowledge.db")
	s := openStore(t, path)
	s.db.NoSync = true
	for round := range 3 {
		b := Batch{}
		for i := range 60 {
			b.Entries = append(b.Entries, Entry{ID: fmt.Sprintf("e%03d", i), Question: strings.Repeat("質問", i%7+1), Answer: fmt.Sprintf("答え %d %s", round*i, strings.Repeat("長い", 20)), Language: "ja"})
			b.Products = append(b.Products, Product{ID: fmt.Sprintf("p%03d", i), Name: "鉛筆", Price: round + i})
		}
		apply(t, s, b)
	}
	content = rawContent(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data, content
}

// tamper writes data and opens it: the outcome must be an error wrapping
// ErrDamaged, or the content as it was.
func tamper(t *testing.T, path string, data []byte, content, what string) (noticed bool) {
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := Open(path)
	if err != nil {
		if !errors.Is(err, ErrDamaged) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", what, err)
		}
		return true
	}
	defer s.Close()
	if rawContent(t, s) != content {
		t.Errorf("%s: other content, and no error", what)
	}
	return false
}

func TestAFlippedBitIsNoticedOrHarmless(t *testing.T) {
	data, content := filledStore(t)
	path := filepath.Join(t.TempDir(), "knowledge.db")
	rng := rand.New(rand.NewPCG(1, 2))
	noticed, tries := 0, 600
	for i := range tries {
		at := rng.IntN(len(data))
		if i%2 == 0 { // half of them where the structure is: at the head of a page
			at = rng.IntN(len(data)/4096)*4096 + rng.IntN(96)
		}
		bit := byte(1) << rng.IntN(8)
		flipped := bytes.Clone(data)
		flipped[at] ^= bit
		if tamper(t, path, flipped, content, fmt.Sprintf("byte %d bit %08b", at, bit)) {
			noticed++
		}
	}
	// The rest are free pages, old history and the gaps between records.
	t.Logf("%d of %d flips in a file of %d bytes noticed", noticed, tries, len(data))
	if noticed == 0 {
		t.Error("no flip was noticed")
	}
}

func TestACutFileIsNoticed(t *testing.T) {
	data, content := filledStore(t)
	path := filepath.Join(t.TempDir(), "knowledge.db")
	for size := 0; size < len(data); size += 1021 {
		tamper(t, path, data[:size], content, fmt.Sprintf("cut to %d bytes", size))
	}
	tamper(t, path, []byte("hello"), content, "text")
	tamper(t, path, make([]byte, 65536), content, "zeros")
}

func TestTwoRecordsThatChangedPlacesAreNoticed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "knowledge.db")
	s := openStore(t, path)
	apply(t, s, Batch{Products: []Product{{ID: "p1", Name: "鉛筆"}, {ID: "p2", Name: "筆箱"}}})
	err := s.db.Update(func(tx *bolt.Tx) error {
		b := tx.Bucket(bucketProducts)
		one, two := bytes.Clone(b.Get([]byte("p1"))), bytes.Clone(b.Get([]byte("p2")))
		return errors.Join(b.Put([]byte("p1"), two), b.Put([]byte("p2"), one))
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Products(); !errors.Is(err, ErrDamaged) {
		t.Error(err)
	}
}

func TestARecordThatIsMissingIsNoticed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "knowledge.db")
	s := openStore(t, path)
	apply(t, s, Batch{Products: []Product{{ID: "p1", Name: "鉛筆"}, {ID: "p2", Name: "筆箱"}}})
	if err := s.db.Update(func(tx *bolt.Tx) error { return tx.Bucket(bucketProducts).Delete([]byte("p1")) }); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if _, err := Open(path); !errors.Is(err, ErrDamaged) {
		t.Error(err)
	}
}

func TestEveryPageOfALargeStorePassesTheCheck(t *testing.T) {
	path := filepath.Join(t.TempDir(), "knowledge.db")
	s := openStore(t, path)
	s.db.NoSync = true
	var b Batch
	for i := range 5000 {
		b.Products = append(b.Products, Product{ID: fmt.Sprint(i), Name: strings.Repeat("鉛", i%900+1)})
	}
	apply(t, s, b)
	apply(t, s, Batch{Products: b.Products[:100]})
	if _, err := s.Undo(); err != nil {
		t.Fatal(err)
	}
	s.Close()
	r := openStore(t, path)
	got, err := r.Products()
	if err != nil || len(got) != 5000 {
		t.Errorf("%d products, %v", len(got), err)
	}
}

func TestLintNamesEntriesThatGetInEachOthersWay(t *testing.T) {
	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	b := Batch{
		Entries: []Entry{
			{ID: "a", Question: "駐車場の料金はいくらですか", Answer: "x"},
			{ID: "b", Question: "駐車場の料金はいくらですか？", Answer: "y"},
			{ID: "c", Question: "お店の駐車場の料金はいくらですか", Answer: "z"},
			{ID: "d", Question: "福袋はありますか", Answer: "w", ValidUntil: now.AddDate(0, 0, -1)},
			{ID: "e", Question: "福袋はありますか", Answer: "v", ValidFrom: now},
			{ID: "a", Language: "en", Question: "How much is parking?", Answer: "u"},
		},
		Products: []Product{{ID: "p", Name: "鉛筆 HB"}, {ID: "q", Name: "鉛筆　ＨＢ"}},
	}
	var got []string
	for _, f := range Lint(b, now) {
		ids := []string{f.Rule}
		for _, i := range f.Items {
			ids = append(ids, i.ID)
		}
		got = append(got, strings.Join(ids, " "))
	}
	want := []string{"expired d", "same-name p q", "same-question a b", "similar-question a c", "similar-question b c"}
	if slices.Sort(got); !reflect.DeepEqual(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
