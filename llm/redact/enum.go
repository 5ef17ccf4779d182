package redact

import (
	"errors"
	"fmt"
)

// ErrSummary means that bytes or facts are not a Summary.
var ErrSummary = errors.New("not a summary")

// Kind is how a turn was answered, as `tenin ask --json` names it.
type Kind uint8

// The kinds of answer.
const (
	KindApproved Kind = iota + 1
	KindQuote
	KindProduct
	KindGenerated
	KindClarify
	KindFixed
	KindMessage
	KindHandoff
	KindRefused
)

var kindNames = []string{"", "approved", "quote", "product", "generated", "clarify", "fixed", "message", "handoff", "refused"}

// Language is what a shopper spoke, as far as it matters for planning.
type Language uint8

// The languages that are told apart.
const (
	OtherLanguage Language = iota + 1
	Japanese
	English
	Chinese
	Korean
)

var languageNames = []string{"", "other", "ja", "en", "zh", "ko"}

// Channel is how the shopper asked.
type Channel uint8

// The channels.
const (
	Voice Channel = iota + 1
	Text
)

var channelNames = []string{"", "voice", "text"}

// Flags is a set of things that happened in a turn.
type Flags uint8

// The flags.
const (
	Repeated    Flags = 1 << iota // the same was asked before in this talk
	Interrupted                   // the shopper spoke or touched during the answer
	Unclear                       // recognition was suspicious of its own words
	TimedOut                      // a part did not finish in its time
	Kept                          // the session was kept, with consent
)

var flagNames = []string{"repeated", "interrupted", "unclear", "timed_out", "kept"}

const allFlags = Flags(1<<5 - 1)

// String returns the kind's name in the wire form.
func (k Kind) String() string { return nameOf(kindNames, uint8(k)) }

// String returns the language's name in the wire form.
func (l Language) String() string { return nameOf(languageNames, uint8(l)) }

// String returns the channel's name in the wire form.
func (c Channel) String() string { return nameOf(channelNames, uint8(c)) }

// ParseKind returns the kind of that name; the error wraps ErrSummary.
func ParseKind(name string) (Kind, error) {
	v, err := parseName(kindNames, name, "kind")
	return Kind(v), err
}

// ParseChannel returns the channel of that name; the error wraps ErrSummary.
func ParseChannel(name string) (Channel, error) {
	v, err := parseName(channelNames, name, "channel")
	return Channel(v), err
}

// LanguageOf returns the language of a BCP 47 tag such as "ja" or "en-GB", and
// OtherLanguage for any that is not told apart.
func LanguageOf(tag string) Language {
	if len(tag) > 2 && (tag[2] == '-' || tag[2] == '_') {
		tag = tag[:2]
	}
	if v, err := parseName(languageNames, tag, "language"); err == nil {
		return Language(v)
	}
	return OtherLanguage
}

func nameOf(names []string, v uint8) string {
	if v == 0 || int(v) >= len(names) {
		return "unset"
	}
	return names[v]
}

func parseName(names []string, name, what string) (uint8, error) {
	for i, n := range names {
		if n == name && n != "" {
			return uint8(i), nil
		}
	}
	// The name itself is not repeated: it may be anything.
	return 0, fmt.Errorf("%w: unknown %s", ErrSummary, what)
}
