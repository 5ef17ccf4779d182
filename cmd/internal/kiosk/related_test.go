package kiosk

import (
	"os"
	"slices"
	"testing"

	"tenin/llm/knowledge"
)

func TestTheClerkKnowsWhatElseOneMayAsk(t *testing.T) {
	clerk, _ := openFake(t, parking, nil)
	visit := clerk.BeginUnkept()
	turn, err := visit.AskText(t.Context(), parking, nil)
	if err != nil {
		t.Fatal(err)
	}
	related, err := clerk.Related(t.Context(), turn, 3)
	if err != nil || slices.Contains(related, parking) {
		t.Errorf("%q, %v", related, err)
	}
	for _, q := range related {
		if q != "返品できますか" && q != "折りたたみ傘はどこですか" {
			t.Errorf("%q is no question of the shop", q)
		}
	}
	if got := clerk.Examples("ja", 5); !slices.Equal(got, []string{parking, "返品できますか"}) {
		t.Errorf("%q", got)
	}
	if got := clerk.Examples("en", 5); len(got) != 0 {
		t.Errorf("%q", got)
	}
	words := clerk.Words()
	if !slices.Contains(words, ShopWord{"オリタタミガサ", "折りたたみ傘"}) || !slices.ContainsFunc(words, func(w ShopWord) bool { return w.Text == "駐車場" && w.Reading == "チュウシャジョウ" }) {
		t.Errorf("%v", words)
	}
	if p, ok := clerk.Product("umbrella"); !ok || p.Floor != "1階" {
		t.Errorf("%+v, %v", p, ok)
	}
	if _, ok := clerk.Product("parking"); ok {
		t.Error("an answer is a product")
	}
}

func TestAShopWithKnowledgeOfItsOwnHasItsOwnPlanOrNone(t *testing.T) {
	home := t.TempDir()
	if p, err := LoadPlan(home, true); err != nil || len(p.Floors) < 10 {
		t.Errorf("the demo shop's: %+v, %v", p, err)
	}
	if p, err := LoadPlan(home, false); err != nil || len(p.Floors) != 0 {
		t.Errorf("none: %+v, %v", p, err)
	}
	own := knowledge.Plan{Floors: []knowledge.Floor{{ID: "1F", Name: knowledge.Label{JA: "1階"}, Level: 1, Ratio: 1.6, Areas: []knowledge.Area{{Name: knowledge.Label{JA: "傘"}, W: 1, H: 1}}}}}
	if err := ImportPlan(home, own); err != nil {
		t.Fatal(err)
	}
	for _, isDemo := range []bool{true, false} {
		if p, err := LoadPlan(home, isDemo); err != nil || len(p.Floors) != 1 {
			t.Errorf("%+v, %v", p, err)
		}
	}
	if places, n := NotOn(own, knowledge.Batch{Products: []knowledge.Product{{Place: "1F 傘"}, {Place: "1F 靴"}, {Place: "1F 靴"}, {}}}); n != 2 || !slices.Equal(places, []string{"1F 靴"}) {
		t.Errorf("%q, %d", places, n)
	}
	if err := os.WriteFile(PlanPath(home), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadPlan(home, true); err == nil {
		t.Error("a damaged plan is taken")
	}
}
