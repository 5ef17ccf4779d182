package knowledge

import (
	"slices"
	"testing"
)

func TestTheTermsOfAShopAreItsCompoundsAndNotItsSmallTalk(t *testing.T) {
	entries := []Entry{
		{ID: "hours", Question: "営業時間は何時から何時までですか", Variants: []string{"今日の営業時間は"}, Answer: "x"},
		{ID: "hours", Language: "en", Question: "What are your opening hours?", Answer: "x"},
		{ID: "parking", Question: "駐車場はありますか", Answer: "x"},
		{ID: "card", Question: "クレジットカードは使えますか", Answer: "x"},
		{ID: "place", Question: "お店の場所はどこですか", Answer: "x"},
	}
	var got []string
	for _, term := range Terms(entries, []Product{{ID: "p", Name: "フライパン 26cm"}}) {
		if term.Weight <= 0 {
			t.Errorf("%+v", term)
		}
		got = append(got, term.Text)
	}
	for _, want := range []string{"営業時間", "駐車場", "クレジットカード", "フライパン"} {
		if !slices.Contains(got, want) {
			t.Errorf("%s is missing in %q", want, got)
		}
	}
	for _, not := range []string{"今日", "場所", "何時", "opening", "26"} {
		if slices.Contains(got, not) {
			t.Errorf("%s is in %q", not, got)
		}
	}
}

func TestTermsComeInTheSameOrderEveryTime(t *testing.T) {
	entries := []Entry{{ID: "a", Question: "返品と交換と配送と修理の受付", Answer: "x"}, {ID: "b", Question: "予約と注文", Answer: "x"}}
	first := Terms(entries, nil)
	for range 5 {
		if !slices.Equal(Terms(entries, nil), first) {
			t.Fatal("another order")
		}
	}
}

func TestWordsOfTheReadingLexiconAreTerms(t *testing.T) {
	terms := Terms([]Entry{
		{ID: "nursing", Question: "授乳室はどこですか", Answer: "5階です。", Language: "ja"},
		{ID: "tax", Question: "免税の手続きはできますか", Answer: "7階です。", Language: "ja"},
	}, nil)
	for _, want := range []string{"授乳室", "免税"} {
		if !slices.ContainsFunc(terms, func(term Term) bool { return term.Text == want }) {
			t.Errorf("%s is not among the terms %v", want, terms)
		}
	}
}
