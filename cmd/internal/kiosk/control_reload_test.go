package kiosk

import (
	"context"
	"sync"
	"testing"
	"time"

	"tenin/asr"
	"tenin/llm/dialogue"
	"tenin/llm/knowledge"
	"tenin/storage"
)

func apply(t *testing.T, home string, entries ...knowledge.Entry) {
	t.Helper()
	store, err := OpenKnowledge(home)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if _, err := store.Apply(knowledge.Batch{Entries: entries}); err != nil {
		t.Fatal(err)
	}
}

func TestAReloadedClerkAnswersFromWhatWasImportedMeanwhile(t *testing.T) {
	var told asr.Options
	clerk, fakes := openFake(t, parking, nil)
	fakes.heard.Script = func(_ []float32, o asr.Options) asr.Transcript {
		told = o
		return asr.Transcript{Text: parking, Language: "ja"}
	}
	apply(t, clerk.options.Home, knowledge.Entry{ID: "new", Question: parking, Answer: "3階にございます。", Language: "ja"},
		knowledge.Entry{ID: "piano", Question: "ピアノの調律はできますか", Answer: "はい。", Language: "ja"})
	visit := begin(t, clerk, storage.FromText())
	before, err := visit.AskText(t.Context(), parking, nil)
	if err != nil || before.Reply.Text != parkingAnswer {
		t.Fatalf("before the reload: %+v, %v", before.Reply, err)
	}
	read := 0
	if err := clerk.Reload(t.Context(), func(done, _ int) { read = done }); err != nil {
		t.Fatal(err)
	}
	after, err := visit.AskText(t.Context(), parking, nil)
	if err != nil || after.Reply.Kind != dialogue.Approved || after.Reply.Text != "3階にございます。" || after.Reply.Sources[0] != "new" {
		t.Fatalf("after it: %+v, %v", after.Reply, err)
	}
	if read == 0 {
		t.Error("no progress was told")
	}
	if answers, products := clerk.Known(); answers != 2 || products != 1 {
		t.Errorf("%d answers, %d products", answers, products)
	}
	if _, err := clerk.Hear(t.Context(), room(true)); err != nil || told.Words == nil {
		t.Errorf("the recogniser was told no words: %v", err)
	}
}

func TestTurnsAndReloadsDoNotGetInEachOthersWay(t *testing.T) {
	clerk, _ := openFake(t, parking, nil)
	visit := begin(t, clerk, storage.FromText())
	var group sync.WaitGroup
	group.Go(func() {
		for i := range 20 {
			answer := []string{"1階です。", "2階です。"}[i%2]
			apply(t, clerk.options.Home, knowledge.Entry{ID: "parking" + answer, Question: parking, Answer: answer, Language: "ja"})
			if err := clerk.Reload(t.Context(), nil); err != nil {
				t.Error(err)
			}
		}
	})
	for range 40 {
		// A turn that was answered from the old knowledge is kept with the old knowledge's ids.
		if turn, err := visit.AskText(t.Context(), parking, nil); err != nil || turn.Reply.Kind != dialogue.Approved {
			t.Errorf("%+v, %v", turn.Reply, err)
		}
	}
	group.Wait()
}

func TestAReloadThatFailsLeavesTheClerkAsItWas(t *testing.T) {
	clerk, _ := openFake(t, parking, nil)
	store, err := OpenKnowledge(clerk.options.Home)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close() // held: it cannot be read
	if err := clerk.Reload(t.Context(), nil); err == nil {
		t.Error("no error")
	}
	turn, err := begin(t, clerk, storage.FromText()).AskText(t.Context(), parking, nil)
	if err != nil || turn.Reply.Text != parkingAnswer {
		t.Errorf("%+v, %v", turn.Reply, err)
	}
}

func TestAnAnswerThatIsPublishedAtARunningKioskIsSpokenAheadWithoutARestart(t *testing.T) {
	s := openStage(t, parking)
	ahead := make(chan struct{}, 10)
	desk := NewDesk(s.clerk)
	s.counter, s.ended = desk, make(chan struct{})
	ctx, stop := context.WithCancel(t.Context())
	go func() {
		defer close(s.ended)
		desk.Run(ctx, s, s, RunnerOptions{Reset: s.reset, Ahead: func(ctx context.Context) error {
			err := s.clerk.RenderQuietly(ctx)
			if err == nil {
				ahead <- struct{}{}
			}
			return err
		}})
	}()
	served, err := ServeControl(ctx, s.clerk, ControlOptions{Desk: desk})
	must(t, err)
	t.Cleanup(func() {
		stop()
		s.waitForEnd()
		must(t, served.Close())
	})
	wait := func(what string) {
		t.Helper()
		select {
		case <-ahead:
		case <-time.After(hold):
			t.Fatal(what, "are not spoken ahead")
		}
		if n := s.clerk.Unrendered(); n != 0 {
			t.Errorf("%s: %d answers are not spoken", what, n)
		}
	}
	wait("the answers")
	house := openFar(t, s.clerk)
	_, err = house.Publish(t.Context(), Draft{Question: "傘はどこですか", Answer: "1階でございます。"}, false)
	must(t, err)
	wait("a published answer")
	must(t, house.FixReading(t.Context(), Reading{Word: "駐車場", Kana: "パーキング"}))
	wait("answers with another reading")
	_, err = openOwner(t, s.clerk.options.Home).Import(t.Context(), knowledge.Batch{Entries: []knowledge.Entry{
		{ID: "new", Question: "喫煙所はどこですか", Answer: "屋上にございます。", Language: "ja"},
	}}, ImportAdd, nil)
	must(t, err)
	wait("an imported answer")
}
