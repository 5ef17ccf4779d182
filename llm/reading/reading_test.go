package reading

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestSentencesAreReadAsTheyAreSpoken(t *testing.T) {
	a := Default()
	for text, want := range map[string]string{
		"営業時間は午前9時から午後8時30分までです。":    "エーギョージカンワゴゼンクジカラゴゴハチジサンジュップンマデデス",
		"合計で12,345円になります。":           "ゴーケーデイチマンニセンサンビャクヨンジューゴエンニナリマス",
		"4月1日から7月20日まで":              "シガツツイタチカラシチガツハツカマデ",
		"お電話番号は03-1234-5678です。":      "オデンワバンゴーワゼロサンイチニーサンヨンゴーロクナナハチデス",
		"1杯300円、2杯で500円、3杯なら800円です。": "イッパイサンビャクエンニハイデゴヒャクエンサンバイナラハッピャクエンデス",
		"こちらは3階、お手洗いの隣です。":           "コチラワサンガイオテアライノトナリデス",
		"PayPayは使えますか":               "ペイペイワツカエマスカ",
		"何時まで":                       "ナンジマデ",
		"お一人様３点まで":                   "オヒトリサマサンテンマデ",
		"２名様で30%引き、入店":               "ニメーサマデサンジュッパーセントビキニューテン",
		"B1Fと1F":                     "チカイッカイトイッカイ",
		"7日間で2足、8軒":                  "ナノカカンデニソクハッケン",
		"10:00〜20:30":                "ジュージカラニジュージサンジュップン",
		"2024/11/22(金)":              "ニセンニジューヨネンジューイチガツニジューニニチキンヨービ",
		"表の料金表と裏の時刻表":                "オモテノリョーキンヒョートウラノジコクヒョー",
		"通帳と長靴は出口で":                  "ツーチョートナガグツワデグチデ",
		"何文字、2文字、10文字まで":             "ナンモジニモジジューモジマデ",
		"小型犬と除細動器":                   "コガタケントジョサイドーキ",
		"25.5度、0.5kg、-5℃":            "ニジューゴーテンゴドレーテンゴキログラムマイナスゴド",
	} {
		if got := a.Katakana(text); got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
}

func TestDigitsKanjiAndFullWidthMeet(t *testing.T) {
	a := Default()
	for _, same := range [][]string{
		{"5階", "５階", "五階", "ごかい"},
		{"1,280円", "1280円", "千二百八十円", "￥1,280"},
		{"1万2千円", "12000円", "12,000円", "一万二千円"},
		{"何階", "なんがい"},
	} {
		want := a.Katakana(same[0])
		for _, s := range same[1:] {
			if got := a.Katakana(s); got != want {
				t.Errorf("%s is %s, but %s is %s", same[0], want, s, got)
			}
		}
	}
}

func TestContentWordsLeaveOutWhatEveryQuestionHas(t *testing.T) {
	a := Default()
	for text, want := range map[string][]string{
		"２階のトイレはどこにありますか？":    {"2階", "トイレ"},
		"クレジットカードは使えますか":      {"クレジットカード", "使える"},
		"Wi-Fiのパスワードを教えてください": {"wi-fi", "パスワード", "教える"},
		"すみません、傘を売っているところはどこ": {"傘", "売る"},
	} {
		if got := a.ContentWords(text); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}

func TestTokensCoverTheTextInOrder(t *testing.T) {
	a := Default()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(japanese(), rapid.String()).Draw(t, "text")
		at := 0
		for _, tok := range a.Analyze(text) {
			if tok.Start < at || tok.End > len(text) || tok.Start >= tok.End {
				t.Fatalf("token %+v begins before %d or is empty", tok, at)
			}
			if text[tok.Start:tok.End] != tok.Surface {
				t.Fatalf("token %+v is not at its place: %q", tok, text[tok.Start:tok.End])
			}
			at = tok.End
		}
	})
}

func TestReadingsHoldNothingButKatakana(t *testing.T) {
	a := Default()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(japanese(), rapid.String()).Draw(t, "text")
		if k := a.Katakana(text); k != "" && !allKana(k) || strings.ContainsAny(k, "あいうえお") {
			t.Fatalf("%q is read %q", text, k)
		}
	})
}

func TestNormalizeIsIdempotent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(japanese(), rapid.String()).Draw(t, "text")
		once := Normalize(text)
		if twice := Normalize(once); twice != once {
			t.Fatalf("%q becomes %q, then %q", text, once, twice)
		}
	})
}

func TestNormalizeUnifiesSpellings(t *testing.T) {
	for text, want := range map[string]string{
		"ﾎﾟｲﾝﾄｶｰﾄﾞ":       "ポイントカード",
		"　１０時〜　２０時　":      "10時〜 20時",
		"コ―ヒ-":            "コーヒー",
		"9～18時":           "9〜18時",
		"03−1234―5678":    "03-1234-5678",
		"a\u200bb\x00c":   "abc",
		"トイレ\r\n\tはどこ ":   "トイレ はどこ",
		"\xff\xfeABC\xe3": "ABC",
	} {
		if got := Normalize(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func FuzzAnalyze(f *testing.F) {
	for _, s := range []string{"1,2,3円", "何時〜", "0.0.0.0", "¥", "〒12", "B0F-9", "\xff3階", "10/32(月)", "一千万億", "9999999999999999999999円"} {
		f.Add(s)
	}
	a := Default()
	f.Fuzz(func(t *testing.T, s string) {
		for _, tok := range a.Analyze(s) {
			if s[tok.Start:tok.End] != tok.Surface {
				t.Fatalf("%+v is not at its place", tok)
			}
		}
		if !utf8.ValidString(a.Katakana(s)) {
			t.Fatal("reading is not UTF-8")
		}
		if n := Normalize(s); Normalize(n) != n {
			t.Fatalf("%q is not stable", n)
		}
		_ = a.ContentWords(s)
	})
}

// japanese draws text of the characters that numbers and readings are made of.
func japanese() *rapid.Generator[string] {
	return rapid.StringOfN(rapid.SampledFrom([]rune("0123456789０９一二三十百千万億何時分日月年円階本匹人名様つ間目半%-/:.,〜ー、。 ()¥〒BFAaxkgはのがをへ店員営業あいっょアッャーヴ")), 0, 24, -1)
}

func TestTheLexiconHoldsNormalisedKeysAndPlainKatakana(t *testing.T) {
	if len(lexicon) < 300 {
		t.Fatalf("only %d entries", len(lexicon))
	}
	for written, kana := range lexicon {
		if asciiLower(Normalize(written)) != written {
			t.Errorf("%q is not normalised: it can never match", written)
		}
		if !allKana(kana) || ToKatakana(kana) != kana {
			t.Errorf("%q is read %q", written, kana)
		}
	}
}

func TestEveryCounterIsNormalisedAndReadInKatakana(t *testing.T) {
	for name, c := range counters {
		if n := asciiLower(Normalize(name)); n != name || !allKana(c.kana) {
			t.Errorf("%q (%q) is read %q", name, n, c.kana)
		}
		if utf8.RuneCountInString(name) > longestCounter {
			t.Errorf("%q is longer than %d", name, longestCounter)
		}
		if asciiLower(name) != name {
			t.Errorf("%q is not in lower case: it can never match", name)
		}
	}
}

// The table holds what the changes of sound give for 1 to 10 in careful speech;
// some counters have a second form (ハチカイ, ジッポン) that is as right.
func TestCountersChangeTheNumbersBeforeThem(t *testing.T) {
	a := Default()
	for counter, want := range map[string]string{
		"本": "イッポン ニホン サンボン ヨンホン ゴホン ロッポン ナナホン ハッポン キューホン ジュッポン",
		"杯": "イッパイ ニハイ サンバイ ヨンハイ ゴハイ ロッパイ ナナハイ ハッパイ キューハイ ジュッパイ",
		"匹": "イッピキ ニヒキ サンビキ ヨンヒキ ゴヒキ ロッピキ ナナヒキ ハッピキ キューヒキ ジュッピキ",
		"分": "イップン ニフン サンプン ヨンプン ゴフン ロップン ナナフン ハップン キューフン ジュップン",
		"階": "イッカイ ニカイ サンガイ ヨンカイ ゴカイ ロッカイ ナナカイ ハッカイ キューカイ ジュッカイ",
		"歳": "イッサイ ニサイ サンサイ ヨンサイ ゴサイ ロクサイ ナナサイ ハッサイ キューサイ ジュッサイ",
		"月": "イチガツ ニガツ サンガツ シガツ ゴガツ ロクガツ シチガツ ハチガツ クガツ ジューガツ",
		"時": "イチジ ニジ サンジ ヨジ ゴジ ロクジ シチジ ハチジ クジ ジュージ",
		"円": "イチエン ニエン サンエン ヨエン ゴエン ロクエン ナナエン ハチエン キューエン ジューエン",
		"個": "イッコ ニコ サンコ ヨンコ ゴコ ロッコ ナナコ ハッコ キューコ ジュッコ",
		"枚": "イチマイ ニマイ サンマイ ヨンマイ ゴマイ ロクマイ ナナマイ ハチマイ キューマイ ジューマイ",
		"冊": "イッサツ ニサツ サンサツ ヨンサツ ゴサツ ロクサツ ナナサツ ハッサツ キューサツ ジュッサツ",
		"人": "ヒトリ フタリ サンニン ヨニン ゴニン ロクニン シチニン ハチニン キューニン ジューニン",
		"つ": "ヒトツ フタツ ミッツ ヨッツ イツツ ムッツ ナナツ ヤッツ ココノツ",
		"足": "イッソク ニソク サンゾク ヨンソク ゴソク ロクソク ナナソク ハッソク キューソク ジュッソク",
		"軒": "イッケン ニケン サンゲン ヨンケン ゴケン ロッケン ナナケン ハッケン キューケン ジュッケン",
		"箱": "ヒトハコ フタハコ サンハコ ヨンハコ ゴハコ ロッパコ ナナハコ ハッパコ キューハコ ジュッパコ",
		"回": "イッカイ ニカイ サンカイ ヨンカイ ゴカイ ロッカイ ナナカイ ハッカイ キューカイ ジュッカイ",
		"点": "イッテン ニテン サンテン ヨンテン ゴテン ロクテン ナナテン ハッテン キューテン ジュッテン",
		"泊": "イッパク ニハク サンパク ヨンパク ゴハク ロッパク ナナハク ハッパク キューハク ジュッパク",
	} {
		for i, kana := range strings.Fields(want) {
			text := strconv.Itoa(i+1) + counter
			if got := a.Katakana(text); got != kana {
				t.Errorf("%s: got %s, want %s", text, got, kana)
			}
		}
	}
}

func TestIntegersAreReadWithTheirPlaces(t *testing.T) {
	for n, want := range map[uint64]string{
		0: "ゼロ", 10: "ジュー", 100: "ヒャク", 300: "サンビャク", 1000: "セン", 3600: "サンゼンロッピャク", 8888: "ハッセンハッピャクハチジューハチ",
		10000: "イチマン", 10_000_000: "イッセンマン", 100_000_000: "イチオク", 1_0000_0000_0000: "イッチョー", 10_0000_0000_0000: "ジュッチョー",
	} {
		if got := Kana(Integer(n)); got != want {
			t.Errorf("%d: got %s, want %s", n, got, want)
		}
	}
}

func TestLongTextsAreReadInFull(t *testing.T) {
	a := Default()
	for _, part := range []string{"あ", "1", "1,", "0-", "何", "B1", "漢", "〜", "3階", "ー", "x", "9/"} {
		text := strings.Repeat(part, 3_000)
		tokens := a.Analyze(text)
		if len(tokens) == 0 || tokens[len(tokens)-1].End != len(text) {
			t.Errorf("%s… ends early", part)
		}
	}
}
