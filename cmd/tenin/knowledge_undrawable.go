package main

import (
	"fmt"
	"io"

	"tenin/llm/knowledge"
	"tenin/ui"
)

// undrawable is an answer or a product with characters that the kiosk's screen can only show as boxes.
type undrawable struct {
	ID         string `json:"id"`
	Name       string `json:"name"` // the question, or the product
	Characters string `json:"characters"`
}

// undrawables looks at all that a screen may show of a batch. Without the screens' fonts nothing is known, and none returned.
func undrawables(b knowledge.Batch) []undrawable {
	list := []undrawable{}
	add := func(id, name string, texts ...string) {
		texts = append(texts, name)
		var found string
		for _, text := range texts {
			found += text
		}
		if found = ui.Undrawable(found); found != "" {
			list = append(list, undrawable{id, name, found})
		}
	}
	for _, e := range b.Entries {
		add(e.ID, e.Question, e.Answer, e.Detail, e.Topic, e.Place)
	}
	for _, p := range b.Products {
		add(p.ID, p.Name, p.Place, p.Floor)
	}
	return list
}

// mostUndrawables is how many are told one by one.
const mostUndrawables = 5

// warnUndrawable tells them to a person.
func warnUndrawable(w io.Writer, list []undrawable) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintf(w, "warning: %d of them have characters that the screens cannot show; write them otherwise:\n", len(list))
	for _, u := range list[:min(len(list), mostUndrawables)] {
		fmt.Fprintf(w, "  %s: %s %U\n", oneLine(u.Name), u.Characters, []rune(u.Characters))
	}
	if more := len(list) - mostUndrawables; more > 0 {
		fmt.Fprintf(w, "  and %d more\n", more)
	}
}
