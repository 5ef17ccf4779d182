package kiosk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"tenin/audio"
	"tenin/audio/speech"
	"tenin/llm/knowledge"
	"tenin/llm/reading"
)

// The limits of what staff write, in characters. An answer is spoken whole, and nobody listens for longer than a minute.
const (
	mostQuestion = 200
	mostAnswer   = 400
	mostDetail   = 2000
	mostVariants = 20
	mostSimilar  = 20
)

// similar returns the approved answers that come near a question.
func (b *Backroom) similar(ctx context.Context, question string, n int) ([]Approved, error) {
	if b.clerk == nil || b.clerk.shop.Load() == nil {
		return nil, ErrNotRunning
	}
	if n < 1 || n > mostSimilar || utf8.RuneCountInString(question) > mostQuestion {
		return nil, fmt.Errorf("ask for 1 to %d answers, with at most %d characters", mostSimilar, mostQuestion)
	}
	var hits []knowledge.Hit
	err := b.clerk.permit.during(attended(ctx), true, func() (err error) {
		// Some of the hits are goods.
		hits, err = b.clerk.Index().Search(ctx, question, 2*n)
		return err
	})
	if err != nil {
		return nil, err
	}
	list := []Approved{}
	for _, h := range hits {
		if e := h.Entry; e != nil && len(list) < n {
			list = append(list, Approved{ID: e.ID, Language: e.Language, Question: e.Question, Answer: e.Answer, Topic: e.Topic, Score: h.Score})
		}
	}
	return list, nil
}

// try tells how a text is read, and speaks it.
func (b *Backroom) try(ctx context.Context, t Trial) (Tried, error) {
	text := strings.TrimSpace(t.Text)
	switch {
	case text == "" || utf8.RuneCountInString(text) > mostAnswer || !utf8.ValidString(text):
		return Tried{}, fmt.Errorf("%w: a text to be tried has 1 to %d characters", ErrDraft, mostAnswer)
	case len(t.Readings) > 50:
		return Tried{}, fmt.Errorf("%w: try at most 50 readings at once", ErrReading)
	case t.Language != "" && t.Language != "ja":
		return Tried{Words: []Spelling{}}, nil // it is shown, and read by nobody
	}
	fixed, err := b.readings()
	if err != nil {
		return Tried{}, err
	}
	for _, r := range t.Readings {
		if r, err = knowledge.CheckReading(r); err != nil {
			return Tried{}, fmt.Errorf("%w: %w", ErrReading, err)
		}
		fixed = append(slices.DeleteFunc(fixed, func(o Reading) bool { return o.Word == r.Word }), r)
	}
	spelled := newSpellings(fixed)
	front, err := speech.NewFrontEnd(reading.Default(), nil)
	if err != nil {
		return Tried{}, err
	}
	tried := Tried{Kana: front.Say(spelled.aloud(text)), Words: spelled.words(text)}
	if !t.Sound && !t.Play {
		return tried, nil
	}
	if b.clerk == nil || b.clerk.voice == nil {
		return Tried{}, ErrNotRunning
	}
	b.mu.Lock()
	play := b.play
	b.mu.Unlock()
	if t.Play && play == nil {
		return Tried{}, fmt.Errorf("this kiosk has no loudspeaker of its own: listen where you are")
	}
	// Whoever stands at the counter goes first. What is only tried is not kept.
	voice := permittedVoice{b.clerk.voice, b.clerk.permit, true}
	if tried.Sound, err = speech.Whole(voice.Synthesize(attended(ctx), spelled.aloud(text), b.clerk.speechOptions())); err != nil {
		return Tried{}, err
	}
	if t.Play {
		if err := play(ctx, tried.Sound); err != nil {
			return Tried{}, err
		}
	}
	if !t.Sound {
		tried.Sound = audio.Clip{}
	}
	return tried, nil
}

// readings are those that the shop has fixed.
func (b *Backroom) readings() ([]Reading, error) {
	list, err := LoadReadings(b.home)
	return append([]Reading{}, list...), err
}

// fixReading keeps a reading; the clerk speaks and hears by it when it returns.
func (b *Backroom) fixReading(r Reading) error {
	if strings.TrimSpace(r.Kana) != "" {
		var err error
		if r, err = knowledge.CheckReading(r); err != nil {
			return fmt.Errorf("%w: %w", ErrReading, err)
		}
	}
	changing := b.changes()
	changing.Lock()
	defer changing.Unlock()
	if err := fixReading(b.home, r); err != nil {
		return err
	}
	if b.clerk == nil {
		return nil
	}
	if err := b.clerk.respell(); err != nil {
		return err
	}
	b.reloadedNow()
	return nil
}

// respell makes the clerk speak and hear by the readings that are kept now.
func (c *Clerk) respell() error {
	c.reload.Lock()
	defer c.reload.Unlock()
	if err := c.learnReadings(); err != nil {
		return err
	}
	if shop := c.shop.Load(); shop != nil && c.recognizer != nil && c.expected.Load().words != nil {
		c.expect(shop.batch)
	}
	return nil
}

// changes is held by whoever changes the knowledge of the home.
func (b *Backroom) changes() interface {
	Lock()
	Unlock()
} {
	if b.clerk != nil {
		return &b.clerk.knowing
	}
	return &b.changing
}

// publish makes a draft an approved answer.
func (b *Backroom) publish(who string, d Draft, preview bool) (knowledge.Diff, error) {
	changing := b.changes()
	changing.Lock()
	defer changing.Unlock()
	before, isDemo, err := LoadKnowledge(b.home)
	if err != nil {
		return knowledge.Diff{}, err
	}
	entry, err := entryOf(d, before.Entries)
	if err != nil {
		return knowledge.Diff{}, fmt.Errorf("%w: %w", ErrDraft, err)
	}
	after := knowledge.Batch{Entries: slices.Clone(before.Entries), Products: before.Products}
	if i := slices.IndexFunc(after.Entries, func(e knowledge.Entry) bool { return e.Key() == entry.Key() }); i >= 0 {
		after.Entries[i] = entry
	} else {
		after.Entries = append(after.Entries, entry)
	}
	diff := knowledge.Compare(before, after)
	if preview || diff.Empty() {
		return diff, nil
	}
	batch := knowledge.Batch{Entries: []knowledge.Entry{entry}}
	if isDemo {
		// The demo shop would go with the first answer that is written down: it becomes the shop's own knowledge with it.
		batch = after
	}
	batch.Source = "staff"
	if who != "" {
		batch.Source = "staff: " + who
	}
	if _, err := importInto(b.home, batch, ImportAdd); err != nil {
		return knowledge.Diff{}, err
	}
	return diff, b.reload()
}

// takeBack undoes the last change of the knowledge.
func (b *Backroom) takeBack() (knowledge.Diff, error) {
	changing := b.changes()
	changing.Lock()
	defer changing.Unlock()
	before, _, err := LoadKnowledge(b.home)
	if err != nil {
		return knowledge.Diff{}, err
	}
	if _, err := stepIn(b.home, false); err != nil {
		return knowledge.Diff{}, err
	}
	// What shoppers are answered from, which is the demo shop where nothing is left: the store's own difference would be
	// all of it.
	after, _, err := LoadKnowledge(b.home)
	if err != nil {
		return knowledge.Diff{}, err
	}
	return knowledge.Compare(before, after), b.reload()
}

// reload has the clerk answer from what the home holds now, whoever asked for it may have gone.
func (b *Backroom) reload() error {
	if b.clerk == nil || b.clerk.shop.Load() == nil {
		return nil
	}
	if err := b.clerk.Reload(attended(b.life), nil); err != nil {
		return err
	}
	b.reloadedNow()
	return nil
}

// reloadedNow tells that the clerk answers or speaks otherwise now.
func (b *Backroom) reloadedNow() {
	b.mu.Lock()
	events, reloaded := b.events, b.reloaded
	b.mu.Unlock()
	if events != nil {
		events.KnowledgeChanged()
	}
	if reloaded != nil {
		reloaded()
	}
}

// entryOf makes a draft an entry that an import would take.
func entryOf(d Draft, known []knowledge.Entry) (e knowledge.Entry, err error) {
	language := d.Language
	if language == "" {
		language = knowledge.DefaultLanguage
	}
	if language != "ja" && language != "en" {
		return e, errors.New("an answer is Japanese or English: use ja or en")
	}
	question, answer := inLine(d.Question), strings.TrimSpace(d.Answer)
	switch {
	case question == "" || utf8.RuneCountInString(question) > mostQuestion:
		return e, fmt.Errorf("a question has 1 to %d characters", mostQuestion)
	case answer == "" && d.ID == "" || utf8.RuneCountInString(answer) > mostAnswer:
		return e, fmt.Errorf("an answer has 1 to %d characters", mostAnswer)
	case utf8.RuneCountInString(d.Detail) > mostDetail:
		return e, fmt.Errorf("the detail has more than %d characters", mostDetail)
	case len(d.Variants) > mostVariants:
		return e, fmt.Errorf("there are more than %d wordings", mostVariants)
	}
	e = knowledge.Entry{ID: knowledge.DeriveEntryID(question), Question: question, Language: language}
	at := slices.IndexFunc(known, func(o knowledge.Entry) bool { return o.ID == cmpID(d.ID, e.ID) && o.Language == language })
	switch {
	case at >= 0 && d.ID == "":
		return e, errors.New("this question has an approved answer already: name its id to change it")
	case at < 0 && d.ID != "":
		return e, errors.New("there is no approved answer of that id in this language")
	case at >= 0:
		e = known[at]
		e.Variants = slices.Clone(e.Variants)
	}
	for _, v := range append([]string{question}, d.Variants...) {
		if v = inLine(v); v == "" || utf8.RuneCountInString(v) > mostQuestion {
			return e, fmt.Errorf("a wording has 1 to %d characters", mostQuestion)
		}
		if v != e.Question && !slices.Contains(e.Variants, v) {
			e.Variants = append(e.Variants, v)
		}
	}
	for _, field := range []struct {
		into *string
		text string
	}{{&e.Answer, answer}, {&e.Detail, strings.TrimSpace(d.Detail)}, {&e.Topic, inLine(d.Topic)}, {&e.Place, inLine(d.Place)}} {
		if field.text != "" {
			*field.into = field.text
		}
	}
	return asImported(e)
}

func cmpID(named, derived string) string {
	if named != "" {
		return named
	}
	return derived
}

// inLine is text in one line.
func inLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// asImported returns the entry as a file with it would bring it, so that an answer that is written at the kiosk is refused
// for what a file's would be.
func asImported(e knowledge.Entry) (knowledge.Entry, error) {
	text, err := json.Marshal(knowledge.Batch{Entries: []knowledge.Entry{e}, HasEntries: true})
	if err != nil {
		return e, err
	}
	batch, err := checkedBatch(context.Background(), bytes.TrimSpace(text))
	if err != nil {
		return e, err
	}
	return batch.Entries[0], nil
}
