package demo

import (
	"bytes"
	"context"
	"testing"

	"tenin/llm/knowledge"
)

func TestTheDemoShopLoadsWithoutARefusalOrAWarning(t *testing.T) {
	for name, data := range Files() {
		_, report, err := knowledge.Import(context.Background(), name, bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if len(report.Refused)+len(report.Warnings)+len(report.UnknownColumns) > 0 {
			t.Errorf("%s", report)
		}
	}
}

func TestTheDemoShopIsLargeEnoughToBeAShop(t *testing.T) {
	b := Batch()
	topics := map[string]bool{}
	seen := map[knowledge.EntryKey]bool{}
	for _, e := range b.Entries {
		if seen[e.Key()] {
			t.Errorf("two entries are %s", e.Key())
		}
		seen[e.Key()] = true
		if e.Language == "ja" {
			topics[e.ID] = true
		}
	}
	if len(topics) < 60 {
		t.Errorf("%d Japanese answers, want at least 60", len(topics))
	}
	placed := map[string]bool{}
	for _, p := range b.Products {
		if placed[p.ID] {
			t.Errorf("two products are %s", p.ID)
		}
		if p.Place != "" && p.Floor != "" && p.Price > 0 {
			placed[p.ID] = true
		} else {
			t.Errorf("%s lacks a shelf, a floor or a price", p.ID)
		}
	}
	if len(placed) < 200 {
		t.Errorf("%d products with a shelf, want at least 200", len(placed))
	}
}

func TestEveryEnglishAnswerOfTheDemoShopHasItsJapaneseOne(t *testing.T) {
	have := map[knowledge.EntryKey]bool{}
	for _, e := range Batch().Entries {
		have[e.Key()] = true
	}
	for k := range have {
		if !have[knowledge.EntryKey{ID: k.ID, Language: "ja"}] {
			t.Errorf("%s has no Japanese entry", k)
		}
	}
}
