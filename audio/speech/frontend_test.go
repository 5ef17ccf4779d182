package speech

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"tenin/llm/reading"
)

// golden are phonemes that OpenJTalk's readings give with the voice model's own
// romaniser. Only the pauses in the telephone number are ours.
var golden = map[string]string{
	"営業時間は午前9時から午後8時30分までです。":    "eːɡʲoː ʥikaɴ βa ɡoʣeɴ kɯʥi kaɾa ɡoɡo haʨiʥi saɲʥɨʔpɯɴ made desɨ.",
	"合計で12,345円になります。":           "ɡoːkeː de iʨimaɴ ɲi seɴ saɴ bʲakɯ joɲʥɨː ɡo eɴ ɲi naɾʲimasɨ.",
	"4月1日から7月20日までのキャンペーンです。":    "ɕiɡaʦɨ ʦɨitaʨi kaɾa ɕiʨiɡaʦɨ haʦɨka made no kʲampeːɴ desɨ.",
	"お電話番号は03-1234-5678です。":      "o deɴβa baŋɡoː βa ʣeɾo saɴ, iʨi ɲiː saɴ joɴ, ɡoː ɾokɯ nana haʨi desɨ.",
	"1杯300円、2杯で500円、3杯なら800円です。": "iʔpai saɴ bʲakɯ eɴ, ɲi hai de ɡoçakɯ eɴ, saɴ bai naɾa haʔpʲakɯ eɴ desɨ.",
	"こちらは3階、お手洗いの隣です。":           "koʨiɾa βa saɴ ɡai, oteaɾai no tonaɾʲi desɨ.",
}

// joined are the words of the golden sentences whose parts are spoken as one.
const joined = "営業\n九時\n八時\n三十分\n一万\n四十\n四月\n七月\n一杯\n五百\n八百\nお手洗い\nなります\n"

func testFrontEnd(t testing.TB) *FrontEnd {
	f, err := NewFrontEnd(reading.Default(), strings.NewReader(joined))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestGoldenPhonemesApartFromGrouping(t *testing.T) {
	f := testFrontEnd(t)
	for text, want := range golden {
		got := f.Phonemes(text)
		if strings.ReplaceAll(got, " ", "") != strings.ReplaceAll(want, " ", "") {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
}

func TestAParticleBeginsNoWordAndADrawnOutVerbStaysWhole(t *testing.T) {
	f, err := NewFrontEnd(reading.Default(), strings.NewReader("はし\nをし\nもし\nうか\nになって\nには\nして\n"))
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"配達はしています": "haitaʦɨ βa ɕite i masɨ",
		"相談をしたい":   "soːdaɴ o ɕi tai",
		"掃除もしたい":   "soːʥi mo ɕi tai",
		"迷子になって":   "maiɡo ɲi naʔte",
		"店には":      "mʲise ɲiβa",
		"何階でしょうか":  "naɴ ɡai deɕoː ka",
		"行きましょう":   "ikʲi maɕoː",
	} {
		if got := f.Phonemes(text); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

func TestNIsArticulatedWhereTheNextSoundIs(t *testing.T) {
	for kana, want := range map[string]string{
		"さんぽ": "sampo", "さんか": "saŋka", "さんち": "saɲʨi", "さんど": "sando", "さんわ": "saɴβa", "ほん": "hoɴ", "さんざ": "saɴʣa",
		"キャッチ": "kʲaʔʨi", "ファックス": "ɸaʔkɯsɨ", "パーティー": "paːtʲiː", "ヴァイオリン": "vaioɾʲiɴ", "ウォーター": "βoːtaː", "スァ": "sa", "ッ": "ʔ", "ー": "ː",
	} {
		if got := phonemesOf(kana); got != want {
			t.Errorf("%s: got %s, want %s", kana, got, want)
		}
	}
}

func TestSayKeepsPausesAndReadsEverything(t *testing.T) {
	f := testFrontEnd(t)
	for text, want := range map[string]string{
		"PayPayは使えます。税込1,100円です！": "ペイペイワツカエマス。ゼーコミセンヒャクエンデス！",
		"www.tenin.jpです. はい":      "ダブリューダブリューダブリュードットテニンドットジェーピーデス。ハイ",
		"1階\n2階":                  "イッカイニカイ",
		"(B1F) 食品売り場":             "、チカイッカイ、ショクヒンウリバ",
	} {
		if got := f.Say(text); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

func TestTheFirstChunkIsShortAndAllStayInTheModelsLimits(t *testing.T) {
	f := testFrontEnd(t)
	chunks := f.chunks("本日はご来店いただきまして、誠にありがとうございます。当店の営業時間は午前10時から午後8時までとなっておりますので、お時間に余裕をもってお越しください。")
	if len(chunks) < 4 || chunks[0].morae > firstMorae || chunks[0].pause != commaPause || chunks[len(chunks)-1].pause != 0 {
		t.Errorf("%+v", chunks)
	}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringOfN(rapid.SampledFrom([]rune("あいうんっーゃアッ店員営業時間は、。!?「」3階20日 ABc-\n・…")), 0, 200, -1)).Draw(t, "text")
		for _, c := range f.chunks(text) {
			if n := utf8.RuneCountInString(c.phonemes); n > maxPhonemes || n == 0 {
				t.Fatalf("%d phonemes in a chunk of %q", n, text)
			}
			if c.morae > 2*chunkMorae {
				t.Fatalf("%d beats in a chunk of %q", c.morae, text)
			}
		}
	})
}

func TestCuttingLosesNoSound(t *testing.T) {
	f := testFrontEnd(t)
	r := rand.New(rand.NewPCG(1, 2))
	words := []string{"営業時間は", "午前9時から", "お手洗いの", "隣に", "あります。", "ですので、", "PayPayと", "12,345円", "「売り場」", "ですか？"}
	for range 200 {
		var text strings.Builder
		for range 1 + r.IntN(30) {
			text.WriteString(words[r.IntN(len(words))])
		}
		total := 0
		for _, c := range f.chunks(text.String()) {
			total += c.morae
		}
		if want := reading.Morae(strings.Map(func(r rune) rune {
			if strings.ContainsRune("、。？！「」・", r) {
				return -1
			}
			return r
		}, f.Say(text.String()))); total != want {
			t.Fatalf("%d beats of %d are spoken: %s", total, want, text.String())
		}
	}
}

func FuzzChunks(f *testing.F) {
	for _, s := range []string{"3階です。", "っっっ、ーーー", "「」()", "¥1,280〜", "Wi-Fi\nB1F"} {
		f.Add(s)
	}
	front := testFrontEnd(f)
	f.Fuzz(func(t *testing.T, text string) {
		for _, c := range front.chunks(text) {
			if n := utf8.RuneCountInString(c.phonemes); n == 0 || n > maxPhonemes {
				t.Fatalf("%d phonemes", n)
			}
		}
	})
}
