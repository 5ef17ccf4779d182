package kiosk

import (
	"fmt"
	"time"

	"tenin/llm/dialogue"
	"tenin/storage"
)

// noteTally is not a note's name: the vault names the tallies of the days itself.
const noteTally = "tally"

// Asked counts a question that was answered, or not, at the counter. Nothing of its words is counted: how it ended, when,
// and the topic, if that is one of the shop's.
func (b *Backroom) Asked(r dialogue.Reply) {
	var c storage.Counts
	topic := r.Topic
	switch r.Kind {
	case dialogue.None, Clarify, Message:
		return
	case dialogue.HandOff:
		c.HandedOff, topic = 1, r.About
	case refused:
		c.Refused = 1
	default:
		c.Answered = 1
	}
	b.add(topic, c)
}

// refused is the reply of a policy that does not answer at all.
const refused dialogue.Kind = "refused"

// Helped counts what a shopper says to whether an answer helped.
func (b *Backroom) Helped(topic string, yes bool) {
	if yes {
		b.add(topic, storage.Counts{Yes: 1})
	} else {
		b.add(topic, storage.Counts{No: 1})
	}
}

func (b *Backroom) add(topic string, c storage.Counts) {
	if !b.knows(topic) {
		topic = ""
	}
	now := b.now()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.count(now, func() { b.tally.Add(now, topic, c) })
}

// count changes the tally of today; b.mu is held. A tally of another day is kept first.
func (b *Backroom) count(now time.Time, add func()) {
	if day := storage.TallyDay(now); b.tally.Day != day {
		before := b.tally.Clone()
		b.tally = storage.Tally{Day: day}
		// The keeper writes today's alone. The clock may have been set back to a day that has a tally.
		if b.dirty[noteTally] {
			_ = b.vault.PutTally(before)
		}
		if kept, err := b.vault.Tally(now); err == nil {
			b.tally = kept
		}
		_ = b.vault.ForgetTallies(now)
	}
	add()
	b.changed(noteTally)
}

// today returns the counts of the last days, today first.
func (b *Backroom) today(days int) ([]storage.Tally, error) {
	if days < 1 || days > storage.TallyDays {
		return nil, fmt.Errorf("counts are kept for %d days: ask for 1 to %d", storage.TallyDays, storage.TallyDays)
	}
	now := b.now()
	b.mu.Lock()
	today := b.tally.Clone()
	b.mu.Unlock()
	list := make([]storage.Tally, days)
	for i := range list {
		day := time.Date(now.Year(), now.Month(), now.Day()-i, 12, 0, 0, 0, now.Location())
		if storage.TallyDay(day) == today.Day {
			list[i] = today
			continue
		}
		t, err := b.vault.Tally(day)
		if err != nil {
			return nil, err
		}
		list[i] = t
	}
	return list, nil
}
