package asr

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"tenin/llm/reading"
)

// A Lexicon is a Vocabulary that knows how its words sound. It finds the words that a transcript may have missed, and
// makes the prompt that asks Whisper for them. It never changes, and holds nothing of what was heard.
type Lexicon struct {
	prompt string
	common []string // of the prompt, the most useful first
	words  []sounded
	sound  func(text string) string
}

// sounded is a word with its sound.
type sounded struct {
	text       string
	letters    []rune
	bare, kana string
	firm       int     // beats but ー and ッ
	beats      float64 // all, the unit of reading.Within
	kinds      uint64
}

// NewLexicon reads the words of v once. sound returns a text's reading in katakana (reading.Analyzer.Katakana), tokens
// counts as Vocabulary.Prompt wants it and may be nil, b bounds the prompts.
func NewLexicon(v Vocabulary, b Budget, tokens func(string) int, sound func(string) string) *Lexicon {
	if tokens == nil {
		tokens = estimateTokens
	}
	x := &Lexicon{prompt: v.Prompt(b, tokens), sound: sound}
	x.common = commonOf(x.prompt)
	seen := map[string]bool{}
	sounds := map[string]int{} // where a sound's word is
	for _, w := range v {
		text := strings.TrimSpace(norm.NFKC.String(w.Text))
		key := bare(text)
		if w.Weight <= 0 || seen[key] || difficulty(text) == 0 || strings.ContainsAny(text, "\n\r\t\x00、。") || strings.IndexAny(text, noBegin) == 0 {
			continue
		}
		seen[key] = true
		kana := sound(text)
		if beats := firmBeats(kana); beats < shortestNear && !drawnOut(key, kana) || utf8.RuneCountInString(key) < 2 || strings.ContainsFunc(kana, notKatakana) {
			continue
		}
		word := soundedAs(text, kana)
		// Of words with one sound (返品, へんぴん) one is enough, best the one that is not spelled out.
		if i, ok := sounds[kana]; ok {
			if allHiragana(text) {
				continue
			}
			if allHiragana(x.words[i].text) {
				x.words[i] = word
				continue
			}
		}
		sounds[kana] = len(x.words)
		x.words = append(x.words, word)
	}
	return x
}

// drawnOut tells whether a word of few firm beats is one of Chinese characters that lasts longer than it has of them.
func drawnOut(key, kana string) bool {
	return firmBeats(kana) == 2 && reading.Morae(kana) > 2 && !strings.ContainsFunc(key, func(r rune) bool { return !unicode.Is(unicode.Han, r) })
}

// noBegin are letters that no word begins with: what does is a piece of one.
const noBegin = "ーぁぃぅぇぉっゃゅょゎんァィゥェォッャュョヮン"

func allHiragana(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return !unicode.Is(unicode.Hiragana, r) && r != 'ー' })
}

// firmBeats counts the beats of kana that do not come and go: all but ー and ッ.
func firmBeats(kana string) int {
	return reading.Morae(kana) - strings.Count(kana, "ー") - strings.Count(kana, "ッ")
}

// Prompt is the prompt for a decode before anything was heard.
func (x *Lexicon) Prompt() string { return x.prompt }

func notKatakana(r rune) bool { return !unicode.Is(unicode.Katakana, r) && r != 'ー' }

// Focus is the prompt for a decode of speech of which text was heard before: the shop's words that sound like a stretch of
// it stand at the end, where the decoder's attention is strongest, behind those of its own words that text holds and a few
// that are common. Without such words it is Prompt.
func (x *Lexicon) Focus(text string) string {
	likely := slices.DeleteFunc(x.near(text, x.hearings(text)), func(n near) bool { return !n.close })
	if len(likely) == 0 {
		return x.prompt
	}
	return x.focus(text, likely)
}

func (x *Lexicon) focus(text string, likely []near) string {
	letters := bare(text)
	var words []string // the most useful first
	add := func(w string) {
		if !slices.ContainsFunc(words, func(o string) bool { return strings.Contains(o, w) }) {
			words = append(words, w)
		}
	}
	for _, n := range likely {
		add(n.text)
	}
	for i := range x.words {
		if strings.Contains(letters, x.words[i].bare) {
			add(x.words[i].text)
		}
	}
	for _, w := range x.common[:min(commonWords, len(x.common))] {
		add(w)
	}
	slices.Reverse(words)
	return strings.Join(words, "、") + "。"
}

// beatsOf is the set of kana in a reading, voiced as unvoiced and small as large, without ー, ッ and ン: it rules out most
// words before their distance is computed.
func beatsOf(kana string) uint64 {
	var s uint64
	for _, r := range kana {
		s |= beatBit[r]
	}
	return s
}

var beatBit = func() map[rune]uint64 {
	m := map[rune]uint64{}
	for i, group := range strings.Fields("アァ イィ ウゥ エェ オォ カガ キギ クグ ケゲ コゴ サザ シジヂ スズヅ セゼ ソゾ タダ チ ツ テデ トド ナ ニ ヌ ネ ノ " +
		"ハバパ ヒビピ フブプヴ ヘベペ ホボポ マ ミ ム メ モ ヤャ ユュ ヨョ ラ リ ル レ ロ ワヮ") {
		for _, r := range group {
			m[r] = 1 << i
		}
	}
	return m
}()
