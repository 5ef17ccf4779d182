package kiosk

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"tenin/audio"
	"tenin/llm/dialogue"
	"tenin/llm/knowledge"
	"tenin/storage"
)

// mostConversations bounds a list of conversations.
const mostConversations = 1000

// conversations lists the kept conversations of which f holds, the latest first.
func (b *Backroom) conversations(ctx context.Context, f Filter) ([]Conversation, error) {
	sessions, err := b.vault.Sessions()
	if err != nil {
		return nil, err
	}
	topicOf, err := b.topicsBySource()
	if err != nil {
		return nil, err
	}
	most := mostConversations
	if f.Most > 0 {
		most = min(most, f.Most)
	}
	list := []Conversation{}
	for _, s := range slices.Backward(sessions) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if len(list) == most {
			break
		}
		if s.Err == nil && (s.Started.Before(f.From) || !f.Until.IsZero() && !s.Started.Before(f.Until)) {
			continue
		}
		c := Conversation{Listing: s, Topics: []string{}}
		if s.Err == nil {
			turns, err := b.vault.Turns(s.ID)
			if err != nil {
				c.Err = err
			}
			for _, t := range turns {
				for _, source := range t.Sources {
					if topic := topicOf[source]; topic != "" && !slices.Contains(c.Topics, topic) {
						c.Topics = append(c.Topics, topic)
					}
				}
				c.Handed = dialogue.Kind(t.Kind) == dialogue.HandOff
			}
		}
		if f.Topic == "" || slices.Contains(c.Topics, f.Topic) {
			list = append(list, c)
		}
	}
	return list, nil
}

// topicsBySource are the topics of the answers, by id.
func (b *Backroom) topicsBySource() (map[string]string, error) {
	var entries []knowledge.Entry
	if b.clerk != nil && b.clerk.shop.Load() != nil {
		entries = b.clerk.shop.Load().batch.Entries
	} else {
		batch, _, err := LoadKnowledge(b.home)
		if err != nil {
			return nil, err
		}
		entries = batch.Entries
	}
	topics := make(map[string]string, len(entries))
	for _, e := range entries {
		if e.Topic != "" {
			topics[e.ID] = e.Topic
		}
	}
	return topics, nil
}

// records are the kept conversations of a vault, which nobody opens unseen.
type records struct {
	vault *storage.Vault
	now   func() time.Time
}

func (b *Backroom) records() records { return records{b.vault, b.now} }

func (b *Backroom) read(who string, id storage.ID, reason string) (*storage.Saved, error) {
	return b.records().read(who, id, reason)
}

func (b *Backroom) clipOf(who string, id storage.ID, clip int, reason string) (audio.Clip, error) {
	return b.records().clipOf(who, id, clip, reason)
}

// read opens a conversation, after writing down who does.
func (b records) read(who string, id storage.ID, reason string) (*storage.Saved, error) {
	if err := b.logAccess(who, "read", id, reason); err != nil {
		return nil, err
	}
	return b.vault.Load(id)
}

// clipOf returns a clip of a conversation, after writing down who hears it.
func (b records) clipOf(who string, id storage.ID, clip int, reason string) (audio.Clip, error) {
	if clip < 1 {
		return audio.Clip{}, fmt.Errorf("session %s: clips are counted from 1", id)
	}
	if err := b.logAccess(who, fmt.Sprint("sound ", clip), id, reason); err != nil {
		return audio.Clip{}, err
	}
	samples, err := b.vault.Sound(id, clip)
	if err != nil {
		return audio.Clip{}, err
	}
	sound := audio.Clip{Rate: storage.SampleRate, Samples: make([]float32, len(samples))}
	for i, s := range samples {
		sound.Samples[i] = float32(s) / 32768
	}
	clear(samples)
	return sound, nil
}

// logAccess writes an access down. Where the shop has staff accounts it has to have a reason; a conversation that is not
// there is opened by nobody.
func (b records) logAccess(who, what string, id storage.ID, reason string) error {
	if err := b.vault.Has(id); err != nil {
		return err
	}
	reason, err := b.checkReason(reason)
	if err != nil {
		return err
	}
	return b.vault.LogAccess(storage.Access{At: b.now(), Who: who, What: what, Session: id, Reason: reason})
}

// leastReason is how many characters say something.
const leastReason = 2

func (b records) checkReason(reason string) (string, error) {
	if !utf8.ValidString(reason) {
		return "", fmt.Errorf("%w: it is no text", ErrReason)
	}
	reason = strings.Join(strings.FieldsFunc(reason, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }), " ")
	n := utf8.RuneCountInString(reason)
	if n > storage.MaxAccessReason {
		return "", fmt.Errorf("%w: it has at most %d characters", ErrReason, storage.MaxAccessReason)
	}
	if n >= leastReason {
		return reason, nil
	}
	staffed, err := b.vault.Staffed()
	if err != nil {
		return "", err
	}
	if staffed {
		return "", fmt.Errorf("%w: say why, in %d characters or more", ErrReason, leastReason)
	}
	return reason, nil
}

// mostAccesses bounds what is listed of the log of accesses.
const mostAccesses = 1000

// accesses lists who has opened what, the latest first.
func (b *Backroom) accesses(n int) ([]storage.Access, error) {
	if n < 1 || n > mostAccesses {
		return nil, fmt.Errorf("ask for 1 to %d lines", mostAccesses)
	}
	list, err := b.vault.Accesses(n)
	return append([]storage.Access{}, list...), err
}
