package asr

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"tenin/audio"
)

func TestCERCountsEditsOfLettersOnly(t *testing.T) {
	for _, c := range []struct {
		ref, hyp string
		want     float64
	}{
		{"営業時間を教えて。", "営業時間を 教えて", 0},
		{"営業時間", "影響時間", 0.5},
		{"Wi-Fi", "ｗｉｆｉ", 0},
		{"", "", 0},
		{"", "音楽", 1},
		{"駐車場", "", 1},
	} {
		if got := CER(c.ref, c.hyp); got != c.want {
			t.Errorf("CER(%q, %q) = %v, want %v", c.ref, c.hyp, got, c.want)
		}
	}
}

func TestCERIsZeroForItselfAndNeverNegative(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.String().Draw(t, "a"), rapid.String().Draw(t, "b")
		if CER(a, a) != 0 || CER(a, b) < 0 {
			t.Fatalf("%v, %v", CER(a, a), CER(a, b))
		}
	})
}

func TestARepeatedPatternIsALoopAndItsCutKeepsItOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		head := rapid.SliceOfN(rapid.Int32Range(1000, 2000), 0, 20).Draw(t, "head")
		pattern := rapid.SliceOfNDistinct(rapid.Int32Range(0, 900), 1, 10, rapid.ID).Draw(t, "pattern")
		n := rapid.IntRange(12, 20).Draw(t, "times")
		tokens := append([]int32{}, head...)
		for range n {
			tokens = append(tokens, pattern...)
		}
		if p := loopPeriod(tokens); p != len(pattern) {
			t.Fatalf("period %d", p)
		}
		if got := unloop(tokens); len(got) != len(head)+len(pattern) {
			t.Fatalf("%d tokens are left", len(got))
		}
	})
}

func TestPlainSpeechIsNoLoop(t *testing.T) {
	for _, s := range []string{"はいはいはい", "0312345678", "トイレはどこですか", "いろいろありますか", ""} {
		var tokens []int32
		for _, r := range s {
			tokens = append(tokens, r)
		}
		if loopPeriod(tokens) != 0 || repeats(s) {
			t.Errorf("%q is taken for a loop", s)
		}
	}
	if !repeats("このようにはこのようにはこのようにはこのようにはこのようには") {
		t.Error("a loop passed")
	}
}

func TestCompletenessFollowsHowTheSentenceEnds(t *testing.T) {
	known := Vocabulary{{"駐車場", 1}, {"おそば", 1}}.Has()
	for want, texts := range map[audio.Completeness][]string{
		audio.Whole: {"トイレはどこですか", "営業時間を教えてください。", "返品したい", "駐車場", "駐車場は?", "どこにあるの", "何時まで", "店員さんを呼んで", "おそば", "ありますか"},
		audio.BrokenOff: {"トイレは", "駐車場が", "返品を", "一階に", "紳士靴の", "夫と", "買って", "昨日買ったんだけれど、えっと", "えーと", "それと、", "安いけど",
			"すみません、あの"},
		audio.Unknown: {"", "紳士靴", "返品したいんですけど", "トイレを探しているんですが"},
	} {
		for _, s := range texts {
			if got := Judge(s, "ja", known); got != want {
				t.Errorf("%q is judged %d, want %d", s, got, want)
			}
		}
	}
	for s, want := range map[string]audio.Completeness{
		"Where is the toilet?": audio.Whole, "Can I pay by card.": audio.Whole, "I want to return the": audio.BrokenOff,
		"Um": audio.BrokenOff, "Gift wrapping, please.": audio.Whole, "Men's shoes.": audio.Unknown, "Do you have any.": audio.BrokenOff,
	} {
		if got := Judge(s, "en", nil); got != want {
			t.Errorf("%q is judged %d, want %d", s, got, want)
		}
	}
}

func TestThePromptKeepsItsBudgetIsDeterministicAndHoldsOnlyWordsOfTheShop(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.StringMatching(`[営業時間駐車場返品免税あいうアイウA-Z]{1,8}`), 0, 80).Draw(t, "words")
		var v Vocabulary
		for i, w := range words {
			v = append(v, Word{w, float64(i%5 + 1)})
		}
		b := Budget{Words: rapid.IntRange(0, 40).Draw(t, "limit"), Tokens: rapid.IntRange(0, 300).Draw(t, "tokens")}
		p := v.Prompt(b, nil)
		if p != v.Prompt(b, nil) {
			t.Fatal("two calls differ")
		}
		if p == "" {
			return
		}
		chosen := strings.Split(strings.TrimSuffix(p, "。"), "、")
		if len(chosen) > b.Words || estimateTokens(p) > min(b.Tokens, promptTokens-1) || !utf8.ValidString(p) {
			t.Fatalf("%d words, %d tokens for %+v", len(chosen), estimateTokens(p), b)
		}
		for _, w := range chosen {
			if !v.Has()(w) {
				t.Fatalf("%q is not of the shop", w)
			}
		}
	})
}

func TestThePromptPrefersCompoundsAndPutsTheWeightiestLast(t *testing.T) {
	v := Vocabulary{{"トイレ", 1}, {"営業時間", 2}, {"時間", 1}, {"返品", 1}, {"いす", 1}, {"123", 9}}
	if got, want := v.Prompt(Budget{Words: 3, Tokens: 100}, nil), "トイレ、返品、営業時間。"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func FuzzCleaning(f *testing.F) {
	f.Add("♪(音楽)[拍手", "営業時間、駐車場。")
	f.Add("ご視聴ありがとうございました", "")
	f.Fuzz(func(t *testing.T, text, prompt string) {
		clean := stripSounds(text)
		if len(bare(clean)) > len(bare(strings.ToValidUTF8(text, "\ufffd"))) {
			t.Error("cleaning added letters")
		}
		hallucinated(clean, 0.1, 0.9)
		echoes(text, prompt)
		repeats(text)
		Judge(text, "ja", nil)
		Judge(text, "en", nil)
	})
}
