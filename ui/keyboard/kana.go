package keyboard

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Columns are the 五十音 as the keyboard shows them, a column a string.
var Columns = []string{"あいうえお", "かきくけこ", "さしすせそ", "たちつてと", "なにぬねの", "はひふへほ", "まみむめも", "や゠ゆ゠よ", "らりるれろ", "わをんー？"}

// noKey stands in Columns where no key is.
const noKey = '゠'

// FlickKeys are the kana of each flick key: touched, to the left, up, to the right, down.
var FlickKeys = []string{
	"あいうえお", "かきくけこ", "さしすせそ",
	"たちつてと", "なにぬねの", "はひふへほ",
	"まみむめも", "や（ゆ）よ", "らりるれろ",
	"゛", "わをんー", "、。？！",
}

// marks are the circles that a kana runs through with the key of marks.
var marks = func() map[rune]rune {
	next := map[rune]rune{}
	for _, circle := range strings.Fields("あぁ いぃ うぅゔ えぇ おぉ かが きぎ くぐ けげ こご さざ しじ すず せぜ そぞ ただ ちぢ つっづ てで とど " +
		"はばぱ ひびぴ ふぶぷ へべぺ ほぼぽ やゃ ゆゅ よょ わゎ") {
		runes := []rune(circle)
		for i, r := range runes {
			next[r] = runes[(i+1)%len(runes)]
		}
	}
	return next
}()

// NextMark is the kana with the next of the marks that it can have (は ば ぱ は, つ っ づ つ); others stay.
func NextMark(r rune) rune {
	if n, ok := marks[r]; ok {
		return n
	}
	return r
}

func isKana(s string) bool {
	r, size := utf8.DecodeRuneInString(s)
	return size == len(s) && size > 0 && (unicode.In(r, unicode.Hiragana, unicode.Katakana) || r == 'ー')
}

// Katakana is the text with its hiragana as katakana.
func Katakana(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'ぁ' && r <= 'ゖ' {
			return r + 'ァ' - 'ぁ'
		}
		return r
	}, s)
}

// Hiragana is the text with its katakana as hiragana.
func Hiragana(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'ァ' && r <= 'ヶ' {
			return r - ('ァ' - 'ぁ')
		}
		return r
	}, s)
}
