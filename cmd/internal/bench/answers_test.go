package bench

import (
	"bytes"
	"strings"
	"testing"

	"tenin/llm/knowledge"
	"tenin/llm/knowledge/demo"
	"tenin/llm/reading"
)

func demoIndex(t *testing.T, e knowledge.Embedder, options ...knowledge.IndexOption) *knowledge.Index {
	t.Helper()
	b := demo.Batch()
	x, err := knowledge.NewIndex(t.Context(), b.Entries, b.Products, e, reading.Default(), options...)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestWordsAndReadingsAloneKeepTheirFloorOnTheTuningQueries(t *testing.T) {
	r, err := Answers(t.Context(), AnswersOptions{Index: demoIndex(t, nil), Threshold: 0.5, Tune: true, Peers: true})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := r.Print(&out); err != nil {
		t.Fatal(err)
	}
	t.Log("\n" + out.String())
	if r.Ours.FirstHit < 0.75 || r.Ours.Refused < 0.75 || r.Ours.Wrong > 0.12 {
		t.Errorf("first hit %.3f, refused %.3f, wrong %.3f fell below what was measured", r.Ours.FirstHit, r.Ours.Refused, r.Ours.Wrong)
	}
	if r.Ratio == nil || r.Ratio.FirstHit < 1.1 {
		t.Errorf("the ranker no longer beats the best single method: %+v", r.Ratio)
	}
}

func TestTestQueriesAreManyEnoughAndOfEveryBand(t *testing.T) {
	queries, err := TestQueries()
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, q := range queries {
		if strings.TrimSpace(q.Text) == "" {
			t.Error("an empty query")
		}
		if len(q.Expect) == 0 {
			count["out"]++
			continue
		}
		count["in"]++
		count[q.Band]++
	}
	if count["in"] < 200 || count["out"] < 60 || count["none"] < 50 {
		t.Errorf("too few queries: %v", count)
	}
}

func TestQueriesExpectOnlyIdsThatTheDemoShopHas(t *testing.T) {
	b := demo.Batch()
	known := map[string]bool{}
	for _, e := range b.Entries {
		known[e.ID] = true
	}
	for _, p := range b.Products {
		known[p.ID] = true
	}
	for _, read := range []func() ([]Query, error){TestQueries, TuneQueries} {
		queries, err := read()
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range queries {
			for _, id := range q.Expect {
				if !known[id] {
					t.Errorf("%q is not in the demo shop", id)
				}
			}
		}
	}
}

func TestFiguresCountWhatBecameOfEachQuery(t *testing.T) {
	in := Query{Expect: []string{"a"}}
	found := []retrieval{
		{query: in, score: 0.9, first: true, three: true}, // answered rightly
		{query: in, score: 0.9, three: true},              // answered wrongly
		{query: in, score: 0.1, first: true, three: true}, // right, but not said
		{query: Query{}, score: 0.9},                      // answered out of scope
		{query: Query{}, score: 0.1},                      // refused
	}
	f := figuresOf(found, 0.5)
	want := AnswersFigures{InScope: 3, OutOfScope: 2, FirstHit: 2.0 / 3, TopThree: 1, Answered: 2.0 / 3, Refused: 0.5, Wrong: 0.4, Threshold: 0.5}
	if f != want {
		t.Errorf("got %+v, want %+v", f, want)
	}
}

func TestAPeerGetsTheThresholdThatServesItBest(t *testing.T) {
	in := Query{Expect: []string{"a"}}
	found := []retrieval{{query: in, score: 7, first: true}, {query: in, score: 5, first: true}, {query: Query{}, score: 3}, {query: Query{}, score: 1}}
	if got := bestThreshold(found); got != 5 {
		t.Errorf("got %v, want 5", got)
	}
}
