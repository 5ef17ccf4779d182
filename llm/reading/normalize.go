package reading

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Normalize brings text to the one spelling that every other function of this
// package expects: NFKC (full-width digits and Latin become ASCII, half-width
// kana become full-width), one kind of wave dash (〜), long marks written as
// some dash after kana become ー, other dashes become "-", control and
// zero-width characters vanish, white space is collapsed to one ASCII space and
// trimmed. It is idempotent.
func Normalize(text string) string {
	clean := strings.Map(func(r rune) rune {
		switch {
		case r == '\u2044' || r == '\u2215':
			return '/'
		case unicode.IsSpace(r):
			return ' '
		case unicode.Is(unicode.C, r), unicode.Is(unicode.Variation_Selector, r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	clean = norm.NFKC.String(clean)
	out := make([]rune, 0, len(clean))
	for _, r := range clean {
		var last rune
		if len(out) > 0 {
			last = out[len(out)-1]
		}
		switch {
		case unicode.IsSpace(r):
			if last == 0 || last == ' ' {
				continue
			}
			r = ' '
		case isWave(r):
			r = '〜'
		case isDash(r):
			// A dash behind kana is a long mark that was typed on a Latin
			// keyboard (コ-ヒ-) unless a digit or letter follows; that case is
			// seen below, when the next rune is known.
			r = '-'
		case r == '⁄':
			r = '/'
		}
		out = append(out, r)
	}
	for i, r := range out {
		if r != '-' || i == 0 || !isKana(out[i-1]) {
			continue
		}
		if i+1 == len(out) || !isASCIIWord(out[i+1]) && out[i+1] != '-' {
			out[i] = 'ー'
		}
	}
	s := strings.TrimSpace(string(out))
	if !norm.NFKC.IsNormalString(s) {
		s = norm.NFKC.String(s)
	}
	return s
}

func isWave(r rune) bool {
	switch r {
	case '~', '〜', '∼', '∾', '～', '⁓':
		return true
	}
	return false
}

func isDash(r rune) bool {
	switch r {
	case '-', '‐', '‑', '‒', '–', '—', '―', '−', '─', '━', '﹣', '－':
		return true
	}
	return false
}

func isASCIIWord(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}
