package storage

import (
	"fmt"
	"sync/atomic"
	"time"
)

// Means is how a shopper said yes.
type Means string

// The means of consent.
const (
	ByTouch Means = "touch" // a button on the screen
	ByKey   Means = "key"   // a key, in the terminal
	ByVoice Means = "voice" // a spoken yes to a spoken question
)

// Grant is a shopper's yes as it is kept with the session: to which notice, by
// what means, and when.
type Grant struct {
	Notice string    `json:"notice"` // version of the notice that was shown or read out
	By     Means     `json:"by"`
	At     time.Time `json:"at"`
}

// Consent lets one session keep what a microphone hears. It cannot be written
// down as a literal that works: GrantConsent alone makes one, and Vault.Begin
// uses it up, so that the next shopper has to be asked again.
type Consent struct {
	grant *Grant
	used  *atomic.Bool
}

// GrantConsent returns the Consent for a yes that a person has just given. It
// must be called nowhere but where that yes arrives.
func GrantConsent(g Grant) (Consent, error) {
	switch g.By {
	case ByTouch, ByKey, ByVoice:
	default:
		return Consent{}, fmt.Errorf("consent: %w: unknown means", ErrNoConsent)
	}
	if g.Notice == "" || len(g.Notice) > 64 {
		return Consent{}, fmt.Errorf("consent: %w: the notice that was shown has to be named, in 1 to 64 bytes", ErrNoConsent)
	}
	at, err := storedTime(g.At)
	if err != nil {
		return Consent{}, fmt.Errorf("consent: %w: %w", ErrNoConsent, err)
	}
	g.At = at
	return Consent{&g, new(atomic.Bool)}, nil
}

// take uses the consent up.
func (c Consent) take() (*Grant, error) {
	if c.grant == nil {
		return nil, fmt.Errorf("%w: what a microphone hears is kept only after the shopper agreed", ErrNoConsent)
	}
	if c.used.Swap(true) {
		return nil, fmt.Errorf("%w: this consent was for another session; ask again", ErrNoConsent)
	}
	return c.grant, nil
}

// SourceKind is where a session's words come from.
type SourceKind string

// The kinds of source.
const (
	File       SourceKind = "file"
	Text       SourceKind = "text"
	Microphone SourceKind = "microphone"
)

// Source is where a session's words come from, and for a microphone the consent.
// The zero Source is none and is refused.
type Source struct {
	kind    SourceKind
	consent Consent
}

// FromFile is the source of a session made from a recording.
func FromFile() Source { return Source{kind: File} }

// FromText is the source of a session that was typed; it holds no sound.
func FromText() Source { return Source{kind: Text} }

// FromMicrophone is the source of a session with a shopper who gave consent.
func FromMicrophone(c Consent) Source { return Source{Microphone, c} }

// Kind returns the kind of source.
func (s Source) Kind() SourceKind { return s.kind }

// storedTime returns t as it comes back from the vault: UTC, no monotonic part.
func storedTime(t time.Time) (time.Time, error) {
	t = t.Round(0).UTC()
	if y := t.Year(); y < 1970 || y > 9999 {
		return t, fmt.Errorf("time is not set")
	}
	return t, nil
}
