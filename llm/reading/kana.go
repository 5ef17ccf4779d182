package reading

import "strings"

const (
	hiraganaFirst, hiraganaLast = 'ぁ', 'ゖ'
	katakanaShift               = 'ァ' - 'ぁ'
)

// ToKatakana replaces each hiragana of s by its katakana; other runes stay.
func ToKatakana(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= hiraganaFirst && r <= hiraganaLast || r == 'ゝ' || r == 'ゞ' {
			return r + katakanaShift
		}
		return r
	}, s)
}

// ToHiragana replaces each katakana of s that has a hiragana by it (ー and the
// few letters without a counterpart stay).
func ToHiragana(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'ァ' && r <= 'ヶ' || r == 'ヽ' || r == 'ヾ' {
			return r - katakanaShift
		}
		return r
	}, s)
}

// isKana tells whether r is a hiragana or katakana letter or the long mark.
func isKana(r rune) bool {
	return r >= hiraganaFirst && r <= hiraganaLast || r >= 'ァ' && r <= 'ヺ' || r == 'ー'
}

// onlyKana keeps the katakana of s and drops every other rune.
func onlyKana(s string) string {
	return strings.Map(func(r rune) rune {
		if isKana(r) {
			return r
		}
		return -1
	}, ToKatakana(s))
}

func allKana(s string) bool {
	for _, r := range s {
		if !isKana(r) {
			return false
		}
	}
	return s != ""
}
