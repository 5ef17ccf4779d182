package reading

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/ikawaha/kagome-dict/ipa"
	"github.com/ikawaha/kagome/v2/tokenizer"
)

// rulesVersion changes whenever the rules in this package may read the same text
// differently. The lexicon counts by itself.
const rulesVersion = "2"

// Version names the readings that this package gives: the rules and the content
// of the lexicon. Stored speech of another version is stale.
var Version = sync.OnceValue(func() string {
	sum := sha256.Sum256([]byte(lexiconFile))
	return rulesVersion + "-" + hex.EncodeToString(sum[:4])
})

// A Token is a word of a text, or a whole number with its counter, or a Latin
// name. Start and End are byte offsets into the text that was analysed.
type Token struct {
	Surface string
	Base    string // dictionary form; for numbers the digits with the counter (2階)
	POS     string // part of speech in the IPA dictionary's terms: 名詞, 動詞, 助詞 …
	Sub     string // first subclass of POS: 固有名詞, 格助詞, 数 … 英字 for Latin words
	Reading string // katakana as spelled (エイギョウ); "" where unknown
	Pron    string // katakana as spoken (エイギョー, は as ワ); "" where unknown
	Start   int
	End     int
	Pieces  []Piece // the parts of a number in kanji with their sounds; nil for words
}

// An Analyzer splits text into words and knows how they are read. It may be
// used by many goroutines at once.
type Analyzer struct {
	words *tokenizer.Tokenizer
}

// NewAnalyzer loads the dictionary: 0.6 s and 150 MB on a 2-core Xeon. Use
// [Default], which does it once.
func NewAnalyzer() (*Analyzer, error) {
	t, err := tokenizer.New(ipa.Dict(), tokenizer.OmitBosEos())
	if err != nil {
		return nil, fmt.Errorf("load the Japanese dictionary: %w", err)
	}
	return &Analyzer{words: t}, nil
}

var defaultAnalyzer = sync.OnceValue(func() *Analyzer {
	a, err := NewAnalyzer()
	if err != nil {
		// The dictionary is part of the program: only a broken build gets here.
		panic(err)
	}
	return a
})

// Default returns the process's analyser and loads it on the first call.
func Default() *Analyzer { return defaultAnalyzer() }

// Warm starts loading the default analyser in the background, so that the 0.6 s
// pass while other engines load.
func Warm() { go Default() }

// Analyze splits text into tokens that cover it in order; white space lies
// between tokens. Readings are best on text that went through [Normalize].
func (a *Analyzer) Analyze(text string) []Token {
	raw := a.split(text, 0)
	spans := a.spans(text, raw)
	out := make([]Token, 0, len(raw))
	k := 0
	for _, s := range spans {
		for k < len(raw) && raw[k].End <= s.start {
			out = append(out, raw[k])
			k++
		}
		if k < len(raw) && raw[k].Start < s.start {
			out = append(out, a.split(text[raw[k].Start:s.start], raw[k].Start)...)
		}
		out = append(out, spanToken(text, s))
		for k < len(raw) && raw[k].End <= s.end {
			k++
		}
		if k < len(raw) && raw[k].Start < s.end {
			// A word that sticks out of the span is looked up again without
			// its head.
			rest := a.split(text[s.end:raw[k].End], s.end)
			raw = slices.Replace(raw, k, k+1, rest...)
		}
	}
	out = append(out, raw[k:]...)
	out = slices.DeleteFunc(out, func(t Token) bool { return strings.TrimSpace(t.Surface) == "" })
	settle(out)
	return out
}

func spanToken(text string, s span) Token {
	kana := Kana(s.pieces)
	pos := "名詞"
	return Token{
		Surface: text[s.start:s.end], Base: s.base, POS: pos, Sub: s.sub,
		Reading: kana, Pron: kana, Start: s.start, End: s.end, Pieces: s.pieces,
	}
}

// split runs the dictionary over text, which begins at byte offset of the whole.
func (a *Analyzer) split(text string, offset int) []Token {
	found := a.words.Tokenize(text)
	out := make([]Token, 0, len(found))
	at := 0
	for _, w := range found {
		if w.Surface == "" {
			continue
		}
		// kagome counts runes where bytes are invalid; the surface tells where it is.
		if i := strings.Index(text[at:], w.Surface); i > 0 {
			at += i
		}
		t := Token{Surface: w.Surface, Base: w.Surface, Start: offset + at, End: offset + at + len(w.Surface)}
		at += len(w.Surface)
		if pos := w.POS(); len(pos) > 0 {
			t.POS = pos[0]
			if len(pos) > 1 && pos[1] != "*" {
				t.Sub = pos[1]
			}
			if len(pos) > 2 && pos[2] == "助数詞" {
				t.Sub = "助数詞"
			}
		}
		if base, ok := w.BaseForm(); ok && base != "*" {
			t.Base = base
		}
		if r, ok := w.Reading(); ok && r != "*" {
			t.Reading = r
		}
		if p, ok := w.Pronunciation(); ok && p != "*" {
			t.Pron = p
		}
		if t.POS == "記号" {
			t.Reading, t.Pron = "", ""
		}
		if t.Pron == "" && t.POS != "記号" {
			t.Reading = a.unknown(w.Surface)
			t.Pron = t.Reading
		}
		t.Pron = spokenForm(t)
		out = append(out, t)
	}
	return out
}

// unknown reads a word that the dictionary does not hold: kana as they are,
// kanji one by one.
func (a *Analyzer) unknown(surface string) string {
	if allKana(surface) {
		return ToKatakana(surface)
	}
	if utf8.RuneCountInString(surface) < 2 {
		return ""
	}
	var b strings.Builder
	for _, r := range surface {
		if isKana(r) {
			b.WriteString(ToKatakana(string(r)))
			continue
		}
		if r < utf8.RuneSelf {
			continue
		}
		for _, w := range a.words.Tokenize(string(r)) {
			if p, ok := w.Pronunciation(); ok && p != "*" && allKana(p) {
				b.WriteString(p)
			}
		}
	}
	return b.String()
}

// spokenForm finishes the dictionary's pronunciation: ヲ is オ, and エ row + イ
// inside a noun is a long vowel (営業 エーギョー), which the dictionary leaves out.
func spokenForm(t Token) string {
	p := strings.ReplaceAll(t.Pron, "ヲ", "オ")
	if t.POS != "名詞" && t.POS != "副詞" && t.POS != "接頭詞" || noLengthening[t.Surface] || allKana(t.Surface) {
		return p
	}
	return lengthenE(p)
}

const eRow = "エケセテネヘメレゲゼデベペ"

func lengthenE(p string) string {
	rs := []rune(p)
	for i := 1; i < len(rs); i++ {
		if rs[i] != 'イ' {
			continue
		}
		if strings.ContainsRune(eRow, rs[i-1]) || rs[i-1] == 'ェ' {
			rs[i] = 'ー'
		}
	}
	return string(rs)
}

// spans finds numbers, Latin words and lexicon entries from left to right.
func (a *Analyzer) spans(text string, raw []Token) []span {
	e := expressionReader{text: text, boundary: map[int]bool{0: true, len(text): true}, numeral: map[int]bool{}}
	for _, t := range raw {
		e.boundary[t.Start], e.boundary[t.End] = true, true
		if t.Sub == subNumber {
			if r, _ := utf8.DecodeRuneInString(t.Surface); isNumeral(r) {
				e.numeral[t.Start] = true
			}
		}
	}
	lower := asciiLower(text)
	var out []span
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		var before *span
		if n := len(out); n > 0 && out[n-1].end == i {
			before = &out[n-1]
		}
		s, ok := e.word(lower, i, before != nil)
		if !ok {
			s, ok = e.at(i, before)
		}
		if !ok && r == '〜' {
			s, ok = e.wave(i, size, before)
		}
		if !ok || s.end <= i {
			i += size
			continue
		}
		out = append(out, s)
		i = s.end
	}
	return out
}

// word looks the lexicon up at byte i; behind another span a word may begin
// although the dictionary sees none.
func (e *expressionReader) word(lower string, i int, behindSpan bool) (span, bool) {
	if i > 0 && isLetter(lower[i-1]) && isLetter(lower[i]) {
		return span{}, false
	}
	rest := lower[i:]
	start := behindSpan || e.boundary[i] || isLetter(lower[i])
	if !start {
		return span{}, false
	}
	ends := lexiconLengths[firstRune(rest)]
	for _, n := range ends {
		if n > len(rest) {
			continue
		}
		kana, ok := lexicon[rest[:n]]
		if !ok || !e.edge(rest, i, n) {
			continue
		}
		s := span{start: i, end: i + n, base: rest[:n], sub: subWord, pieces: []Piece{{e.text[i : i+n], kana}}}
		if isLetter(lower[i]) {
			s.sub = subLatin
		}
		return s, true
	}
	return span{}, false
}

// edge tells whether a lexicon entry of n bytes at i ends where a word ends.
func (e *expressionReader) edge(rest string, i, n int) bool {
	if n == len(rest) {
		return true
	}
	if isSign(firstRune(rest)) {
		return true
	}
	if isLetter(rest[n-1]) {
		return !isLetter(rest[n]) && !(rest[n] == '-' && n+1 < len(rest) && isDigit(rest[n+1]))
	}
	return e.boundary[i+n]
}

// wave reads 〜 as カラ where it joins two ends (9時〜18時, 月〜金, 10,000円〜).
func (e *expressionReader) wave(i, size int, before *span) (span, bool) {
	after := e.text[i+size:]
	next, _ := utf8.DecodeRuneInString(after)
	s := span{start: i, end: i + size, pieces: []Piece{{"から", "カラ"}}, base: "から", sub: subWord}
	switch {
	case before != nil && before.sub == subNumber:
		return s, true
	case i == 0 || after == "":
		return span{}, false
	case next >= '0' && next <= '9', isNumeral(next), next == '¥':
		return s, true
	}
	for _, head := range []string{"午前", "午後", "翌", "約", "第", "正午", "深夜"} {
		if strings.HasPrefix(after, head) {
			return s, true
		}
	}
	prev := lastRune(e.text[:i])
	if isHan(prev) && isHan(next) {
		return s, true
	}
	return span{}, false
}

// isSign tells a symbol, which is a word wherever it stands.
func isSign(r rune) bool { return unicode.In(r, unicode.S) || strings.ContainsRune("&@#%", r) }

func isHan(r rune) bool { return r >= 0x4E00 && r <= 0x9FFF }

func isNumeral(r rune) bool {
	_, a := kanjiDigits[r]
	_, b := kanjiPlaces[r]
	return a || b
}

func firstRune(s string) rune {
	r, _ := utf8.DecodeRuneInString(s)
	return r
}

// asciiLower lowers ASCII letters only, so that byte offsets stay.
func asciiLower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// Katakana reads text aloud: the sounds of all its words in katakana, without
// spaces and punctuation. Numbers and Latin names are read, so 5階 and ごかい
// give the same. The text is normalised first.
func (a *Analyzer) Katakana(text string) string {
	var b strings.Builder
	for _, t := range a.Analyze(Normalize(text)) {
		b.WriteString(onlyKana(t.Pron))
	}
	return b.String()
}

// Hiragana is [Analyzer.Katakana] in hiragana.
func (a *Analyzer) Hiragana(text string) string { return ToHiragana(a.Katakana(text)) }
