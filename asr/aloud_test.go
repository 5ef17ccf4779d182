package asr

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// aloudIn is what text becomes with each of the words that were heard aloud in its speech, the likeliest first.
func aloudIn(x *Lexicon, text, kana string) (found []string) {
	for _, n := range x.nearAloud(text, kana, x.hearings(text)) {
		found = append(found, n.in(text))
	}
	return found
}

const lost, lostAloud, lostRight = "カードを分析しました", "カードを、フンシスしました。", "カードを紛失しました"

func TestAWordThatWasHeardAloudIsSoughtInThePlaceOfWhatWasWritten(t *testing.T) {
	x := lexicon("紛失", "託児所", "駐車場", "カード", "分別")
	for _, c := range [][3]string{
		{lost, lostAloud, lostRight},
		{"腕時書は何歳から入れますか", "たくじしょうは、なんさいからいれますか。", "託児所は何歳から入れますか"},
	} {
		text, kana, want := c[0], c[1], c[2]
		if slices.ContainsFunc(x.near(text, x.hearings(text)), func(n near) bool { return n.in(text) == want }) {
			t.Errorf("%s is found without: it shows nothing", want)
		}
		if got := aloudIn(x, text, kana); len(got) == 0 || got[0] != want {
			t.Errorf("%s heard as %s: %q", text, kana, got)
		}
	}
}

func TestAWordHeardAloudTakesThePlaceOfItsLettersAndNoMore(t *testing.T) {
	x := lexicon("裾上げ", "ベルト", "暗証番号", "救護室")
	for _, c := range [][3]string{
		{"子供服の、修装上もやっていますか", "コドモフクの、すそあげもやっていますか", "子供服の、裾上げもやっていますか"},
		{"カッタスーツの装輪毛を頼めますか", "カッタスウスのスソーアゲをたのめますか", "カッタスーツの裾上げを頼めますか"},
		{"安承番号を間違えてしまいました", "アンショー、バンゴを、まちがえてしまいました", "暗証番号を間違えてしまいました"},
		{"9/5室で、休ませてもらえますか", "きょうごしつでやすませてもらえますか", "救護室で、休ませてもらえますか"},
		{"時計のウェルトを短くしてほしいです", "トケーのベルトをみじかくしてほしいです", "時計のベルトを短くしてほしいです"},
	} {
		if got := aloudIn(x, c[0], c[1]); len(got) == 0 || got[0] != c[2] {
			t.Errorf("%s heard as %s: %q", c[0], c[1], got)
		}
	}
}

func TestWhatWasHeardAloudOfSomethingElseIsLeftAlone(t *testing.T) {
	x := lexicon("紛失", "分析")
	for why, kana := range map[string]string{
		"nothing":                           "",
		"signs alone":                       "、。",
		"another sentence":                  "フンシツ、フンシツ、フンシツ、フンシツ、フンシツ、フンシツ",
		"the words that are written":        "かーどをぶんせきしました",
		"as far from one as from the other": "かーどをかたつむりしました",
	} {
		if got := aloudIn(x, lost, kana); len(got) != 0 {
			t.Errorf("%s: %q", why, got)
		}
	}
}

func TestOneOfTheShopsWordsThatWasHeardAloudStays(t *testing.T) {
	if got := aloudIn(lexicon("何回", "何階"), "これは何回ですか", "これはなんかいですか"); len(got) != 0 {
		t.Errorf("何階 is sought: %q", got)
	}
	if got := aloudIn(lexicon("何回", "何階"), "これは何回ですか", "これはなんがいですか"); !slices.Equal(got, []string{"これは何階ですか"}) {
		t.Errorf("%q", got)
	}
}

func TestAWordHeardAloudIsScoredAndPutInWhenItIsWorthIt(t *testing.T) {
	x := lexicon("紛失", "カード")
	for score, want := range map[float64]string{-3: lostRight, -9: lostRight, -40: lost} {
		s := heard(lost, -3.5)
		s.outcomes[0].kana = lostAloud
		s.scores[lostRight] = score
		if got := transcribed(t, s, "ja", Options{Words: x}); got.Text != want || len(s.asked) != 1 || !s.asked[0].aloud {
			t.Errorf("%g: %+v, asked %+v", score, got, s.asked)
		}
	}
}

func TestAClipIsHeardAloudOnlyWhereWordsMayBeSoughtInIt(t *testing.T) {
	for why, o := range map[string]Options{"a partial": {Words: lexicon("紛失"), Partial: true}, "no words": {}} {
		s := heard(lost, -3.5)
		transcribed(t, s, "ja", o)
		if s.asked[0].aloud {
			t.Error(why)
		}
	}
}

func TestWordsHeardAloudLieWithinTheText(t *testing.T) {
	x := lexicon(shopWords...)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(rapid.SampledFrom([]rune("営業時間駐車場両修書面前免税返品へんぴノート、。 9Aかを👪")), 0, 14, -1).Draw(t, "text")
		kana := rapid.StringOfN(rapid.SampledFrom([]rune("えいぎょうじかんちゅしゃりへぴメンゼー、。")), 0, 14, -1).Draw(t, "kana")
		for _, n := range x.nearAloud(text, kana, x.hearings(text)) {
			if n.from < 0 || n.to <= n.from || n.to > len([]rune(text)) || !strings.Contains(n.in(text), n.text) || strings.Contains(bare(text), n.bare) {
				t.Fatalf("%+v", n)
			}
			if n.better <= 0 || n.distance < 0 || n.distance > 1 {
				t.Fatalf("%+v", n)
			}
		}
	})
}

func TestKanaTokensHoldKanaAlone(t *testing.T) {
	for token, want := range map[string]int{
		"か": 1, "ですか": 1, "カード": 1, "ー": 1, "、": 2, "。": 2, "は、": 1,
		"": 0, "駐": 0, "か車": 0, "a": 0, "?": 0, " か": 0, "\xe3\x81": 0, "・": 0,
	} {
		if got := mayBeKana(token); got != want {
			t.Errorf("%q: %d instead of %d", token, got, want)
		}
	}
}
