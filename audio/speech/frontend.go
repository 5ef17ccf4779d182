package speech

import (
	"bufio"
	"fmt"
	"io"
	"iter"
	"strings"
	"unicode"
	"unicode/utf8"

	"tenin/llm/reading"
)

// frontEndRules changes whenever the same words may be spoken with other
// phonemes or cut at other places.
const frontEndRules = "2"

// FrontEndVersion names the way from text to phonemes: the rules of this package
// and the version of the readings.
func FrontEndVersion() string { return frontEndRules + "." + reading.Version() }

// A FrontEnd turns text into phonemes. It may be used by many goroutines.
type FrontEnd struct {
	words   *reading.Analyzer
	known   map[string]bool
	longest int // runes of the longest known word
}

// NewFrontEnd makes a front end. words lists, one a line, the words whose parts
// are spoken without a gap; nil joins nothing.
func NewFrontEnd(a *reading.Analyzer, words io.Reader) (*FrontEnd, error) {
	f := &FrontEnd{words: a, known: map[string]bool{}}
	if words == nil {
		return f, nil
	}
	s := bufio.NewScanner(words)
	for s.Scan() {
		w := strings.TrimSpace(s.Text())
		if w == "" {
			continue
		}
		f.known[w] = true
		f.longest = max(f.longest, utf8.RuneCountInString(w))
	}
	if err := s.Err(); err != nil {
		return nil, fmt.Errorf("word list: %w", err)
	}
	// No run of words in a sentence is longer in practice; it bounds the search.
	f.longest = min(f.longest, 24)
	return f, nil
}

// A node is a word or mark with its sound.
type node struct {
	written  string
	kana     string
	mark     bool // punctuation: no sound of its own
	particle bool // a word behind which a phrase may break
	joint    bool // any particle: it belongs to the word before it
}

// Say returns text as it will be spoken: katakana and punctuation, to be shown
// to whoever checks an answer.
func (f *FrontEnd) Say(text string) string {
	var b strings.Builder
	for _, sentence := range f.sentences(text) {
		for _, n := range sentence {
			b.WriteString(n.kana)
		}
	}
	return b.String()
}

// Phonemes returns what the voice model is given for text, all chunks in one.
func (f *FrontEnd) Phonemes(text string) string {
	var parts []string
	for _, sentence := range f.sentences(text) {
		if p := f.phonemes(sentence); p != "" {
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, " ")
}

// sentences splits text into sentences of nodes. A line's end ends a sentence.
func (f *FrontEnd) sentences(text string) [][]node {
	var out [][]node
	var current []node
	flush := func() {
		if hasSound(current) {
			out = append(out, current)
		}
		current = nil
	}
	for line := range lines(text) {
		for _, n := range f.nodes(reading.Normalize(line)) {
			current = append(current, n)
			if n.mark && strings.ContainsAny(n.kana, "。！？") {
				flush()
			}
		}
		flush()
	}
	return out
}

// lines yields the lines of text that are not empty.
func lines(text string) iter.Seq[string] {
	return strings.FieldsFuncSeq(text, func(r rune) bool { return r == '\n' || r == '\r' || r == '\u2028' || r == '\u2029' })
}

// nodes reads a normalised line.
func (f *FrontEnd) nodes(line string) []node {
	var out []node
	for _, t := range f.words.Analyze(line) {
		if len(t.Pieces) > 0 {
			for _, p := range t.Pieces {
				out = append(out, node{written: p.Written, kana: p.Kana, mark: p.Kana == "、"})
			}
			continue
		}
		if t.Surface == "う" && t.POS == "助動詞" && len(out) > 0 && !out[len(out)-1].mark {
			// でしょう, 行こう: it draws out the word before it, and でしょうか is no デショ, ウカ.
			last := &out[len(out)-1]
			last.written += t.Surface
			last.kana += "ー"
			continue
		}
		if t.Pron != "" {
			out = append(out, node{written: t.Surface, kana: t.Pron, particle: breaks(t), joint: t.POS == "助詞"})
			continue
		}
		if t.Surface == "." && t.End < len(line) && line[t.End] < utf8.RuneSelf && unicode.IsLetter(rune(line[t.End])) {
			out = append(out, node{written: t.Surface, kana: "ドット"}) // an address: example.jp
			continue
		}
		for _, r := range t.Surface {
			if m, ok := marks[r]; ok {
				out = append(out, node{written: m, kana: m, mark: true})
			}
		}
	}
	return out
}

// breaks tells whether a phrase may end behind t: a particle, but not の and と,
// which bind what follows.
func breaks(t reading.Token) bool {
	return t.POS == "助詞" && t.Surface != "の" && t.Surface != "と" && t.Surface != "や"
}

// marks maps punctuation to the mark that is spoken as a pause or tone; marks
// that are left out here make no difference to the ear.
var marks = map[rune]string{
	'。': "。", '．': "。", '.': "。", '!': "！", '！': "！", '?': "？", '？': "？", '、': "、", '，': "、", ',': "、", ';': "、", ':': "、",
	'「': "「", '」': "」", '『': "「", '』': "」", '・': "・", '(': "、", ')': "、", '/': "、", '…': "、", '|': "、", '【': "、", '】': "、", '[': "、", ']': "、", '〈': "「", '〉': "」", '《': "「", '》': "」",
}

func hasSound(nodes []node) bool {
	for _, n := range nodes {
		if !n.mark && n.kana != "" {
			return true
		}
	}
	return false
}

// phonemes groups the nodes of a chunk and romanises them.
func (f *FrontEnd) phonemes(nodes []node) string {
	var b strings.Builder
	for i := 0; i < len(nodes); {
		if nodes[i].mark {
			writeMark(&b, phonemeTable[nodes[i].kana])
			i++
			continue
		}
		j := f.group(nodes[i:])
		var kana strings.Builder
		for _, n := range nodes[i : i+j] {
			kana.WriteString(n.kana)
		}
		if p := phonemesOf(kana.String()); p != "" {
			gap(&b, p)
			b.WriteString(p)
		}
		i += j
	}
	return strings.TrimLeft(strings.TrimSpace(b.String()), ",.!?:; ")
}

// group tells how many nodes are spoken as one word: the longest run that the
// word list knows, else one. A particle begins no word: は and し of 貸し出しはして
// are no 箸, を and し of 相談をしたい no おし.
func (f *FrontEnd) group(nodes []node) int {
	best, length := 1, 0
	var joined strings.Builder
	for j, n := range nodes {
		if n.mark {
			break
		}
		if j > 0 && nodes[0].joint && !n.joint {
			break
		}
		joined.WriteString(n.written)
		length += utf8.RuneCountInString(n.written)
		if length > f.longest {
			break
		}
		if j > 0 && f.known[joined.String()] {
			best = j + 1
		}
	}
	return best
}

// gap puts the space between two words; none stands beside a stop, which binds.
func gap(b *strings.Builder, next string) {
	s := b.String()
	switch {
	case s == "", strings.HasSuffix(s, " "), strings.HasSuffix(s, "“"), strings.HasSuffix(s, "ʔ"):
		return
	case strings.HasPrefix(next, "ʔ") && !strings.ContainsRune(",.:;?!—”", lastRune(s)):
		return
	}
	b.WriteByte(' ')
}

func writeMark(b *strings.Builder, mark string) {
	s := b.String()
	switch mark {
	case "", " ":
		if s != "" && !strings.HasSuffix(s, " ") {
			b.WriteByte(' ')
		}
		return
	case "“":
		gap(b, mark)
	default:
		// Two pauses in a row are one; the stronger mark wins.
		trimmed := strings.TrimRight(s, " ")
		if trimmed == "" {
			return
		}
		if mark != "”" && strings.HasSuffix(trimmed, ",") {
			trimmed = strings.TrimSuffix(trimmed, ",")
		} else if mark == "," && strings.ContainsRune(".!?:;", lastRune(trimmed)) {
			return
		}
		if trimmed != s {
			b.Reset()
			b.WriteString(trimmed)
		}
	}
	b.WriteString(mark)
}

func lastRune(s string) rune {
	r, _ := utf8.DecodeLastRuneInString(s)
	return r
}

// looksForeign tells text that holds words but no Japanese: several Latin words
// without kana or kanji, or another script.
func looksForeign(text string) bool {
	words := 0
	inWord := false
	for _, r := range text {
		switch {
		case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana):
			return false
		case unicode.Is(unicode.Latin, r):
			if !inWord {
				words++
			}
			inWord = true
		case unicode.IsLetter(r):
			return true
		case r != '\'' && r != '-':
			inWord = false
		}
	}
	return words >= 4
}
