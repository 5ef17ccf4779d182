package asr

import (
	"cmp"
	"math/bits"
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
		beats := firmBeats(kana)
		if beats < shortestNear || utf8.RuneCountInString(key) < 2 || strings.ContainsFunc(kana, notKatakana) {
			continue
		}
		word := soundedAs(text, kana)
		// Of words with one sound (返品, へんぴん) one is enough, best the one that is not spelled out.
		if i, ok := sounds[kana]; ok {
			if allHiragana(x.words[i].text) && !allHiragana(text) {
				x.words[i] = word
			}
			if allHiragana(text) || allHiragana(x.words[i].text) {
				continue
			}
		}
		sounds[kana] = len(x.words)
		x.words = append(x.words, word)
	}
	return x
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

const (
	// shortestNear is how many firm beats a word needs to be sought by sound: shorter ones sound like half the language.
	shortestNear = 3
	// nearSound is how far, by reading.Within, a stretch may sound from a word that it may be.
	nearSound = 0.32
	// nearShort and nearMiddle bound the same, in beats, for words of three and four firm beats.
	nearShort, nearMiddle = 0.6, 1.1
	// nearAlike is how far a word may sound from a stretch that has as many letters and some of them in the same places:
	// characters that make no word together are read by guess (両修書 for 領収書).
	nearAlike = 0.6
	// mostNear bounds the words that one transcript calls up.
	mostNear = 6
	// mostCorrected bounds the words that are put into the text.
	mostCorrected = 2
	// commonWords stand before them in a focused prompt.
	commonWords = 4
)

// near is a word that may have been said where a transcript has something else.
type near struct {
	*sounded
	distance   float64
	start, end int // of the stretch in the transcript's kana
}

// near returns the words that are not in text but sound like a stretch of it, the likeliest first.
func (x *Lexicon) near(text string) []near {
	letters, kana := bare(text), x.sound(text)
	kinds, runes := beatsOf(kana), []rune(letters)
	var all []near
	type stretch struct{ start, end int }
	var written []stretch
	for i := range x.words {
		w := &x.words[i]
		if strings.Contains(letters, w.bare) {
			if at := strings.Index(kana, w.kana); at >= 0 {
				written = append(written, stretch{at, at + len(w.kana)})
			}
			continue
		}
		limit := nearSound
		switch w.firm {
		case 3:
			limit = min(limit, nearShort/w.beats)
		case 4:
			limit = min(limit, nearMiddle/w.beats)
		}
		switch {
		case alike(w.letters, runes):
			limit = nearAlike
		case 3*bits.OnesCount64(w.kinds&^kinds) > bits.OnesCount64(w.kinds)+1:
			continue
		}
		if m := reading.Within(w.kana, kana); m.Distance <= limit && m.End > m.Start {
			all = append(all, near{w, m.Distance, m.Start, m.End})
		}
	}
	// A stretch that is one of the shop's words as it stands was heard well, unless another sounds the same (何回, 何階).
	all = slices.DeleteFunc(all, func(n near) bool {
		return slices.ContainsFunc(written, func(s stretch) bool { return s.start <= n.start && n.end <= s.end && n.distance > 0 })
	})
	slices.SortStableFunc(all, func(a, b near) int { return cmp.Compare(b.gain(), a.gain()) })
	if len(all) > mostNear {
		all = all[:mostNear]
	}
	return all
}

// gain orders near words: beats that agree.
func (n near) gain() float64 { return n.beats * (1 - 2*n.distance) }

// alike tells whether a stretch of text has a third of the letters of word in their places, Chinese ones at that.
func alike(word, text []rune) bool {
	if len(word) < 3 || len(word) > 6 || !unicode.Is(unicode.Han, word[0]) {
		return false
	}
	for at := 0; at+len(word) <= len(text); at++ {
		same := 0
		for i, r := range word {
			if r == text[at+i] && unicode.Is(unicode.Han, r) {
				same++
			} else if unicode.Is(unicode.Hiragana, text[at+i]) != unicode.Is(unicode.Hiragana, r) {
				same = -len(word)
			}
		}
		if same*3 >= len(word) {
			return true
		}
	}
	return false
}

// Focus is the prompt for a decode of speech of which text was heard before: the shop's words that sound like a stretch of
// it stand at the end, where the decoder's attention is strongest, behind those of its own words that text holds and a few
// that are common. Without such words it is Prompt.
func (x *Lexicon) Focus(text string) string {
	likely := x.near(text)
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

// corrected is text with likely words, the likeliest first, in the place of what sounds like them.
func (x *Lexicon) corrected(text string, likely []near) string {
	runes := []rune(text)
	ends := make([]int, len(runes)+1) // where each letter's sound ends
	for i := range runes {
		ends[i+1] = len(x.sound(string(runes[:i+1])))
	}
	taken := make([]bool, len(runes))
	at := map[int]string{}
	for _, n := range likely {
		if len(at) == mostCorrected {
			break
		}
		from, to := -1, -1
		for i := range runes {
			if from < 0 && ends[i+1] > n.start {
				from = i
			}
			if to < 0 && ends[i+1] >= n.end {
				to = i + 1
			}
		}
		if from < 0 || to <= from || slices.Contains(taken[from:to], true) || !n.replaces(string(runes[from:to])) {
			continue
		}
		for i := from; i < to; i++ {
			taken[i] = true
		}
		at[from] = n.text
	}
	var b strings.Builder
	for i, r := range runes {
		b.WriteString(at[i])
		if !taken[i] {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// replaces tells whether n is near enough to stand in the place of letters. What is written in hiragana is mostly grammar
// (ますか is no マスカラ).
func (n near) replaces(letters string) bool {
	switch {
	case n.distance > 0.2:
		return false
	case allHiragana(letters):
		return n.firm >= 5 && n.distance <= 0.2
	}
	return n.firm >= 4 || n.distance <= 0.15
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
