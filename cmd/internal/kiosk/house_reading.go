package kiosk

import (
	"cmp"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"tenin/llm/knowledge"
	"tenin/llm/reading"
)

// spellings are the readings that the shop has fixed, ready to be put into a text. They do not change.
type spellings struct {
	list []Reading // the longest word first
	kana *strings.Replacer
}

// newSpellings puts longer words before shorter ones, whose letters they hold.
func newSpellings(list []Reading) *spellings {
	s := &spellings{list: slices.Clone(list)}
	slices.SortStableFunc(s.list, func(a, b Reading) int { return cmp.Compare(len(b.Word), len(a.Word)) })
	pairs := make([]string, 0, 2*len(list))
	for _, r := range s.list {
		pairs = append(pairs, r.Word, r.Kana)
	}
	s.kana = strings.NewReplacer(pairs...)
	return s
}

// aloud returns text with each word that the shop has fixed in kana, so that whoever reads it reads that. A text without
// such a word is returned as it is.
func (s *spellings) aloud(text string) string {
	if s == nil || len(s.list) == 0 {
		return text
	}
	changed := false
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		plain := reading.Normalize(line)
		if kana := s.kana.Replace(plain); kana != plain {
			lines[i], changed = kana, true
		}
	}
	if !changed {
		return text
	}
	return strings.Join(lines, "\n")
}

// katakana is how text sounds.
func (s *spellings) katakana(text string) string { return reading.Default().Katakana(s.aloud(text)) }

// words returns the words of text with their readings, those that the shop has fixed whole.
func (s *spellings) words(text string) []Spelling {
	list := []Spelling{}
	for line := range strings.SplitSeq(text, "\n") {
		line = reading.Normalize(line)
		for line != "" {
			at, fixed := len(line), Reading{}
			for _, r := range s.list {
				// The longest word is first in the list, and wins where two begin at one place.
				if i := strings.Index(line, r.Word); i >= 0 && i < at {
					at, fixed = i, r
				}
			}
			for _, t := range reading.Default().Analyze(line[:at]) {
				kana := cmp.Or(t.Pron, t.Reading, t.Surface)
				list = append(list, Spelling{Text: t.Surface, Kana: kana})
			}
			if fixed.Word != "" {
				list = append(list, Spelling{fixed.Word, fixed.Kana, true})
			}
			line = line[at+len(fixed.Word):]
		}
	}
	return list
}

// loadSpellings reads the readings that the shop of home has fixed.
func loadSpellings(home string) (*spellings, error) {
	list, err := LoadReadings(home)
	return newSpellings(list), err
}

// LoadReadings returns the readings that the shop of home has fixed, by word.
func LoadReadings(home string) ([]Reading, error) {
	store, err := knowledge.OpenReadOnly(KnowledgePath(home))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	defer store.Close()
	return store.Readings()
}

// Aloud returns text as the kiosk of home gives it to the voice: each word whose reading the shop has fixed in kana.
func Aloud(home, text string) (string, error) {
	spelled, err := loadSpellings(home)
	if err != nil {
		return "", err
	}
	return spelled.aloud(text), nil
}

// fixReading keeps a reading in home.
func fixReading(home string, r Reading) (err error) {
	store, err := OpenKnowledge(home)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	return store.SetReading(r)
}

// learnReadings makes the clerk speak and hear by the readings that the home holds now.
func (c *Clerk) learnReadings() error {
	spelled, err := loadSpellings(c.options.Home)
	if err != nil {
		return err
	}
	c.spelled.Store(spelled)
	return nil
}

// aloud is text as it is given to the voice.
func (c *Clerk) aloud(text string) string { return c.spelled.Load().aloud(text) }
