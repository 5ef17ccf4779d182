package kiosk

import (
	"errors"
	"fmt"
	"slices"
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

// count changes the tally of today; b.mu is held.
func (b *Backroom) count(now time.Time, add func()) {
	if day := storage.TallyDay(now); b.tally.Day != day {
		b.turnDay(day, now)
	}
	add()
	b.changed(noteTally)
}

// turnDay begins the tally of another day; b.mu is held. The tally before is left to the keeper, which may be writing an
// older state of it at this moment: two writers could end in the wrong order.
func (b *Backroom) turnDay(day string, now time.Time) {
	if before := b.tally; before.Calls > 0 || before.Total() != (storage.Counts{}) {
		b.over = append(b.over, &before)
	}
	// The clock may have been set back to a day that has a tally.
	if i := slices.IndexFunc(b.over, func(t *storage.Tally) bool { return t.Day == day }); i >= 0 {
		b.tally = b.over[i].Clone()
		b.over = slices.Delete(b.over, i, i+1)
		return
	}
	b.tally = storage.Tally{Day: day}
	if kept, err := b.vault.Tally(now); err == nil {
		b.tally = kept
	}
}

// writeOver keeps tallies of days that are over; it is the keeper's.
func (b *Backroom) writeOver(over []*storage.Tally, now time.Time) (failed error) {
	if len(over) == 0 {
		return nil
	}
	for _, t := range over {
		if err := b.vault.PutTally(*t); err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		b.mu.Lock()
		b.over = slices.DeleteFunc(b.over, func(o *storage.Tally) bool { return o == t })
		b.mu.Unlock()
	}
	return errors.Join(failed, b.vault.ForgetTallies(now))
}

// today returns the counts of the last days, today first.
func (b *Backroom) today(days int) ([]storage.Tally, error) {
	if days < 1 || days > storage.TallyDays {
		return nil, fmt.Errorf("counts are kept for %d days: ask for 1 to %d", storage.TallyDays, storage.TallyDays)
	}
	now := b.now()
	list := make([]storage.Tally, days)
	for i := range list {
		day := time.Date(now.Year(), now.Month(), now.Day()-i, 12, 0, 0, 0, now.Location())
		t, unwritten := b.unwritten(storage.TallyDay(day))
		if !unwritten {
			var err error
			if t, err = b.vault.Tally(day); err != nil {
				return nil, err
			}
		}
		list[i] = t
	}
	return list, nil
}

// unwritten returns the tally of a day that the vault may not have, or not as it is now.
func (b *Backroom) unwritten(day string) (storage.Tally, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.tally.Day == day {
		return b.tally.Clone(), true
	}
	for _, t := range b.over {
		if t.Day == day {
			return t.Clone(), true
		}
	}
	return storage.Tally{}, false
}
