package kiosk

import (
	"context"
	"strings"
	"unicode/utf8"

	"tenin/llm/knowledge"
	"tenin/llm/reading"
)

// Related returns at most n questions of the shop's own that whoever asked turn's may want to ask as well. It searches, which
// takes tens of milliseconds, and lets a turn go before it.
func (c *Clerk) Related(ctx context.Context, turn Turn, n int) (questions []string, err error) {
	shop := c.shop.Load()
	if shop == nil {
		return nil, nil
	}
	err = c.permit.during(ctx, true, func() error {
		questions, err = shop.dialogue.Related(ctx, turn.Transcript, turn.Language, turn.Reply.Sources, n)
		return err
	})
	return questions, err
}

// Examples returns at most n short questions of the shop's own in a language, one of each topic first: what somebody might
// ask who does not know what the clerk knows.
func (c *Clerk) Examples(language string, n int) (questions []string) {
	const longest = 24
	limit := longest
	if language == "en" {
		limit = 2 * longest
	}
	shop := c.shop.Load()
	if shop == nil {
		return nil
	}
	taken, topics := map[string]bool{}, map[string]int{}
	for round := range 3 {
		for _, e := range shop.batch.Entries {
			// Only what is for everybody, on every day.
			if e.Language != language || e.Audience != "" || !e.ValidFrom.IsZero() || !e.ValidUntil.IsZero() || utf8.RuneCountInString(e.Question) > limit {
				continue
			}
			if taken[e.ID] || topics[e.Topic] > round || len(questions) == n {
				continue
			}
			taken[e.ID] = true
			topics[e.Topic]++
			questions = append(questions, e.Question)
		}
	}
	return questions
}

// ShopWord is a word of the shop and how it is read, in katakana.
type ShopWord struct{ Reading, Text string }

// Words are the words that shoppers of this shop may type, with their readings: the names of its goods, and what its answers
// are asked for with. It analyses all of them, which takes a second for a large shop.
func (c *Clerk) Words() []ShopWord {
	shop := c.shop.Load()
	if shop == nil {
		return nil
	}
	return WordsOf(shop.batch)
}

// WordsOf are the words of a batch of knowledge, as [Clerk.Words] gives those of a clerk's.
func WordsOf(batch knowledge.Batch) []ShopWord {
	analyzer := reading.Default()
	var words []ShopWord
	add := func(text, kana string) {
		text = strings.TrimSpace(text)
		if kana == "" {
			kana = spelledIn(analyzer, text)
		}
		if text != "" && kana != "" && utf8.RuneCountInString(text) <= 24 {
			words = append(words, ShopWord{kana, text})
		}
	}
	for _, p := range batch.Products {
		add(p.Name, p.Reading)
		for _, a := range p.Aliases {
			add(a, "")
		}
	}
	for _, t := range knowledge.Terms(batch.Entries, batch.Products) {
		add(t.Text, "")
	}
	return words
}

// spelledIn is a text in katakana as it is typed (チュウシャジョウ), not as it sounds (チューシャジョー); "" when a part of it
// has no reading.
func spelledIn(a *reading.Analyzer, text string) string {
	var b strings.Builder
	for _, t := range a.Analyze(reading.Normalize(text)) {
		if t.Reading == "" {
			return ""
		}
		b.WriteString(t.Reading)
	}
	return b.String()
}

// Product returns the product of that id, as a reply's source names it.
func (c *Clerk) Product(id string) (knowledge.Product, bool) {
	if shop := c.shop.Load(); shop != nil {
		for _, p := range shop.batch.Products {
			if p.ID == id {
				return p, true
			}
		}
	}
	return knowledge.Product{}, false
}

// Plan reads the plan of the shop's floors: see LoadPlan.
func (c *Clerk) Plan() (knowledge.Plan, error) {
	return LoadPlan(c.options.Home, c.Demo())
}
