package kiosk

import (
	"crypto/rand"
	"encoding/hex"
	"slices"
	"time"
)

// A Ring is the message that calls staff from outside the kiosk. It is a closed type: a kind, and a topic of the shop's
// own list, or none. Whoever sends it adds which kiosk this is.
type Ring struct {
	Kind  RingKind
	Topic string // empty: unknown
}

// RingKind is what a Ring says.
type RingKind uint8

// The kinds.
const (
	RingCalled  RingKind = iota + 1 // a shopper asks for staff
	RingLate                        // and nobody is on the way for too long
	RingHandled                     // somebody has been there
)

// sameCall is for how long a second call from the counter is taken for the first one once somebody has taken that.
const sameCall = time.Minute

// Call calls staff to the counter and returns the call's name. topic is the shop's word for what for, where it is known,
// language what the shopper speaks. There is one counter: while nobody is on the way to it, or has just gone, another call
// is the same.
func (b *Backroom) Call(topic, language string) string {
	if !b.knows(topic) {
		topic = ""
	}
	if !slices.Contains([]string{"ja", "en", "zh", "ko"}, language) {
		language = ""
	}
	now := b.now()
	b.mu.Lock()
	if n := len(b.calls); n > 0 {
		last := &b.calls[n-1]
		if !last.Earlier && (!last.Coming() || now.Sub(last.Taken) < sameCall) {
			if topic != "" {
				last.Topic = topic
			}
			if language != "" {
				last.Language = language
			}
			id := last.ID
			b.changed(noteCalls)
			b.mu.Unlock()
			return id
		}
	}
	name := make([]byte, 8)
	_, _ = rand.Read(name)
	c := Call{ID: hex.EncodeToString(name), Kiosk: b.config.Kiosk.Title(), Topic: topic, Language: language, Since: now.UTC().Round(0)}
	b.calls = append(b.calls, c)
	if n := len(b.calls); n > mostCalls {
		b.calls = slices.Clone(b.calls[n-mostCalls:])
	}
	b.count(now, func() { b.tally.Calls++ })
	b.ringFor(c, RingCalled)
	b.changed(noteCalls)
	events := b.events
	b.mu.Unlock()
	if events != nil {
		events.Called(c.ID)
	}
	return c.ID
}

// Called returns a call that nobody has handled yet.
func (b *Backroom) Called(id string) (Call, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if i := b.find(id); i >= 0 {
		return b.calls[i], true
	}
	return Call{}, false
}

func (b *Backroom) find(id string) int {
	return slices.IndexFunc(b.calls, func(c Call) bool { return c.ID == id })
}

// take says that somebody is on the way. Who took it first stays; that it is taken already is no error.
func (b *Backroom) take(id, who string) error {
	b.mu.Lock()
	i := b.find(id)
	if i < 0 {
		b.mu.Unlock()
		return ErrNoCall
	}
	c := &b.calls[i]
	first := !c.Coming()
	if first {
		c.Taken, c.By, c.Late = b.now().UTC().Round(0), who, false
		b.changed(noteCalls)
	}
	events := b.events
	b.mu.Unlock()
	if events != nil && first {
		events.Taken(id, who)
	}
	return nil
}

// handled ends a call.
func (b *Backroom) handled(id, who string) error {
	b.mu.Lock()
	i := b.find(id)
	if i < 0 {
		b.mu.Unlock()
		return ErrNoCall
	}
	c := b.calls[i]
	b.calls = slices.Delete(b.calls, i, i+1)
	b.ringFor(c, RingHandled)
	b.changed(noteCalls)
	events := b.events
	b.mu.Unlock()
	if events != nil {
		events.Handled(id, who)
	}
	return nil
}

// ringFor rings outside the kiosk; b.mu is held, so ring must not wait.
func (b *Backroom) ringFor(c Call, kind RingKind) {
	if b.ring != nil {
		b.ring(Ring{kind, c.Topic})
	}
}
