package knowledge

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// A Finding is a place in the knowledge that may make the clerk answer wrong.
// Nothing is refused because of it.
type Finding struct {
	// Rule is "same-question", "similar-question", "expired" or "same-name".
	Rule string `json:"rule"`
	// Items are the entries or products that it is about.
	Items []Item `json:"items"`
	// Reason is one line.
	Reason string `json:"reason"`
}

// alike is the share of common character pairs (Dice's coefficient) from which
// on two questions are worth a look. 返品できますか and 返金できますか have 0.67.
const alike = 0.85

// Lint looks for questions that two entries of one language share or nearly
// share, for entries whose time is over on the day of now, and for products
// with the same name.
func Lint(b Batch, now time.Time) []Finding {
	var out []Finding
	type asked struct{ language, question string }
	first := map[asked]int{}
	shared := map[[2]int]bool{}
	for i, e := range b.Entries {
		for _, q := range e.Questions() {
			k := asked{e.Key().Language, canonical(q)}
			j, had := first[k]
			if !had {
				first[k] = i
				continue
			}
			if j != i && !shared[[2]int{j, i}] && overlaps(b.Entries[j], e) {
				shared[[2]int{j, i}] = true
				out = append(out, Finding{"same-question", []Item{entryItem(b.Entries[j]), entryItem(e)}, "both are asked with: " + excerpt(q)})
			}
		}
	}
	out = append(out, similarQuestions(b.Entries, shared)...)
	for _, e := range b.Entries {
		if !e.ValidUntil.IsZero() && dayOf(now).After(dayOf(e.ValidUntil)) {
			out = append(out, Finding{"expired", []Item{entryItem(e)}, "was valid until " + formatDay(e.ValidUntil)})
		}
	}
	names := map[string]int{}
	for i, p := range b.Products {
		k := canonical(p.Name)
		if j, had := names[k]; had {
			out = append(out, Finding{"same-name", []Item{productItem(b.Products[j]), productItem(p)}, "two products have one name, so shoppers cannot tell them apart: " + excerpt(p.Name)})
			continue
		}
		names[k] = i
	}
	return out
}

// overlaps is false for entries that are never valid on the same day, or that
// are for different brands or people: they may well share a question.
func overlaps(a, b Entry) bool {
	if a.Brand != b.Brand || a.Audience != b.Audience {
		return false
	}
	before := func(x, y Entry) bool {
		return !x.ValidUntil.IsZero() && !y.ValidFrom.IsZero() && x.ValidUntil.Before(y.ValidFrom)
	}
	return !before(a, b) && !before(b, a)
}

// similarQuestions compares the main questions by their pairs of characters.
// Only entries that share one of their rarer pairs are compared, so that the
// time grows with the number of likely pairs and not with the square of all.
func similarQuestions(entries []Entry, known map[[2]int]bool) []Finding {
	grams := make([][]string, len(entries))
	where := map[string][]int{}
	for i, e := range entries {
		grams[i] = pairs(canonical(e.Question))
		for _, g := range grams[i] {
			where[g] = append(where[g], i)
		}
	}
	var out []Finding
	for i, e := range entries {
		rare := slices.Clone(grams[i])
		slices.SortStableFunc(rare, func(a, b string) int { return cmp.Compare(len(where[a]), len(where[b])) })
		// Of two questions that are alike to 0.85 neither lacks more than 27 % of
		// its pairs in the other, so they share one of any third, the rarest too.
		rare = rare[:min(len(rare), len(rare)/3+1)]
		met := map[int]bool{}
		for _, g := range rare {
			for _, j := range where[g] {
				if j >= i || met[j] || known[[2]int{j, i}] {
					continue
				}
				met[j] = true
				o := entries[j]
				if o.Key().Language != e.Key().Language || o.ID == e.ID || !overlaps(o, e) {
					continue
				}
				if d := dice(grams[i], grams[j]); d >= alike {
					out = append(out, Finding{"similar-question", []Item{entryItem(o), entryItem(e)}, fmt.Sprintf("the questions are alike to %.0f %%", d*100)})
				}
			}
		}
	}
	return out
}

// pairs returns the distinct pairs of neighbouring characters, sorted.
func pairs(text string) []string {
	r := []rune(text)
	var out []string
	for i := 0; i+1 < len(r); i++ {
		out = append(out, string(r[i:i+2]))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func dice(a, b []string) float64 {
	if len(a)+len(b) == 0 {
		return 0
	}
	common, i, j := 0, 0, 0
	for i < len(a) && j < len(b) {
		switch cmp.Compare(a[i], b[j]) {
		case 0:
			common++
			i++
			j++
		case -1:
			i++
		default:
			j++
		}
	}
	return 2 * float64(common) / float64(len(a)+len(b))
}
