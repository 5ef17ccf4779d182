package ui

import (
	"strings"
	"unicode"
)

// Span is a line of a text: the runes from Start up to End. The space at which a line was broken belongs to neither line.
type Span struct{ Start, End int }

const (
	// neverFirst must not begin a line, neverLast must not end one (the rules of 禁則処理, JIS X 4051).
	neverFirst = "、。，．・：；？！!?,.:;)]}）］｝」』】〉》〕ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶー々ゝゞ%％°℃"
	neverLast  = "([{（［｛「『【〈《〔￥¥$#"
)

// Wrap breaks text into lines no wider than limit, where advance is the width of one rune. It breaks at spaces, between
// Japanese characters, better where a phrase begins than inside one, and always at a newline. A piece that is wider than
// limit and has no break in it is cut.
func Wrap(text []rune, limit float32, advance func(rune) float32) []Span {
	var lines []Span
	start := 0
	for start <= len(text) {
		stop := start
		for stop < len(text) && text[stop] != '\n' {
			stop++
		}
		lines = append(lines, wrapParagraph(text, start, stop, limit, advance)...)
		start = stop + 1
	}
	return lines
}

func wrapParagraph(text []rune, start, stop int, limit float32, advance func(rune) float32) []Span {
	var lines []Span
	for {
		width, end := float32(0), start
		for end < stop && (width+advance(text[end]) <= limit || end == start) {
			width += advance(text[end])
			end++
		}
		if end == stop {
			return append(lines, Span{start, stop})
		}
		cut := breakBefore(text, start, end)
		last := cut
		for last > start && text[last-1] == ' ' {
			last--
		}
		lines = append(lines, Span{start, last})
		for cut < stop && text[cut] == ' ' {
			cut++
		}
		start = cut
		if start == stop {
			return lines
		}
	}
}

// breakBefore finds where to break a line that begins at start and whose rune at end does not fit any more.
func breakBefore(text []rune, start, end int) int {
	allowed := 0
	// A short line may give up more of itself to end where a phrase does.
	good := end - (end-start)*2/5
	if end-start < 14 {
		good = end - (end-start)*3/5
	}
	for at := end; at > start; at-- {
		if !canBreak(text, at) {
			continue
		}
		if phraseBegins(text, at) {
			if at >= good || allowed == 0 {
				return at
			}
			break
		}
		if allowed == 0 {
			allowed = at
		}
	}
	if allowed > start {
		return allowed
	}
	return end
}

func canBreak(text []rune, at int) bool {
	before, after := text[at-1], text[at]
	if after == ' ' || before == ' ' {
		return true
	}
	if strings.ContainsRune(neverFirst, after) || strings.ContainsRune(neverLast, before) {
		return false
	}
	if !wide(before) && !wide(after) {
		return before == '-' || before == '/'
	}
	// A number stays with its unit: 10時, 2,000円.
	return !(unicode.IsDigit(before) && wide(after)) && !(unicode.Is(unicode.Katakana, before) && unicode.Is(unicode.Katakana, after))
}

// phraseBegins guesses without a dictionary: a phrase begins after punctuation, and where kana turn into something else.
func phraseBegins(text []rune, at int) bool {
	before, after := text[at-1], text[at]
	if before == ' ' || after == ' ' || strings.ContainsRune("、。」』）？！・", before) {
		return true
	}
	if strings.ContainsRune("おご", after) && at+1 < len(text) && unicode.Is(unicode.Han, text[at+1]) {
		return true
	}
	return unicode.Is(unicode.Hiragana, before) && !unicode.Is(unicode.Hiragana, after) && !strings.ContainsRune("おご", before)
}

func wide(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul) || (r >= 0x3000 && r <= 0x30ff) || (r >= 0xff00 && r <= 0xff60)
}

// Balance is Wrap with lines of about one length, and with no more lines: of the widths that give as many, the one that breaks
// most often where a phrase begins, and of those the narrowest. Headlines, labels and captions want it.
func Balance(text []rune, limit float32, advance func(rune) float32) []Span {
	best := Wrap(text, limit, advance)
	if len(best) < 2 {
		return best
	}
	least, n := inPhrases(text, best), len(best)
	for i := 1; i <= 16; i++ {
		width := limit * (1 - float32(i)/32)
		lines := Wrap(text, width, advance)
		if len(lines) != n {
			break
		}
		if bad := inPhrases(text, lines); bad <= least && widest(text, lines, advance) <= limit {
			best, least = lines, bad
		}
	}
	return best
}

// inPhrases counts the breaks inside phrases.
func inPhrases(text []rune, lines []Span) (n int) {
	for _, l := range lines[1:] {
		if l.Start > 0 && l.Start < len(text) && text[l.Start-1] != '\n' && !phraseBegins(text, l.Start) {
			n++
		}
	}
	return n
}

func widest(text []rune, lines []Span, advance func(rune) float32) float32 {
	most := float32(0)
	for _, l := range lines {
		w := float32(0)
		for _, r := range text[l.Start:l.End] {
			w += advance(r)
		}
		most = max(most, w)
	}
	return most
}
