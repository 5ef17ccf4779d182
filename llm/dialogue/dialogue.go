// Package dialogue decides what the clerk says.
//
// It cannot make anything up. What it returns is an approved answer word for word, a filled template of the product
// list, or a hand-off to a person; which of them is decided by the calibrated score of the best hit and by nothing else.
// A question whose best hit is more likely wrong than the policy allows goes to a person.
package dialogue

import (
	"context"
	"fmt"
	"strings"
	"time"

	"tenin/llm/knowledge"
)

// Kind is the nature of a reply.
type Kind string

// The kinds of reply. None is no reply at all: nothing was heard.
const (
	None     Kind = ""
	Approved Kind = "approved"
	Product  Kind = "product"
	HandOff  Kind = "handoff"
)

// Reply is what the clerk says to one question.
type Reply struct {
	Kind Kind
	// Text is spoken and shown, Detail is only shown.
	Text, Detail string
	// Language is that of Text: "ja" or "en".
	Language string
	// Topic is the shop's own name for what was asked; empty for a hand-off.
	Topic string
	// About is what a hand-off is probably about, for whoever is called: the topic of the answer that came nearest.
	// Empty when nothing came near, and for an answer.
	About string
	// Place is where the thing is, when the shop said so.
	Place string
	// Sources are the ids of the knowledge that Text comes from.
	Sources []string
	// Score is the best hit's probability of being right, also for a hand-off.
	Score float64
}

// Searcher finds what the shop knows. [knowledge.Index] is one.
type Searcher interface {
	// Search returns at most n hits, the likeliest first.
	Search(ctx context.Context, query string, n int) ([]knowledge.Hit, error)
}

// Policy bounds what may be said.
type Policy struct {
	// Threshold is the lowest score that is answered.
	Threshold float64
	// HandOff maps a language to the sentence that sends the shopper to a person; a language without one has a
	// built-in sentence.
	HandOff map[string]string
	// Now is the clock for validity dates; nil means the system's.
	Now func() time.Time
	// Off says of a topic that questions about it go to a person for now; nil: of none. It is asked for each question.
	Off func(topic string) bool
}

// Clerk answers questions from one shop's knowledge.
type Clerk struct {
	search Searcher
	policy Policy
}

// New returns a clerk that searches in s under p.
func New(s Searcher, p Policy) *Clerk {
	if p.Now == nil {
		p.Now = time.Now
	}
	return &Clerk{search: s, policy: p}
}

// depth is how many hits are asked for: the first that may be said today is the one that counts.
const depth = 5

// Respond answers text, a transcript or something typed, in language "ja" or "en". Empty text has the reply None.
// An error is the search's own, or the context's.
func (c *Clerk) Respond(ctx context.Context, text, language string) (Reply, error) {
	if strings.TrimSpace(text) == "" {
		return Reply{Kind: None, Language: language}, nil
	}
	hits, err := c.search.Search(ctx, text, depth)
	if err != nil {
		return Reply{}, fmt.Errorf("search of the knowledge: %w", err)
	}
	now := c.policy.Now()
	for _, hit := range hits {
		if !sayable(hit, now) {
			continue
		}
		reply := c.handOff(language, hit.Score)
		if hit.Entry != nil && hit.Score >= c.policy.Threshold*aboutShare {
			reply.About = hit.Entry.Topic
		}
		if hit.Score < c.policy.Threshold || c.off(hit) {
			return reply, nil
		}
		return compose(hit, language), nil
	}
	return c.handOff(language, 0), nil
}

// aboutShare of the threshold is the score from which the topic of a hand-off is guessed: a wrong answer near the
// question is of its topic more often than not.
const aboutShare = 0.5

// off says whether the shop wants a person to answer what was found.
func (c *Clerk) off(hit knowledge.Hit) bool {
	return c.policy.Off != nil && hit.Entry != nil && hit.Entry.Topic != "" && c.policy.Off(hit.Entry.Topic)
}

// sayable says whether a hit may be told to a shopper now.
func sayable(hit knowledge.Hit, now time.Time) bool {
	if hit.Product != nil {
		return true
	}
	return hit.Entry != nil && hit.Entry.ValidAt(now) && forShoppers(hit.Entry.Audience)
}

// forShoppers says whether an answer was written for the people who ask at the kiosk. An audience that is not known
// is not theirs: an answer that was meant for somebody must not be told to everybody.
func forShoppers(audience string) bool {
	switch strings.ToLower(strings.TrimSpace(audience)) {
	case "", "all", "shopper", "shoppers", "customer", "customers", "お客様", "お客さま", "客", "一般", "全員", "すべて":
		return true
	}
	return false
}

func compose(hit knowledge.Hit, language string) Reply {
	reply := Reply{Score: hit.Score, Sources: []string{hit.ID}}
	if p := hit.Product; p != nil {
		reply.Kind, reply.Language, reply.Place = Product, language, where(p)
		reply.Text = productText(p, language)
		return reply
	}
	e := hit.Entry
	reply.Kind, reply.Text, reply.Detail = Approved, e.Answer, e.Detail
	reply.Language, reply.Topic, reply.Place = e.Language, e.Topic, e.Place
	return reply
}

// builtInHandOff promises nothing that the kiosk does not do: it asks the shopper to speak to a person.
var builtInHandOff = map[string]string{
	"ja": "申し訳ございません。その件は、お近くの係員におたずねください。",
	"en": "I'm sorry, I can't answer that. Please ask a member of staff.",
}

// HandOffText returns the sentence that sends a shopper to a person in that language.
func (p Policy) HandOffText(language string) string {
	if text := p.HandOff[language]; text != "" {
		return text
	}
	if text, ok := builtInHandOff[language]; ok {
		return text
	}
	return builtInHandOff["ja"]
}

func (c *Clerk) handOff(language string, score float64) Reply {
	return Reply{Kind: HandOff, Text: c.policy.HandOffText(language), Language: language, Score: score}
}
