package knowledge

import (
	"fmt"
	"strings"
	"time"

	"pgregory.net/rapid"
)

// word draws text that import leaves as it is: trimmed, on one line, without
// marks that cut lists.
func word(t *rapid.T, label string) string {
	return rapid.StringMatching(`[ぁ-んァ-ヶ一-二営業時間返品駐車場a-zA-Z0-9"<>&'「」％①㈱髙]{1,12}( [ぁ-んa-z]{1,5})?`).Draw(t, label)
}

func maybe(t *rapid.T, label string) string {
	if rapid.Bool().Draw(t, label+" given") {
		return word(t, label)
	}
	return ""
}

func day(t *rapid.T, label string) time.Time {
	if rapid.Bool().Draw(t, label+" open") {
		return time.Time{}
	}
	return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 900).Draw(t, label))
}

func listOf(t *rapid.T, label, without string) []string {
	var out []string
	for _, w := range rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) string { return word(t, label) }), 0, 3, rapid.ID).Draw(t, label+"s") {
		if w != without {
			out = append(out, w)
		}
	}
	return out
}

// drawBatch draws what Import may return. IDs come from few, so that two
// batches share some.
func drawBatch(t *rapid.T) Batch {
	b := Batch{HasEntries: true, HasProducts: true}
	for _, id := range rapid.SliceOfNDistinct(rapid.IntRange(0, 9), 0, 6, rapid.ID).Draw(t, "entry ids") {
		e := Entry{ID: fmt.Sprintf("e%d", id), Question: word(t, "question"), Answer: word(t, "answer"), Language: rapid.SampledFrom([]string{"ja", "en"}).Draw(t, "language")}
		if rapid.Bool().Draw(t, "second line") {
			e.Answer += "\n" + word(t, "line")
		}
		e.Variants = listOf(t, "variant", e.Question)
		e.Detail, e.Topic, e.Brand = maybe(t, "detail"), maybe(t, "topic"), maybe(t, "brand")
		e.Audience, e.Place = maybe(t, "audience"), maybe(t, "place")
		e.ValidFrom, e.ValidUntil = day(t, "from"), day(t, "until")
		if !e.ValidUntil.IsZero() && e.ValidUntil.Before(e.ValidFrom) {
			e.ValidFrom, e.ValidUntil = e.ValidUntil, e.ValidFrom
		}
		b.Entries = append(b.Entries, e)
	}
	for _, id := range rapid.SliceOfNDistinct(rapid.IntRange(0, 9), 0, 6, rapid.ID).Draw(t, "product ids") {
		p := Product{ID: fmt.Sprintf("p%d", id), Name: word(t, "name"), Reading: maybe(t, "reading"), Place: maybe(t, "place"), Floor: maybe(t, "floor")}
		p.Aliases = listOf(t, "alias", p.Name)
		p.JAN = rapid.SampledFrom([]string{"", "4901234567894", "49012347"}).Draw(t, "jan")
		p.Price = rapid.IntRange(0, 1_000_000).Draw(t, "price")
		if rapid.Bool().Draw(t, "stock given") {
			p.Stock = new(rapid.IntRange(0, 999).Draw(t, "stock"))
		}
		b.Products = append(b.Products, p)
	}
	return b
}

func jsonl(b Batch) string {
	var s strings.Builder
	if err := b.WriteJSONL(&s); err != nil {
		panic(err)
	}
	return s.String()
}
