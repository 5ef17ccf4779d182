package knowledge

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	bolt "go.etcd.io/bbolt"

	"tenin/llm/reading"
)

// A Reading is how a word of the shop is read: a name that the dictionary reads otherwise, or not at all.
type Reading struct {
	Word string `json:"word"` // as it is written, in the spelling of reading.Normalize
	Kana string `json:"kana"` // as it is spoken, in katakana
}

// The limits of the readings that a shop may fix.
const (
	// MaxReadings is how many there are at most.
	MaxReadings = 2000
	// maxReadingRunes bounds a word, and its kana.
	maxReadingRunes = 40
)

var keyReadings = []byte("readings")

// CheckReading returns r in the spelling in which it is kept. An error says what is wrong with it. A single character is
// refused: it stands in other words too, which are read otherwise.
func CheckReading(r Reading) (Reading, error) {
	r.Word, r.Kana = reading.Normalize(r.Word), reading.ToKatakana(reading.Normalize(r.Kana))
	switch n := utf8.RuneCountInString(r.Word); {
	case n < 2 || n > maxReadingRunes:
		return r, fmt.Errorf("a word has 2 to %d characters", maxReadingRunes)
	case strings.ContainsFunc(r.Word, func(c rune) bool {
		return !unicode.IsLetter(c) && !unicode.IsDigit(c) && !strings.ContainsRune("ー々・-'& ", c)
	}):
		return r, fmt.Errorf("a word has letters and digits only")
	case !strings.ContainsFunc(r.Word, unicode.IsLetter):
		return r, fmt.Errorf("a word has at least one letter")
	case r.Kana == "" || utf8.RuneCountInString(r.Kana) > maxReadingRunes:
		return r, fmt.Errorf("a reading has 1 to %d kana", maxReadingRunes)
	}
	for i, c := range r.Kana {
		if c < 'ァ' || c > 'ヴ' && c != 'ー' || c == 'ー' && i == 0 {
			return r, fmt.Errorf("a reading is written in kana, as it is spoken")
		}
	}
	return r, nil
}

// Readings returns the readings that the shop has fixed, sorted by word. They are no part of a batch: an import leaves
// them as they are.
func (s *Store) Readings() (list []Reading, err error) {
	err = s.view(func(tx *bolt.Tx) error {
		list, err = readReadings(tx)
		return err
	})
	return list, err
}

func readReadings(tx *bolt.Tx) (list []Reading, err error) {
	meta := tx.Bucket(bucketMeta)
	if meta.Get(keyReadings) == nil {
		return nil, nil
	}
	payload, err := getRecord(meta, bucketMeta, keyReadings)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(payload, &list); err != nil {
		return nil, damaged("readings: %v", err)
	}
	return list, nil
}

// SetReading fixes how a word is read, in place of what was fixed before; an empty Kana takes that away. Words that are
// not there are no error. The error for a reading that [CheckReading] refuses is its own.
func (s *Store) SetReading(r Reading) error {
	drop := strings.TrimSpace(r.Kana) == ""
	if drop {
		r.Word = reading.Normalize(r.Word)
	} else {
		var err error
		if r, err = CheckReading(r); err != nil {
			return err
		}
	}
	return s.update(func(tx *bolt.Tx) error {
		list, err := readReadings(tx)
		if err != nil {
			return err
		}
		at, found := slices.BinarySearchFunc(list, r.Word, func(r Reading, word string) int { return strings.Compare(r.Word, word) })
		switch {
		case drop && found:
			list = slices.Delete(list, at, at+1)
		case drop:
			return nil
		case found:
			list[at] = r
		case len(list) >= MaxReadings:
			return fmt.Errorf("%d readings are fixed already: take one away first", len(list))
		default:
			list = slices.Insert(list, at, r)
		}
		payload, err := json.Marshal(list)
		if err != nil {
			return err
		}
		return putRecord(tx.Bucket(bucketMeta), bucketMeta, keyReadings, payload)
	})
}
