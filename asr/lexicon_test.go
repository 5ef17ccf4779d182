package asr

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"tenin/llm/reading"
)

func lexicon(words ...string) *Lexicon {
	v := make(Vocabulary, len(words))
	for i, w := range words {
		v[i] = Word{w, float64(len(words) - i)}
	}
	return NewLexicon(v, Budget{Words: 4, Tokens: 60}, nil, reading.Default().Katakana)
}

func soundsIn(x *Lexicon, text string) []near { return x.near(text, x.hearings(text)) }

var shopWords = []string{"営業時間", "駐車場", "予約", "返品", "免税", "領収書", "救護室", "授乳室", "万年筆", "へんぴん", "ーのり"}

func TestAFocusedPromptEndsWithTheWordThatSoundsLikeWhatWasHeard(t *testing.T) {
	x := lexicon(shopWords...)
	for heard, want := range map[string]string{
		"外国人なので面前にできますか": "免税", "レシートがないのに変品できますか": "返品", "気分が悪いので9個室へ行きたいです": "救護室",
	} {
		if got := x.Focus(heard); !strings.HasSuffix(got, want+"。") {
			t.Errorf("%s gave %s", heard, got)
		}
	}
}

func TestWhatSoundsLikeNoneOfTheShopsWordsKeepsThePrompt(t *testing.T) {
	x := lexicon(shopWords...)
	for _, heard := range []string{"昨日の夜は星がとてもきれいに見えました", "駐車場はどこですか", ""} {
		if got := x.Focus(heard); got != x.Prompt() {
			t.Errorf("%s gave %s instead of %s", heard, got, x.Prompt())
		}
	}
}

func TestAWordSpelledOutStandsBackForItsChineseSpelling(t *testing.T) {
	if got := lexicon("へんぴん", "返品").Focus("変品できますか"); !strings.HasPrefix(got, "返品") && !strings.HasSuffix(got, "返品。") {
		t.Error(got)
	}
}

const tax, taxFree = "消費税を面前にできますか", "消費税を免税にできますか"

// heard is a decode of that probability.
func heard(text string, logProb float64) *steps {
	d := sure(text)
	d.logProb, d.counted = logProb, 12
	return &steps{outcomes: []decoded{d}, scores: map[string]float64{text: logProb}, japanese: 1}
}

func TestAWordThatTheDecoderFindsLikelyIsPutIn(t *testing.T) {
	s := heard(tax, -3.5)
	s.scores[taxFree] = -3
	got := transcribed(t, s, "ja", Options{Words: lexicon(shopWords...)})
	if got.Text != taxFree || got.Segments[0].Text != taxFree || len(s.asked) != 1 || got.Timings.Again != 1 {
		t.Errorf("%+v, asked %+v, scored %q", got, s.asked, s.scored)
	}
}

func TestAWordThatTheDecoderFindsUnlikelyIsLeftOut(t *testing.T) {
	s := heard(tax, -3.5)
	s.scores[taxFree] = -16
	if got := transcribed(t, s, "ja", Options{Words: lexicon(shopWords...)}); got.Text != tax || !slices.Contains(s.scored, taxFree) {
		t.Errorf("%+v, scored %q", got, s.scored)
	}
}

func TestNothingIsScoredThatCannotBeWorthMore(t *testing.T) {
	s := heard(tax, -0.1)
	s.outcomes[0].least = sureOfAll / 2
	if got := transcribed(t, s, "ja", Options{Words: lexicon("面会", "返品")}); got.Text != tax || len(s.scored) != 0 {
		t.Errorf("%+v, scored %q", got, s.scored)
	}
}

func TestTwoWordsArePutInTogether(t *testing.T) {
	const both = "領収書で免税にできますか"
	s := heard("両修書で面前にできますか", -3.9)
	s.scores["領収書で面前にできますか"], s.scores["両修書で免税にできますか"], s.scores[both] = -3, -3, -2
	if got := transcribed(t, s, "ja", Options{Words: lexicon(shopWords...)}); got.Text != both {
		t.Errorf("%+v, scored %q", got, s.scored)
	}
}

func TestOneOfTheShopsWordsGivesWayToAnotherOnlyWhereThatIsLikelier(t *testing.T) {
	const times, floor = "売り場は何回ですか", "売り場は何階ですか"
	for score, want := range map[float64]string{-3: times, -1: floor} {
		s := heard(times, -2)
		s.scores[floor] = score
		if got := transcribed(t, s, "ja", Options{Words: lexicon("何回", "何階", "売り場")}); got.Text != want || !slices.Contains(s.scored, floor) {
			t.Errorf("%g: %+v, scored %q", score, got, s.scored)
		}
	}
}

func TestOfTwoWordsThatSoundMuchTheSameTheOneBeforeTheOtherNeedsToBeLessLikely(t *testing.T) {
	const times, floor = "売り場は何回ですか", "売り場は何階ですか"
	for score, want := range map[float64]string{-2 - knownGain - 0.1: times, -2 - knownGain + 0.1: floor} {
		s := heard(times, -2)
		s.scores[floor] = score
		if got := transcribed(t, s, "ja", Options{Words: lexicon("何階", "何回", "売り場")}); got.Text != want {
			t.Errorf("%g: %+v", score, got)
		}
	}
}

func TestALongWordThatSoundsAllButTheSameNeedsLessOfTheDecoder(t *testing.T) {
	for _, c := range []struct{ heard, word, with, want string }{
		{"きつえん石はどこですか", "喫煙席", "喫煙席はどこですか", "喫煙席はどこですか"},
		{"変品はどこですか", "返品", "返品はどこですか", "変品はどこですか"},
	} {
		s := heard(c.heard, -3.5)
		s.scores[c.with] = -3.5 - wordGain - 2*beatGain
		if got := transcribed(t, s, "ja", Options{Words: lexicon(c.word)}); got.Text != c.want || got.Timings.Again != 1 {
			t.Errorf("%s: %+v", c.word, got)
		}
	}
}

func TestACommaInsideAWordThatWasNotKnownIsPartOfIt(t *testing.T) {
	const text = "新作、剣を忘れました"
	found := soundsIn(lexicon("診察券"), text)
	if len(found) != 1 || found[0].in(text) != "診察券を忘れました" {
		t.Errorf("%+v", found)
	}
	if found := soundsIn(lexicon("診察券"), "新作。剣を忘れました"); len(found) != 0 {
		t.Errorf("over a sentence's end: %+v", found)
	}
}

func TestAShortDrawnOutWordIsSoughtWhereItSoundsAllButTheSame(t *testing.T) {
	x := lexicon("通帳", "清掃", "傘", "シーツ", "靴下")
	for heard, want := range map[string]string{"通常の話です": "通帳の話です", "部屋の成装です": "部屋の清掃です"} {
		if found := soundsIn(x, heard); len(found) != 1 || found[0].in(heard) != want {
			t.Errorf("%s: %+v", heard, found)
		}
	}
	for _, heard := range []string{"更衣室です", "構造の話です", "風です"} {
		if found := soundsIn(x, heard); len(found) != 0 {
			t.Errorf("%s: %+v", heard, found)
		}
	}
}

func TestCharactersThatMakeNoWordAreReadOneByOne(t *testing.T) {
	for heard, want := range map[string]string{"両収書をください": "領収書", "住社場はどこですか": "駐車場"} {
		found := soundsIn(lexicon(shopWords...), heard)
		if len(found) == 0 || found[0].text != want || found[0].distance > 0.15 || found[0].from != 0 || found[0].to != 3 {
			t.Errorf("%s: %+v", heard, found)
		}
	}
}

func TestOneLetterWordsInARowAreMadeUp(t *testing.T) {
	for letters, want := range map[string]bool{"両外": true, "両収書": true, "要概": true, "信号": false, "面前": false, "室": false, "ます": false, "": false} {
		if madeUp(letters) != want {
			t.Errorf("%s: %v", letters, !want)
		}
	}
}

func TestAWordTakesThePlaceOfWholeLetters(t *testing.T) {
	x := lexicon("改札口", "日焼け止め", "特売日", "不在票")
	for heard, want := range map[string]string{
		"開殺口の外に何がありますか": "改札口の外に何がありますか", "冷やけ止めを買いに来ました": "日焼け止めを買いに来ました", "独売日は毎週ですか": "特売日は毎週ですか",
		"膨材表が入っていました": "不在票が入っていました",
	} {
		if found := soundsIn(x, heard); len(found) != 1 || found[0].in(heard) != want {
			t.Errorf("%s: %+v", heard, found)
		}
	}
}

func TestWhatIsNearLiesWithinTheText(t *testing.T) {
	x := lexicon(shopWords...)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(rapid.SampledFrom([]rune("営業時間駐車場両修書面前免税返品へんぴノート、。 9Aかを👪")), 0, 14, -1).Draw(t, "text")
		for _, n := range soundsIn(x, text) {
			if n.from < 0 || n.to <= n.from || n.to > len([]rune(text)) || !strings.Contains(n.in(text), n.text) {
				t.Fatalf("%+v", n)
			}
		}
		if all, put := together(text, soundsIn(x, text)); len(put) == 0 && all != text {
			t.Fatal(all)
		}
	})
}

func TestSpeechWithoutNearWordsAndPartialsAreNotAskedAgain(t *testing.T) {
	far := &steps{outcomes: []decoded{sure("昨日の夜は星がとてもきれいでした")}, japanese: 1}
	transcribed(t, far, "ja", Options{Words: lexicon(shopWords...)})
	partial := &steps{outcomes: []decoded{sure("消費税を面前に")}, japanese: 1}
	transcribed(t, partial, "ja", Options{Words: lexicon(shopWords...), Partial: true})
	if len(far.scored)+len(partial.scored) != 0 {
		t.Errorf("scored %q and %q", far.scored, partial.scored)
	}
}

func TestWhatAPartialHeardChoosesThePromptOfTheFinalDecode(t *testing.T) {
	x := lexicon(shopWords...)
	synctest.Test(t, func(t *testing.T) {
		var final string
		r := &Scripted{Latency: 50 * time.Millisecond, Script: func(_ []float32, o Options) Transcript {
			if !o.Partial {
				final = o.Prompt
			}
			return Transcript{Text: "消費税を面前に"}
		}}
		defer r.Close()
		c := ListenerConfig{Prompt: x.Prompt(), Words: x}
		if _, err := NewListener(r, level{}, c).Listen(context.Background(), say(-5, 60, -60)); err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(final, "免税。") {
			t.Errorf("the final decode was prompted with %s", final)
		}
	})
}

func BenchmarkFocus(b *testing.B) {
	words := make(Vocabulary, 0, 600)
	for range 60 {
		for _, w := range shopWords {
			words = append(words, Word{w + strings.Repeat("店", len(words)/11%3) + string(rune('ア'+len(words)%80)), 1})
		}
	}
	x := NewLexicon(words, DefaultBudget, nil, reading.Default().Katakana)
	b.ReportAllocs()
	for b.Loop() {
		x.Focus("気分が悪いので9個室へ行きたいです")
	}
}
