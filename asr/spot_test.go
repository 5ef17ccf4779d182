package asr

import (
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// doubted is a decode of text, a token a letter, of which those at unsure had a probability of e^-2. began says how likely a word was
// to begin in the place of a letter; others were impossible.
func doubted(x *Lexicon, text, unsure string, began map[string]map[string]float32) []place {
	var places []place
	for at, r := range text {
		p := place{at: at, own: -0.1, began: slices.Repeat([]float32{float32(math.Inf(-1))}, len(x.words))}
		if strings.ContainsRune(unsure, r) {
			p.own = -2
		}
		for i, w := range x.words {
			if b, ok := began[w.text][string(r)]; ok {
				p.began[i] = b
			}
		}
		places = append(places, p)
	}
	return places
}

func spots(x *Lexicon, text string, places []place) (found []string) {
	for _, n := range x.spotted(text, places, x.hearings(text)) {
		found = append(found, n.in(text))
	}
	return found
}

const lost, lostRight = "カードを分析しました", "カードを紛失しました"

func TestAWordThatTheDecoderAllButWroteIsSought(t *testing.T) {
	x := lexicon("紛失", "カード", "分別", "返品")
	began := map[string]map[string]float32{"紛失": {"分": -3.7}, "分別": {"分": -9}, "返品": {"し": -3}}
	if slices.ContainsFunc(x.near(lost, x.hearings(lost)), func(n near) bool { return n.text == "紛失" }) {
		t.Fatal("it is found by its sound: the sentence shows nothing")
	}
	if got := spots(x, lost, doubted(x, lost, "分", began)); len(got) == 0 || got[0] != lostRight {
		t.Errorf("%q", got)
	}
	if got := spots(x, lost, doubted(x, lost, "", began)); len(got) != 0 {
		t.Errorf("where the decoder was sure: %q", got)
	}
	if got := spots(x, lost, doubted(x, lost, "分", map[string]map[string]float32{"紛失": {"分": -15}})); len(got) != 0 {
		t.Errorf("where the decoder never thought of it: %q", got)
	}
	if got := spots(x, lost, nil); len(got) != 0 {
		t.Errorf("of no places: %q", got)
	}
}

func TestOneOfTheShopsWordsIsNotSoughtInThePlaceOfAnother(t *testing.T) {
	const text = "下取りをお願いします"
	x := lexicon("下取り", "取り置き")
	if got := spots(x, text, doubted(x, text, "下取り", map[string]map[string]float32{"取り置き": {"取": -0.5, "下": -0.5}})); len(got) != 0 {
		t.Errorf("%q", got)
	}
}

func TestTheLikeliestWordsAreSoughtAndNoMoreThanThat(t *testing.T) {
	const text = "三森をお願いします"
	x := lexicon("見積もり", "見回り", "見守り", "見取り図", "見本", "三つ揃い", "三日月", "水回り", "水やり", "溝掃除", "みかん狩り", "道案内", "ミシン")
	began := map[string]map[string]float32{}
	for i, w := range x.words {
		began[w.text] = map[string]float32{"三": float32(-1 - i%3)}
	}
	got := x.spotted(text, doubted(x, text, "三森", began), x.hearings(text))
	if len(got) != mostSpotted || got[0].text != "見積もり" {
		t.Errorf("%d: %+v", len(got), got)
	}
}

func TestASpottedWordIsScoredAndPutInWhenItIsWorthIt(t *testing.T) {
	x := lexicon("紛失", "カード")
	for score, want := range map[float64]string{-3: lostRight, -8: lostRight, -10: lost} {
		s := heard(lost, -3.5)
		s.outcomes[0].places = doubted(x, lost, "分", map[string]map[string]float32{"紛失": {"分": -3.7}})
		s.scores[lostRight] = score
		if got := transcribed(t, s, "ja", Options{Words: x}); got.Text != want || len(s.asked) != 1 || s.asked[0].words != x {
			t.Errorf("%g: %+v, asked %+v", score, got, s.asked)
		}
	}
}

func TestSpottedWordsLieWithinTheText(t *testing.T) {
	x := lexicon(shopWords...)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(rapid.SampledFrom([]rune("営業時間駐車場両修書面前免税返品へんぴノート、。 9Aかを👪")), 0, 14, -1).Draw(t, "text")
		var places []place
		for at := range len(text) { // in the middle of letters too: a token may be a piece of one
			if !rapid.Bool().Draw(t, "token") {
				continue
			}
			p := place{at: at, own: -rapid.Float64Range(0, 5).Draw(t, "own")}
			for range x.words {
				p.began = append(p.began, -rapid.Float32Range(0, 20).Draw(t, "began"))
			}
			places = append(places, p)
		}
		found := x.spotted(text, places, x.hearings(text))
		if len(found) > mostSpotted {
			t.Fatal(len(found))
		}
		for _, n := range found {
			if n.from < 0 || n.to <= n.from || n.to > len([]rune(text)) || !strings.Contains(n.in(text), n.text) || strings.Contains(bare(text), n.bare) {
				t.Fatalf("%+v", n)
			}
		}
	})
}
