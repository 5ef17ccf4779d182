package knowledge

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// A Diff is what an import changed, or would change.
type Diff struct {
	Entries  Changes `json:"entries"`
	Products Changes `json:"products"`
}

// Changes are the differences of one kind, each list sorted by key.
type Changes struct {
	Added     []Item   `json:"added"`
	Removed   []Item   `json:"removed"`
	Changed   []Change `json:"changed"`
	Unchanged int      `json:"unchanged"`
}

// An Item names an entry or a product. Language is empty for products.
type Item struct {
	ID       string `json:"id"`
	Language string `json:"language,omitempty"`
	// Title is the question, or the product's name.
	Title string `json:"title"`
}

// A Change is an item with at least one field that differs.
type Change struct {
	Item
	Fields []FieldChange `json:"fields"`
}

// A FieldChange is one field before and after, as it stands in a knowledge
// file; lists are joined with " / ".
type FieldChange struct {
	Field  string `json:"field"`
	Before string `json:"before"`
	After  string `json:"after"`
}

// Compare says what must happen to before to make it after. Both must have
// unique keys, as batches from [Import] have; order does not matter.
func Compare(before, after Batch) Diff {
	return Diff{
		Entries:  compare(before.Entries, after.Entries, entryItem, entryFields),
		Products: compare(before.Products, after.Products, productItem, productFields),
	}
}

// Empty tells that nothing differs.
func (d Diff) Empty() bool { return d.Entries.Empty() && d.Products.Empty() }

// Empty tells that nothing of this kind differs.
func (c Changes) Empty() bool { return len(c.Added)+len(c.Removed)+len(c.Changed) == 0 }

// Reverse is the diff of the way back.
func (d Diff) Reverse() Diff { return Diff{d.Entries.reverse(), d.Products.reverse()} }

func (c Changes) reverse() Changes {
	out := Changes{Added: c.Removed, Removed: c.Added, Changed: make([]Change, len(c.Changed)), Unchanged: c.Unchanged}
	for i, ch := range c.Changed {
		ch.Fields = slices.Clone(ch.Fields)
		for j, f := range ch.Fields {
			ch.Fields[j] = FieldChange{f.Field, f.After, f.Before}
			// The title is that of the state that is arrived at.
			if f.Field == string(fieldQuestion) || f.Field == string(fieldName) {
				ch.Title = f.Before
			}
		}
		out.Changed[i] = ch
	}
	return out
}

type fieldValue struct{ name, value string }

func entryItem(e Entry) Item {
	k := e.Key()
	return Item{k.ID, k.Language, e.Question}
}

func productItem(p Product) Item { return Item{p.ID, "", p.Name} }

func entryFields(e Entry) []fieldValue {
	return []fieldValue{
		{"question", e.Question}, {"variants", strings.Join(e.Variants, " / ")}, {"answer", e.Answer},
		{"detail", e.Detail}, {"topic", e.Topic}, {"brand", e.Brand}, {"audience", e.Audience},
		{"valid_from", formatDay(e.ValidFrom)}, {"valid_until", formatDay(e.ValidUntil)}, {"place", e.Place},
	}
}

func productFields(p Product) []fieldValue {
	price, stock := "", ""
	if p.Price != 0 {
		price = strconv.Itoa(p.Price)
	}
	if p.Stock != nil {
		stock = strconv.Itoa(*p.Stock)
	}
	return []fieldValue{
		{"name", p.Name}, {"reading", p.Reading}, {"aliases", strings.Join(p.Aliases, " / ")}, {"jan", p.JAN},
		{"place", p.Place}, {"floor", p.Floor}, {"price", price}, {"stock", stock},
	}
}

func compare[T any](before, after []T, item func(T) Item, fields func(T) []fieldValue) Changes {
	type key struct{ id, language string }
	keyOf := func(v T) key { i := item(v); return key{i.ID, i.Language} }
	old := make(map[key]T, len(before))
	for _, v := range before {
		old[keyOf(v)] = v
	}
	c := Changes{Added: []Item{}, Removed: []Item{}, Changed: []Change{}}
	stays := make(map[key]bool, len(after))
	for _, v := range after {
		k := keyOf(v)
		stays[k] = true
		o, had := old[k]
		if !had {
			c.Added = append(c.Added, item(v))
			continue
		}
		was, is := fields(o), fields(v)
		var changed []FieldChange
		for i := range is {
			if was[i].value != is[i].value {
				changed = append(changed, FieldChange{is[i].name, was[i].value, is[i].value})
			}
		}
		if changed == nil {
			c.Unchanged++
			continue
		}
		c.Changed = append(c.Changed, Change{item(v), changed})
	}
	for _, v := range before {
		if !stays[keyOf(v)] {
			c.Removed = append(c.Removed, item(v))
		}
	}
	slices.SortFunc(c.Added, compareItems)
	slices.SortFunc(c.Removed, compareItems)
	slices.SortFunc(c.Changed, func(a, b Change) int { return compareItems(a.Item, b.Item) })
	return c
}

func compareItems(a, b Item) int {
	if n := strings.Compare(a.ID, b.ID); n != 0 {
		return n
	}
	return strings.Compare(a.Language, b.Language)
}

// textItems is how many items of a kind WriteText names.
const textItems = 20

// WriteText writes the diff for people: a line of counts for each kind that is
// there, then a line for each of the first items.
func (d Diff) WriteText(w io.Writer) error {
	var b strings.Builder
	d.Entries.text(&b, "answers")
	d.Products.text(&b, "products")
	if b.Len() == 0 {
		b.WriteString("nothing known, nothing changed\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// String is what WriteText writes.
func (d Diff) String() string {
	var b strings.Builder
	_ = d.WriteText(&b) // a strings.Builder does not fail
	return b.String()
}

func (c Changes) text(b *strings.Builder, what string) {
	if c.Empty() && c.Unchanged == 0 {
		return
	}
	fmt.Fprintf(b, "%s: %d added, %d changed, %d removed, %d unchanged\n", what, len(c.Added), len(c.Changed), len(c.Removed), c.Unchanged)
	list := func(sign string, n int, line func(int) string) {
		for i := range min(n, textItems) {
			fmt.Fprintf(b, "  %s %s\n", sign, line(i))
		}
		if n > textItems {
			fmt.Fprintf(b, "  %s %d more\n", sign, n-textItems)
		}
	}
	list("+", len(c.Added), func(i int) string { return c.Added[i].String() })
	list("~", len(c.Changed), func(i int) string {
		names := make([]string, len(c.Changed[i].Fields))
		for j, f := range c.Changed[i].Fields {
			names[j] = f.Field
			if len([]rune(f.Before)) <= 12 && len([]rune(f.After)) <= 12 {
				names[j] = fmt.Sprintf("%s %s → %s", f.Field, orNone(f.Before), orNone(f.After))
			}
		}
		return c.Changed[i].Item.String() + ": " + strings.Join(names, ", ")
	})
	list("-", len(c.Removed), func(i int) string { return c.Removed[i].String() })
}

func orNone(s string) string {
	if s == "" {
		return "(none)"
	}
	return s
}

// String is the key and the title.
func (i Item) String() string { return EntryKey{i.ID, i.Language}.String() + " " + excerpt(i.Title) }
