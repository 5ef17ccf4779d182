package knowledge

import (
	"path/filepath"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestAReadingIsKeptReplacedAndTakenAwayAndAnImportLeavesIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "knowledge.db")
	store, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []Reading{{"煌屋", "こうや"}, {"煌屋", "キラメキヤ"}, {"ＡＢＣ館", "エービーシーカン"}} {
		if err := store.SetReading(r); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := store.Apply(Batch{Entries: []Entry{{ID: "a", Question: "駐車場はありますか", Answer: "はい。", Language: "ja"}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Undo(); err != nil {
		t.Fatal(err)
	}
	want := []Reading{{"ABC館", "エービーシーカン"}, {"煌屋", "キラメキヤ"}}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if store, err = Open(path); err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if got, err := store.Readings(); err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	for range 2 {
		if err := store.SetReading(Reading{Word: "煌屋"}); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := store.Readings(); err != nil || !slices.Equal(got, want[:1]) {
		t.Errorf("%v, %v", got, err)
	}
}

func TestAReadingThatWouldSpoilOtherWordsIsRefused(t *testing.T) {
	for _, r := range []Reading{
		{"", "ア"}, {"一", "イチ"}, {"煌屋", "kouya"}, {"煌屋", "煌屋"}, {"煌屋", "ーコ"}, {"煌屋。", "コウヤ"}, {"煌屋", "コウ ヤ"}, {"12", "ジュウニ"},
		{"煌\n屋", "コウヤ。"},
	} {
		if got, err := CheckReading(r); err == nil {
			t.Errorf("%q was taken as %q", r, got)
		}
	}
}

func TestACheckedReadingIsTakenAsItIs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := Reading{rapid.String().Draw(t, "word"), rapid.StringMatching(`[ぁ-んァ-ヴー]{1,12}`).Draw(t, "kana")}
		once, err := CheckReading(r)
		if err != nil {
			return
		}
		if twice, err := CheckReading(once); err != nil || twice != once {
			t.Fatalf("%q became %q and then %q, %v", r, once, twice, err)
		}
	})
}
