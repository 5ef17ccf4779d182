package redact

import (
	"crypto/rand"
	"fmt"
	"time"
)

// SchemaVersion is the schema that this package writes and reads.
const SchemaVersion = 1

// MaxSources is the most sources that a Summary names.
const MaxSources = 3

// SummaryID is 16 random bytes by which a receiver knows a Summary that comes
// twice. It says nothing about the session.
type SummaryID [16]byte

// Hour is an hour of the shop's own calendar.
type Hour struct {
	Year             uint16
	Month, Day, Hour uint8
}

// HourOf returns the hour of t in t's own location.
func HourOf(t time.Time) Hour {
	return Hour{uint16(t.Year()), uint8(t.Month()), uint8(t.Day()), uint8(t.Hour())}
}

func (h Hour) valid() bool {
	t := time.Date(int(h.Year), time.Month(h.Month), int(h.Day), int(h.Hour), 0, 0, 0, time.UTC)
	return h.Year >= 2000 && h.Year <= 9999 && HourOf(t) == h
}

// Sources is the knowledge that an answer came from, most important first. The
// unused places at the end are zero.
type Sources [MaxSources]KnowledgeID

// Summary is one turn as it may leave the shop. NewSummary and Decode make one.
type Summary struct {
	id      SummaryID
	schema  uint8
	hour    Hour
	kind    Kind
	topic   KnowledgeID
	sources Sources
	lang    Language
	score   ScoreBucket
	channel Channel
	first   DurationBucket
	speech  DurationBucket
	total   DurationBucket
	flags   Flags
}

// Facts is what a Summary is made from. It holds no text either.
type Facts struct {
	At       time.Time // in the shop's location
	Kind     Kind
	Topic    KnowledgeID   // zero for none
	Sources  []KnowledgeID // those past MaxSources are left out
	Language Language
	Score    float64 // in [0, 1]
	Channel  Channel
	// How long it took from the end of speech to the first sound of the answer,
	// how long the shopper spoke, and how long the turn was; 0 for none.
	FirstAudio, Speech, Total time.Duration
	Flags                     Flags
}

// NewSummary returns the Summary of f under a new random id. The error wraps
// ErrSummary and names the field that is unset or impossible.
func NewSummary(f Facts) (Summary, error) {
	s := Summary{
		schema: SchemaVersion, hour: HourOf(f.At), kind: f.Kind, topic: f.Topic, lang: f.Language,
		score: ScoreOf(f.Score), channel: f.Channel,
		first: DurationOf(f.FirstAudio), speech: DurationOf(f.Speech), total: DurationOf(f.Total), flags: f.Flags,
	}
	n := 0
	for _, k := range f.Sources {
		if !k.IsZero() && n < MaxSources {
			s.sources[n] = k
			n++
		}
	}
	_, _ = rand.Read(s.id[:])
	if err := s.check(); err != nil {
		return Summary{}, err
	}
	return s, nil
}

// check reports which field is not of the schema.
func (s Summary) check() error {
	bad := func(field string) error { return fmt.Errorf("%w: %s is missing or impossible", ErrSummary, field) }
	switch {
	case s.schema != SchemaVersion:
		return bad("schema")
	case s.id == SummaryID{}:
		return bad("id")
	case !s.hour.valid():
		return bad("hour")
	case s.kind < KindApproved || s.kind > KindRefused:
		return bad("kind")
	case s.lang < OtherLanguage || s.lang > Korean:
		return bad("language")
	case s.channel < Voice || s.channel > Text:
		return bad("channel")
	case s.score > 10:
		return bad("score")
	case s.first > maxDurationBucket || s.speech > maxDurationBucket || s.total > maxDurationBucket:
		return bad("duration")
	case s.flags&^allFlags != 0:
		return bad("flags")
	}
	return nil
}

// ID returns the random id, which is also the message's id in an outbox.
func (s Summary) ID() SummaryID { return s.id }

// Hour returns when it was, to the hour.
func (s Summary) Hour() Hour { return s.hour }

// Kind returns how the turn was answered.
func (s Summary) Kind() Kind { return s.kind }

// Topic returns what it was about; it may be zero.
func (s Summary) Topic() KnowledgeID { return s.topic }

// Sources returns what the answer came from.
func (s Summary) Sources() []KnowledgeID {
	n := 0
	for n < MaxSources && !s.sources[n].IsZero() {
		n++
	}
	return append([]KnowledgeID(nil), s.sources[:n]...)
}

// Language returns the shopper's language.
func (s Summary) Language() Language { return s.lang }

// Score returns how sure the answer was.
func (s Summary) Score() ScoreBucket { return s.score }

// Channel returns how the shopper asked.
func (s Summary) Channel() Channel { return s.channel }

// FirstAudio returns how long the shopper waited for the first sound.
func (s Summary) FirstAudio() DurationBucket { return s.first }

// Speech returns how long the shopper spoke.
func (s Summary) Speech() DurationBucket { return s.speech }

// Total returns how long the turn took.
func (s Summary) Total() DurationBucket { return s.total }

// Flags returns what happened.
func (s Summary) Flags() Flags { return s.flags }
