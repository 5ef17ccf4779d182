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
	return unicode.Is(unicode.Hiragana, before) && !unicode.Is(unicode.Hiragana, after) && !strings.ContainsRune("おご", before)
}

func wide(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul) || (r >= 0x3000 && r <= 0x30ff) || (r >= 0xff00 && r <= 0xff60)
}

// Balance is Wrap with lines of about one length: as narrow as it can be with no more lines. Headlines and labels want it.
func Balance(text []rune, limit float32, advance func(rune) float32) []Span {
	lines := Wrap(text, limit, advance)
	if len(lines) < 2 {
		return lines
	}
	low, high := limit/2, limit
	for range 8 {
		middle := (low + high) / 2
		if tried := Wrap(text, middle, advance); len(tried) > len(lines) || widest(text, tried, advance) > limit {
			low = middle
		} else {
			high, lines = middle, tried
		}
	}
	return lines
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
