package ui

import (
	"sync"
	"unicode"

	"golang.org/x/image/font/sfnt"
)

var parsedTextFont = sync.OnceValues(func() (*sfnt.Font, error) { return sfnt.Parse(TextFont().Content()) })

// Undrawable returns the characters of text, each once, that the screens' font does not have: an import warns of them, since
// a screen would show boxes. Control characters are no text. Without the screens' fonts (HasFonts) nothing is known and
// nothing returned. It is safe for concurrent use.
func Undrawable(text string) string {
	if !HasFonts() {
		return ""
	}
	font, err := parsedTextFont()
	if err != nil {
		return ""
	}
	var out []rune
	var buffer sfnt.Buffer
	seen := map[rune]bool{}
	for _, r := range text {
		if seen[r] || unicode.IsControl(r) {
			continue
		}
		seen[r] = true
		if g, err := font.GlyphIndex(&buffer, r); err != nil || g == 0 {
			out = append(out, r)
		}
	}
	return string(out)
}
