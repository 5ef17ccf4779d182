package kiosk

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// mostTopicsOff bounds the topics that are off.
const mostTopicsOff = 200

// at is what holds of s at a moment: what was for the day is over after it.
func (s Settings) at(now time.Time) Settings {
	if s.Closed && !now.Before(s.ClosedUntil) {
		s.Closed, s.ClosedUntil = false, time.Time{}
	}
	if s.Notice != "" && !now.Before(s.NoticeUntil) {
		s.Notice, s.NoticeUntil = "", time.Time{}
	}
	return s
}

// nextChange is when something ends by itself; zero: nothing does.
func (s Settings) nextChange() time.Time {
	switch {
	case !s.Closed:
		return s.NoticeUntil
	case s.Notice != "" && s.NoticeUntil.Before(s.ClosedUntil):
		return s.NoticeUntil
	}
	return s.ClosedUntil
}

func (s Settings) clone() Settings {
	s.TopicsOff = append([]string{}, s.TopicsOff...)
	return s
}

func (s Settings) equal(o Settings) bool {
	return s.Paused == o.Paused && s.Muted == o.Muted && s.Closed == o.Closed && s.ClosedUntil.Equal(o.ClosedUntil) &&
		s.Notice == o.Notice && s.NoticeUntil.Equal(o.NoticeUntil) && slices.Equal(s.TopicsOff, o.TopicsOff)
}

// midnight is when the day of now ends, by now's clock.
func midnight(now time.Time) time.Time {
	return time.Date(now.Year(), now.Month(), now.Day()+1, 0, 0, 0, 0, now.Location())
}

// Settings are what staff have switched, as it holds now.
func (b *Backroom) Settings() Settings {
	now := b.now()
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.settings.at(now).clone()
}

// topicOff says whether questions about a topic go to a person. It is asked in the middle of a turn and does not wait.
func (b *Backroom) topicOff(topic string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, off := slices.BinarySearch(b.settings.TopicsOff, topic)
	return off
}

// change changes the settings. It returns when they are kept: a switch that a power failure would take back is none.
func (b *Backroom) change(c Change) (Settings, error) {
	if err := b.checkChange(&c); err != nil {
		return Settings{}, fmt.Errorf("%w: %w", ErrSetting, err)
	}
	now := b.now()
	b.mu.Lock()
	old, oldBefore := b.settings.at(now), b.before
	next := old.clone()
	switch {
	case c.Undo && b.before == nil:
		b.mu.Unlock()
		return Settings{}, fmt.Errorf("%w: nothing was changed before", ErrSetting)
	case c.Undo:
		next = b.before.at(now).clone()
	default:
		next = next.with(c, now)
	}
	b.settings = next
	if !next.equal(old) {
		before := old.clone()
		b.before = &before
	}
	kept := keptSettings{b.settings, b.before}
	b.mu.Unlock()
	if err := b.vault.PutNote(noteSettings, kept); err != nil {
		b.mu.Lock()
		b.settings, b.before = old, oldBefore
		b.mu.Unlock()
		return Settings{}, err
	}
	b.wake()
	return next.clone(), nil
}

func (s Settings) with(c Change, now time.Time) Settings {
	if c.Paused != nil {
		s.Paused = *c.Paused
	}
	if c.Muted != nil {
		s.Muted = *c.Muted
	}
	if c.Closed != nil {
		s.Closed, s.ClosedUntil = *c.Closed, time.Time{}
		if s.Closed {
			s.ClosedUntil = midnight(now)
		}
	}
	if c.Notice != nil {
		s.Notice, s.NoticeUntil = *c.Notice, time.Time{}
		if s.Notice != "" {
			s.NoticeUntil = midnight(now)
		}
	}
	if c.Topic != "" {
		at, off := slices.BinarySearch(s.TopicsOff, c.Topic)
		switch {
		case c.TopicOff && !off:
			s.TopicsOff = slices.Insert(s.TopicsOff, at, c.Topic)
		case !c.TopicOff && off:
			s.TopicsOff = slices.Delete(s.TopicsOff, at, at+1)
		}
	}
	return s
}

// checkChange refuses what cannot be set, and brings the notice into one line.
func (b *Backroom) checkChange(c *Change) error {
	empty := *c == (Change{})
	alone := *c == (Change{Undo: true})
	switch {
	case empty:
		return fmt.Errorf("nothing is to be changed")
	case c.Undo && !alone:
		return fmt.Errorf("undo stands alone")
	case c.TopicOff && c.Topic == "":
		return fmt.Errorf("name the topic")
	}
	if c.Notice != nil {
		if !utf8.ValidString(*c.Notice) {
			return fmt.Errorf("the notice is no text")
		}
		notice := strings.Join(strings.Fields(*c.Notice), " ")
		if n := utf8.RuneCountInString(notice); n > MaxNotice {
			return fmt.Errorf("the notice has %d characters: use at most %d", n, MaxNotice)
		}
		if strings.ContainsFunc(notice, func(r rune) bool { return !unicode.IsPrint(r) || r == utf8.RuneError }) {
			return fmt.Errorf("the notice holds a character that cannot be shown")
		}
		c.Notice = &notice
	}
	if c.Topic != "" && c.TopicOff {
		b.mu.Lock()
		many := len(b.settings.TopicsOff) >= mostTopicsOff
		b.mu.Unlock()
		switch {
		case many:
			return fmt.Errorf("%d topics are off already", mostTopicsOff)
		case !b.hasTopic(c.Topic):
			return fmt.Errorf("the shop's knowledge has no topic of that name: `tenin knowledge list` shows them")
		}
	}
	return nil
}

// hasTopic is knows where no clerk has the knowledge open, too.
func (b *Backroom) hasTopic(topic string) bool {
	if b.clerk != nil && b.clerk.shop.Load() != nil {
		return b.knows(topic)
	}
	batch, _, err := LoadKnowledge(b.home)
	return err == nil && slices.Contains((&shop{batch: batch}).topics(), topic)
}
