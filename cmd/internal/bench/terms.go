package bench

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// readings is what comparing by sound needs of reading.Analyzer.
type readings interface{ Hiragana(text string) string }

// Terms counts key words in transcripts.
type Terms struct {
	// All is how many there were to keep.
	All int `json:"all"`
	// Kept are those that stand in the transcript by letters or by reading: 落し物 keeps 落とし物.
	Kept int `json:"kept"`
	// Spelled are those that stand there letter by letter.
	Spelled int `json:"spelled"`
}

func (t *Terms) add(o Terms) {
	t.All += o.All
	t.Kept += o.Kept
	t.Spelled += o.Spelled
}

func countTerms(r readings, transcript string, terms []string) Terms {
	t := Terms{All: len(terms)}
	text := letters(transcript)
	sound := letters(r.Hiragana(transcript))
	for _, term := range terms {
		switch {
		case strings.Contains(text, letters(term)):
			t.Spelled++
			t.Kept++
		case strings.Contains(sound, letters(r.Hiragana(term))):
			t.Kept++
		}
	}
	return t
}

// letters is text without spaces and punctuation, in NFKC and lower case: what asr.CER compares.
func letters(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, norm.NFKC.String(text))
}
