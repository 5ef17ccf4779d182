package keyboard

import (
	"cmp"
	"slices"
	"strings"
)

// Word is a word of the shop and how it is read, in hiragana or katakana.
type Word struct{ Reading, Text string }

// Dictionary finds words by the beginning of their reading. It is not changed after NewDictionary.
type Dictionary struct {
	words  []Word // sorted by reading
	follow []string
}

// NewDictionary is a dictionary of words. follow are endings offered after a word ("はどこですか"). Earlier words come
// first among those with one reading; words without a reading or a text are left out.
func NewDictionary(words []Word, follow ...string) *Dictionary {
	d := &Dictionary{follow: slices.Clone(follow)}
	seen := map[Word]bool{}
	for _, w := range words {
		w = Word{Hiragana(strings.TrimSpace(w.Reading)), strings.TrimSpace(w.Text)}
		if w.Reading == "" || w.Text == "" || seen[w] {
			continue
		}
		seen[w] = true
		d.words = append(d.words, w)
	}
	slices.SortStableFunc(d.words, func(a, b Word) int { return cmp.Compare(a.Reading, b.Reading) })
	return d
}

// Candidates returns at most n texts for a reading: words that are read exactly so, words that begin so with the shortest
// first, and the kana themselves. A nil dictionary knows the kana only.
func (d *Dictionary) Candidates(reading string, n int) []string {
	reading = Hiragana(reading)
	if reading == "" || n <= 0 {
		return nil
	}
	var words []Word
	if d != nil {
		from, _ := slices.BinarySearchFunc(d.words, reading, func(w Word, r string) int { return cmp.Compare(w.Reading, r) })
		for _, w := range d.words[from:] {
			if !strings.HasPrefix(w.Reading, reading) {
				break
			}
			words = append(words, w)
		}
		slices.SortStableFunc(words, func(a, b Word) int { return cmp.Compare(len(a.Reading), len(b.Reading)) })
	}
	texts := make([]string, 0, n)
	add := func(text string) {
		if len(texts) < n && !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	for _, w := range words {
		// Two places are kept for the kana: a name that the shop does not know must be writable.
		if len(texts) >= n-2 && w.Reading != reading {
			break
		}
		add(w.Text)
	}
	texts = texts[:min(len(texts), max(n-2, 0))]
	add(reading)
	add(Katakana(reading))
	return texts
}

// Offers are the candidates of a state: for the kana that are composing, or endings once a word stands.
func (d *Dictionary) Offers(s State, n int) []string {
	if s.Composing+s.Pending != "" {
		return d.Candidates(s.Reading(), n)
	}
	if d == nil || s.Text == "" {
		return nil
	}
	for _, f := range d.follow {
		if strings.HasSuffix(s.Text, f) {
			return nil
		}
	}
	return slices.Clone(d.follow[:min(n, len(d.follow))])
}
