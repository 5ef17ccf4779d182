package dialogue

import (
	"context"
	"errors"
	"slices"
	"testing"

	"tenin/llm/knowledge"
)

func TestRelatedQuestionsAreTheShopsOwnAndMayBeToldToday(t *testing.T) {
	other := func(id, question string, change func(*knowledge.Entry)) knowledge.Hit {
		h := answer(0.3, func(e *knowledge.Entry) {
			e.ID, e.Question = id, question
			if change != nil {
				change(e)
			}
		})
		h.ID = id
		return h
	}
	off := New(found{
		answer(0.9, nil), other("b", "駐車場はありますか", nil), other("b2", "駐車場はありますか", nil),
		other("c", "社員食堂は？", func(e *knowledge.Entry) { e.Audience = "staff" }),
		other("d", "Parking?", func(e *knowledge.Entry) { e.Language = "en" }),
		other("e", "福袋は？", func(e *knowledge.Entry) { e.Topic = "福袋" }),
		{ID: "p", Kind: knowledge.HitProduct, Score: 0.2, Product: &knowledge.Product{ID: "p", Name: "傘"}},
		other("f", "返品できますか", nil), {ID: "z", Score: 0.001, Product: &knowledge.Product{Name: "別"}},
	}, Policy{Now: clerk().policy.Now, Off: func(topic string) bool { return topic == "福袋" }})
	for _, c := range []struct {
		language string
		n        int
		want     []string
	}{
		{"ja", 9, []string{"駐車場はありますか", "傘はどこですか", "返品できますか"}},
		{"ja", 2, []string{"駐車場はありますか", "傘はどこですか"}},
		{"en", 9, []string{"Parking?", "Where can I find 傘?"}},
		{"ja", 0, nil},
	} {
		got, err := off.Related(context.Background(), "営業時間は", c.language, []string{"hours"}, c.n)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s, %d: %q, %v", c.language, c.n, got, err)
		}
	}
	lost := errors.New("lost")
	if _, err := New(broken{lost}, Policy{}).Related(context.Background(), "x", "ja", nil, 3); !errors.Is(err, lost) {
		t.Error(err)
	}
}
