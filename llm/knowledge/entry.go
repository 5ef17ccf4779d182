package knowledge

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"tenin/llm/reading"
)

// DefaultLanguage is the language of an entry whose file names none.
const DefaultLanguage = "ja"

// An Entry is one approved answer, with the questions that it answers. Entries
// are unique by (ID, Language): the same ID in two languages is one topic said
// twice.
type Entry struct {
	// ID is stable across imports. An entry that came without one gets it from
	// its question, see [DeriveEntryID].
	ID string
	// Question is the question in the words that the shop chose.
	Question string
	// Variants are other ways to ask it, without Question itself.
	Variants []string
	// Answer is spoken word for word.
	Answer string
	// Detail is shown, and spoken when the shopper asks for more. May be empty.
	Detail string
	// Topic groups entries in reports; Brand and Audience narrow for whom the
	// answer was written. All may be empty.
	Topic, Brand, Audience string
	// Language is a BCP 47 primary subtag ("ja", "en"); never empty after import.
	Language string
	// Place is where in the shop the answer points. May be empty.
	Place string
	// ValidFrom and ValidUntil are calendar days (midnight UTC), both included.
	// The zero time leaves that side open.
	ValidFrom, ValidUntil time.Time
}

// An EntryKey names one entry among all.
type EntryKey struct{ ID, Language string }

// String is the ID, with the language behind it unless that is
// [DefaultLanguage].
func (k EntryKey) String() string {
	if k.Language == "" || k.Language == DefaultLanguage {
		return k.ID
	}
	return k.ID + " (" + k.Language + ")"
}

// Key is what the entry is unique by.
func (e Entry) Key() EntryKey {
	if e.Language == "" {
		return EntryKey{e.ID, DefaultLanguage}
	}
	return EntryKey{e.ID, e.Language}
}

// Questions are the question and its variants in the spelling of
// [reading.Normalize], the question first, without empty or repeated ones.
func (e Entry) Questions() []string {
	return normalised(append([]string{e.Question}, e.Variants...))
}

// ValidAt tells whether the entry may be used on the calendar day of t, in t's
// own time zone.
func (e Entry) ValidAt(t time.Time) bool {
	day := dayOf(t)
	if !e.ValidFrom.IsZero() && day.Before(dayOf(e.ValidFrom)) {
		return false
	}
	return e.ValidUntil.IsZero() || !day.After(dayOf(e.ValidUntil))
}

// dayOf is the calendar day of t in t's zone, as midnight UTC, so that days
// compare without a zone.
func dayOf(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

func normalised(texts []string) []string {
	seen := make(map[string]bool, len(texts))
	var out []string
	for _, t := range texts {
		n := reading.Normalize(t)
		if n == "" || seen[n] {
			continue
		}
		seen[n] = true
		out = append(out, n)
	}
	return out
}

// entryJSON is a line of a knowledge file: the field names of the import format.
type entryJSON struct {
	ID         string   `json:"id"`
	Question   string   `json:"question"`
	Variants   []string `json:"variants,omitempty"`
	Answer     string   `json:"answer"`
	Detail     string   `json:"detail,omitempty"`
	Topic      string   `json:"topic,omitempty"`
	Brand      string   `json:"brand,omitempty"`
	Audience   string   `json:"audience,omitempty"`
	ValidFrom  string   `json:"valid_from,omitempty"`
	ValidUntil string   `json:"valid_until,omitempty"`
	Language   string   `json:"language,omitempty"`
	Place      string   `json:"place,omitempty"`
}

// MarshalJSON writes the entry as one object of a knowledge file, days as
// 2006-01-02.
func (e Entry) MarshalJSON() ([]byte, error) { return json.Marshal(e.wire()) }

func (e Entry) wire() entryJSON {
	return entryJSON{
		ID: e.ID, Question: e.Question, Variants: e.Variants, Answer: e.Answer, Detail: e.Detail,
		Topic: e.Topic, Brand: e.Brand, Audience: e.Audience, Language: e.Language, Place: e.Place,
		ValidFrom: formatDay(e.ValidFrom), ValidUntil: formatDay(e.ValidUntil),
	}
}

// UnmarshalJSON reads what MarshalJSON writes; days in no other form. Files
// written by people go through [Import], which is more forgiving and says why
// it refuses.
func (e *Entry) UnmarshalJSON(data []byte) error {
	var w entryJSON
	if err := json.Unmarshal(data, &w); err != nil {
		return err
	}
	from, err := parseISODay(w.ValidFrom)
	if err != nil {
		return fmt.Errorf("valid_from: %w", err)
	}
	until, err := parseISODay(w.ValidUntil)
	if err != nil {
		return fmt.Errorf("valid_until: %w", err)
	}
	*e = Entry{
		ID: w.ID, Question: w.Question, Variants: w.Variants, Answer: w.Answer, Detail: w.Detail,
		Topic: w.Topic, Brand: w.Brand, Audience: w.Audience, Language: w.Language, Place: w.Place,
		ValidFrom: from, ValidUntil: until,
	}
	return nil
}

func formatDay(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateOnly)
}

func parseISODay(s string) (time.Time, error) {
	if strings.TrimSpace(s) == "" {
		return time.Time{}, nil
	}
	return time.Parse(time.DateOnly, s)
}
