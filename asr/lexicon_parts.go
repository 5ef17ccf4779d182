package asr

import (
	"slices"
	"strings"

	"tenin/llm/reading"
)

// Sounded is a word and how it sounds, in katakana.
type Sounded struct{ Text, Kana string }

// Parts are what a Lexicon was made of, so that another process can have the same one without reading the words again.
func (x *Lexicon) Parts() (prompt string, words []Sounded) {
	words = make([]Sounded, len(x.words))
	for i, w := range x.words {
		words[i] = Sounded{w.text, w.kana}
	}
	return x.prompt, words
}

// LexiconOf is the Lexicon that has these parts. sound is as in NewLexicon, and reads what is heard.
func LexiconOf(prompt string, words []Sounded, sound func(string) string) *Lexicon {
	x := &Lexicon{prompt: prompt, sound: sound, words: make([]sounded, len(words))}
	x.common = commonOf(prompt)
	for i, w := range words {
		x.words[i] = soundedAs(w.Text, w.Kana)
	}
	return x
}

// commonOf are the words of a prompt, the most useful first.
func commonOf(prompt string) []string {
	words := strings.Split(strings.TrimSuffix(prompt, "。"), "、")
	slices.Reverse(words)
	return words
}

func soundedAs(text, kana string) sounded {
	key := bare(text)
	return sounded{text, []rune(key), key, kana, firmBeats(kana), float64(reading.Morae(kana)), beatsOf(kana)}
}
