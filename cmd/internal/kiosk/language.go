package kiosk

import (
	"strings"
	"unicode"
)

// languageOf tells typed Japanese from typed English by its letters; preferred decides where there are none.
func languageOf(text, preferred string) string {
	latin := false
	for _, r := range text {
		switch {
		case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana):
			return "ja"
		case unicode.Is(unicode.Latin, r):
			latin = true
		}
	}
	if latin && wordy(text) {
		return "en"
	}
	if preferred == "en" {
		return "en"
	}
	return "ja"
}

// wordy says whether Latin letters make English words, and not just a name that Japanese writes so: ATM, Wi-Fi, PayPay.
// Several words are English; one word is when it has no capital inside.
func wordy(text string) bool {
	words := strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && r != '-' && r != '\'' })
	if len(words) != 1 {
		return len(words) > 1
	}
	return !strings.ContainsFunc(words[0][1:], unicode.IsUpper)
}
