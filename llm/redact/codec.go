package redact

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// MaxSize is the most bytes in an encoded Summary.
const MaxSize = 512

// wire is the JSON form. Its strings exist only between the bytes and a Summary:
// Decode turns each into an enumeration, a number or a known id, or refuses it.
type wire struct {
	Schema   uint8    `json:"schema"`
	ID       string   `json:"id"`
	Day      string   `json:"day"`
	Hour     uint8    `json:"hour"`
	Kind     string   `json:"kind"`
	Topic    string   `json:"topic"`
	Sources  []string `json:"sources"`
	Language string   `json:"language"`
	Score    uint8    `json:"score"`
	Channel  string   `json:"channel"`
	First    uint8    `json:"first_audio"`
	Speech   uint8    `json:"speech"`
	Total    uint8    `json:"total"`
	Flags    []string `json:"flags"`
}

// Encode returns the one JSON form of s, at most MaxSize bytes, without a line
// end. It is nil for a Summary that neither NewSummary nor Decode made.
func (s Summary) Encode() []byte {
	if s.check() != nil {
		return nil
	}
	w := wire{
		Schema: s.schema, ID: hex.EncodeToString(s.id[:]),
		Day:  fmt.Sprintf("%04d-%02d-%02d", s.hour.Year, s.hour.Month, s.hour.Day),
		Hour: s.hour.Hour, Kind: s.kind.String(), Topic: s.topic.String(), Sources: []string{},
		Language: s.lang.String(), Score: uint8(s.score), Channel: s.channel.String(),
		First: uint8(s.first), Speech: uint8(s.speech), Total: uint8(s.total), Flags: []string{},
	}
	for _, k := range s.Sources() {
		w.Sources = append(w.Sources, k.String())
	}
	for i, name := range flagNames {
		if s.flags&(1<<i) != 0 {
			w.Flags = append(w.Flags, name)
		}
	}
	// Numbers and ASCII strings: Marshal cannot fail.
	b, _ := json.Marshal(w)
	return b
}

// Decode returns the Summary whose encoding is b, and takes nothing else: no
// other field, order, spacing or spelling, no id that known does not have. The
// error wraps ErrSummary and repeats nothing of b.
func Decode(b []byte, known *IDSet) (Summary, error) {
	refused := func(why string) (Summary, error) { return Summary{}, fmt.Errorf("%w: %s", ErrSummary, why) }
	if len(b) > MaxSize {
		return refused(fmt.Sprintf("%d bytes, the most is %d", len(b), MaxSize))
	}
	var w wire
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&w); err != nil {
		return refused("the JSON or a field of it is not of the schema")
	}
	s := Summary{
		schema: w.Schema, score: ScoreBucket(w.Score),
		first: DurationBucket(w.First), speech: DurationBucket(w.Speech), total: DurationBucket(w.Total),
	}
	if id, err := hex.DecodeString(w.ID); err == nil && len(id) == len(s.id) {
		s.id = SummaryID(id)
	}
	// A day that does not scan stays zero, which check refuses.
	_, _ = fmt.Sscanf(w.Day, "%04d-%02d-%02d", &s.hour.Year, &s.hour.Month, &s.hour.Day)
	s.hour.Hour = w.Hour
	var err error
	if s.kind, err = ParseKind(w.Kind); err != nil {
		return Summary{}, err
	}
	lang, err := parseName(languageNames, w.Language, "language")
	if err != nil {
		return Summary{}, err
	}
	s.lang = Language(lang)
	if s.channel, err = ParseChannel(w.Channel); err != nil {
		return Summary{}, err
	}
	var ok bool
	if w.Topic != "" {
		if s.topic, ok = known.onWire(w.Topic); !ok {
			return refused("its topic is not of the shop's knowledge")
		}
	}
	if len(w.Sources) > MaxSources {
		return refused("it has too many sources")
	}
	for i, id := range w.Sources {
		if s.sources[i], ok = known.onWire(id); !ok {
			return refused("a source is not of the shop's knowledge")
		}
	}
	for _, name := range w.Flags {
		for i, n := range flagNames {
			if n == name {
				s.flags |= 1 << i
			}
		}
	}
	if err := s.check(); err != nil {
		return Summary{}, err
	}
	// The last word: whatever the steps above let pass, b must be what Encode
	// writes, byte for byte.
	if !bytes.Equal(s.Encode(), b) {
		return refused("it is not in the one form that a summary has")
	}
	return s, nil
}
