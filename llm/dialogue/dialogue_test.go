package dialogue

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tenin/llm/knowledge"
)

// found is a Searcher that always finds the same.
type found []knowledge.Hit

func (f found) Search(_ context.Context, _ string, n int) ([]knowledge.Hit, error) {
	return f[:min(n, len(f))], nil
}

type broken struct{ error }

func (b broken) Search(context.Context, string, int) ([]knowledge.Hit, error) { return nil, b.error }

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func clerk(hits ...knowledge.Hit) *Clerk {
	return New(found(hits), Policy{Threshold: 0.5, Now: func() time.Time { return noon }})
}

func answer(score float64, change func(*knowledge.Entry)) knowledge.Hit {
	e := &knowledge.Entry{ID: "hours", Question: "営業時間は？", Answer: "午前10時から午後8時までです。", Topic: "営業", Language: "ja"}
	if change != nil {
		change(e)
	}
	return knowledge.Hit{ID: e.ID, Kind: knowledge.HitAnswer, Score: score, Entry: e}
}

func respond(t *testing.T, c *Clerk, text, language string) Reply {
	t.Helper()
	r, err := c.Respond(context.Background(), text, language)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAConfidentHitIsAnsweredWordForWord(t *testing.T) {
	r := respond(t, clerk(answer(0.9, nil)), "何時まで？", "ja")
	if r.Kind != Approved || r.Text != "午前10時から午後8時までです。" || r.Sources[0] != "hours" || r.Score != 0.9 {
		t.Errorf("got %+v", r)
	}
}

func TestALowScoreGoesToAPersonAndSaysNothingOfTheAnswer(t *testing.T) {
	r := respond(t, clerk(answer(0.49, nil)), "株価は？", "ja")
	if r.Kind != HandOff || strings.Contains(r.Text, "午前10時") || len(r.Sources) != 0 || r.Score != 0.49 {
		t.Errorf("got %+v", r)
	}
}

func TestNothingHeardHasNoReply(t *testing.T) {
	if r := respond(t, New(broken{errors.New("must not search")}, Policy{}), " 　\n", "ja"); r.Kind != None || r.Text != "" {
		t.Errorf("got %+v", r)
	}
}

func TestAnAnswerOutOfItsDatesOrForOthersIsNotTold(t *testing.T) {
	day := func(d int) time.Time { return time.Date(2026, 5, d, 0, 0, 0, 0, time.UTC) }
	for name, change := range map[string]func(*knowledge.Entry){
		"not yet":   func(e *knowledge.Entry) { e.ValidFrom = day(2) },
		"no longer": func(e *knowledge.Entry) { e.ValidUntil = time.Date(2026, 4, 30, 0, 0, 0, 0, time.UTC) },
		"for staff": func(e *knowledge.Entry) { e.Audience = "staff" },
	} {
		if r := respond(t, clerk(answer(0.99, change)), "何時？", "ja"); r.Kind != HandOff {
			t.Errorf("%s: got %+v", name, r)
		}
	}
	last := func(e *knowledge.Entry) { e.ValidFrom, e.ValidUntil = day(1), day(1) }
	if r := respond(t, clerk(answer(0.99, last)), "何時？", "ja"); r.Kind != Approved {
		t.Errorf("on its only day: got %+v", r)
	}
}

func TestAProductIsToldFromItsListAndNoMore(t *testing.T) {
	stock := func(n int) *int { return &n }
	for _, tc := range []struct {
		product  knowledge.Product
		language string
		want     string
	}{
		{knowledge.Product{Name: "歯ブラシ", Place: "6階 日用品 棚K-01", Floor: "6F", Price: 1280, Stock: stock(3)}, "ja",
			"歯ブラシは、6階 日用品 棚K-01にございます。価格は税込1,280円です。"},
		{knowledge.Product{Name: "醤油", Place: "棚A-2", Floor: "B2", Stock: stock(0)}, "ja",
			"醤油は、地下2階 棚A-2にございます。ただいま品切れのため、入荷は係員におたずねください。"},
		{knowledge.Product{Name: "醤油"}, "ja", "醤油は、当店で扱っております。売場は係員におたずねください。"},
		{knowledge.Product{Name: "Soy sauce", Place: "B2 shelf A-2", Floor: "B2", Price: 398}, "en",
			"You will find Soy sauce at B2 shelf A-2. It is 398 yen, tax included."},
	} {
		hit := knowledge.Hit{ID: "p1", Kind: knowledge.HitProduct, Score: 0.8, Product: &tc.product}
		if r := respond(t, clerk(hit), "どこ？", tc.language); r.Kind != Product || r.Text != tc.want {
			t.Errorf("got %q, want %q", r.Text, tc.want)
		}
	}
}

func TestASearchThatFailsIsAnErrorAndNoAnswer(t *testing.T) {
	cause := errors.New("cut short")
	r, err := New(broken{cause}, Policy{}).Respond(context.Background(), "何時？", "ja")
	if !errors.Is(err, cause) || r.Text != "" {
		t.Errorf("got %+v, %v", r, err)
	}
}

func TestTheShopsOwnHandOffIsSaid(t *testing.T) {
	c := New(found(nil), Policy{Threshold: 0.5, HandOff: map[string]string{"ja": "店長まで。"}})
	if r := respond(t, c, "株価は？", "ja"); r.Text != "店長まで。" {
		t.Errorf("got %q", r.Text)
	}
	if r := respond(t, c, "share price?", "en"); r.Text != builtInHandOff["en"] {
		t.Errorf("got %q", r.Text)
	}
}

// Whatever is found, the clerk's words are the shop's: an approved answer, the product template, or the hand-off.
func TestEveryReplyIsTheShopsOwnWords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var hits []knowledge.Hit
		approved := map[string]bool{builtInHandOff["ja"]: true}
		for range rapid.IntRange(0, 6).Draw(t, "hits") {
			text := rapid.String().Draw(t, "answer")
			approved[text] = true
			e := &knowledge.Entry{ID: "e", Answer: text, Language: "ja"}
			hits = append(hits, knowledge.Hit{ID: "e", Score: rapid.Float64Range(0, 1).Draw(t, "score"), Entry: e})
		}
		r, err := clerk(hits...).Respond(context.Background(), rapid.StringN(1, 20, 60).Draw(t, "query")+"x", "ja")
		if err != nil || !approved[r.Text] {
			t.Fatalf("said %q, %v", r.Text, err)
		}
		if r.Kind == Approved && r.Score < 0.5 {
			t.Fatalf("answered at %g", r.Score)
		}
	})
}

func TestATopicThatIsOffGoesToAPersonWhoIsToldWhatItIsAbout(t *testing.T) {
	off := ""
	c := New(found{answer(0.9, nil)}, Policy{Threshold: 0.5, Now: func() time.Time { return noon }, Off: func(topic string) bool { return topic == off }})
	if r := respond(t, c, "何時？", "ja"); r.Kind != Approved || r.About != "" {
		t.Errorf("got %+v", r)
	}
	off = "営業"
	if r := respond(t, c, "何時？", "ja"); r.Kind != HandOff || r.About != off || r.Score != 0.9 || len(r.Sources) > 0 {
		t.Errorf("got %+v", r)
	}
	off = ""
	bare := New(found{answer(0.9, func(e *knowledge.Entry) { e.Topic = "" })}, Policy{Threshold: 0.5, Off: func(string) bool { return true }})
	if r := respond(t, bare, "何時？", "ja"); r.Kind != Approved {
		t.Errorf("an answer without a topic was off: %+v", r)
	}
}

func TestAHandOffTellsWhatItIsAboutOnlyWhenSomethingCameNear(t *testing.T) {
	for score, want := range map[float64]string{0.4: "営業", 0.1: ""} {
		if r := respond(t, clerk(answer(score, nil)), "何時？", "ja"); r.Kind != HandOff || r.About != want || r.Topic != "" {
			t.Errorf("at %g: %+v", score, r)
		}
	}
}
