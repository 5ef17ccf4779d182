package knowledge

import (
	"bufio"
	"encoding/json"
	"io"
)

// A Batch is what one knowledge file holds: answers, products or both.
type Batch struct {
	Entries  []Entry
	Products []Product
	// HasEntries and HasProducts tell which kinds the file covers, for a file
	// may cover a kind and hold none of it. [Store.Apply] leaves a kind that is
	// not covered as it is. A non-empty slice covers its kind in any case.
	HasEntries, HasProducts bool
	// KeepEntries and KeepProducts are IDs of rows that were refused. What the
	// store has under them stays: a slip in a cell must not take an answer off
	// the floor.
	KeepEntries, KeepProducts []string
	// Source is the name of the file, for the history of the store.
	Source string
}

// Covers tells which kinds the batch replaces.
func (b Batch) Covers() (entries, products bool) {
	return b.HasEntries || len(b.Entries) > 0, b.HasProducts || len(b.Products) > 0
}

// WriteJSONL writes the batch as a knowledge file that [Import] reads back to
// the same batch: one object a line, entries first, then products.
func (b Batch) WriteJSONL(w io.Writer) error {
	buf := bufio.NewWriter(w)
	enc := json.NewEncoder(buf)
	enc.SetEscapeHTML(false)
	for _, e := range b.Entries {
		if err := enc.Encode(e.wire()); err != nil {
			return err
		}
	}
	for _, p := range b.Products {
		if err := enc.Encode(p); err != nil {
			return err
		}
	}
	return buf.Flush()
}
