// Package demo is the shop that Tenin serves while its home has no knowledge of
// its own: the made-up department store てんいん百貨店, with answers in Japanese and
// English and a list of goods with their shelves.
//
// Its files are ordinary knowledge files, read by the same import as a shop's
// own, and good examples to start from.
package demo

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"sync"

	"tenin/llm/knowledge"
)

//go:embed answers.jsonl
var answers []byte

//go:embed products.csv
var products []byte

//go:embed floors.json
var floors []byte

// Files are the names and the contents of the demo shop's answers and products.
func Files() map[string][]byte {
	return map[string][]byte{"answers.jsonl": bytes.Clone(answers), "products.csv": bytes.Clone(products)}
}

var load = sync.OnceValues(func() (knowledge.Batch, error) {
	b, _, err := knowledge.Import(context.Background(), "demo answers.jsonl", bytes.NewReader(answers))
	if err != nil {
		return knowledge.Batch{}, err
	}
	p, _, err := knowledge.Import(context.Background(), "demo products.csv", bytes.NewReader(products))
	if err != nil {
		return knowledge.Batch{}, err
	}
	b.Products, b.HasProducts = p.Products, true
	return b, nil
})

// Batch is the demo shop. It is read once; callers share the entries and must
// not change them. The files are part of the program and tested with it, so
// that a failure to read them is a broken build: Batch panics.
func Batch() knowledge.Batch {
	b, err := load()
	if err != nil {
		panic(fmt.Sprintf("demo: the embedded shop cannot be read: %v", err))
	}
	return b
}

var loadPlan = sync.OnceValues(func() (knowledge.Plan, error) { return knowledge.ParsePlan(floors) })

// Plan is the floors of the demo shop, and where its kiosk stands. It is shared
// and panics as Batch does.
func Plan() knowledge.Plan {
	p, err := loadPlan()
	if err != nil {
		panic(fmt.Sprintf("demo: the embedded plan cannot be read: %v", err))
	}
	return p
}
