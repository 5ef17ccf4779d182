package llama

import (
	"context"
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestTheFakeModelGeneratesAsAModelMust(t *testing.T) {
	l, _ := openFake(t)
	testGenerator(t, l)
}

func TestAModelWithoutPartialMemoryStillGivesTheSameText(t *testing.T) {
	l, f := openFake(t)
	f.whole = true
	want, err := l.Predict("abc def", SetTokens(5))
	if err != nil {
		t.Fatal(err)
	}
	_, _ = l.Predict("abc xyz", SetTokens(5))
	if got, err := l.Predict("abc def", SetTokens(5)); err != nil || got != want {
		t.Errorf("%q, want %q (%v)", got, want, err)
	}
}

func TestClosingStopsTheRunningCallAndFreesTheEngine(t *testing.T) {
	l, f := openFake(t, SetContext(1<<20))
	testClosing(t, l)
	if !f.freed.Load() {
		t.Error("the engine was not freed")
	}
}

func TestACancelledCallIsStoppedInsideTheEngine(t *testing.T) {
	l, f := openFake(t)
	f.slow = make(chan struct{})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { _, err := l.Generate(ctx, "a"); done <- err }()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestAWaitingCallLeavesWhenItsContextEnds(t *testing.T) {
	l, _ := openFake(t)
	inside, release := make(chan struct{}), make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = l.Predict("a", SetTokenCallback(func(string) bool { close(inside); <-release; return false }))
	}()
	<-inside
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := l.Generate(ctx, "b"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	close(release)
	<-done
}

func TestResetOverwritesTheTokensThatTheOwnerRemembers(t *testing.T) {
	l, f := openFake(t)
	if _, err := l.Predict("a secret", SetTokens(4)); err != nil {
		t.Fatal(err)
	}
	if err := l.Reset(context.Background()); err != nil {
		t.Fatal(err)
	}
	for _, token := range l.cached[:cap(l.cached)] {
		if token != 0 {
			t.Fatalf("tokens are left: %v", l.cached[:cap(l.cached)])
		}
	}
	if f.kv != nil {
		t.Error("the engine was not renewed")
	}
}

func TestTheCacheNeverChangesWhatIsSaid(t *testing.T) {
	l, f := openFake(t, SetContext(64))
	fresh, _ := openFake(t, SetContext(64))
	rapid.Check(t, func(rt *rapid.T) {
		f.whole = rapid.Bool().Draw(rt, "whole")
		prompt := rapid.StringMatching(`[ab]{1,50}`).Draw(rt, "prompt")
		n := rapid.IntRange(1, 40).Draw(rt, "tokens")
		got, err := l.Generate(context.Background(), prompt, SetTokens(n))
		if err != nil {
			rt.Fatal(err)
		}
		if err := fresh.Reset(context.Background()); err != nil {
			rt.Fatal(err)
		}
		want, err := fresh.Generate(context.Background(), prompt, SetTokens(n))
		if err != nil {
			rt.Fatal(err)
		}
		if got.Text != want.Text || got.Reason != want.Reason {
			rt.Fatalf("%q by %v, fresh %q by %v", got.Text, got.Reason, want.Text, want.Reason)
		}
		other := rapid.StringMatching(`[ab]{0,40}`).Draw(rt, "continuation")
		a, err := l.Score(context.Background(), prompt[:1], other)
		if err != nil {
			rt.Fatal(err)
		}
		b, err := fresh.Score(context.Background(), prompt[:1], other)
		if err != nil {
			rt.Fatal(err)
		}
		if math.Abs(a[0].LogProb-b[0].LogProb) > 1e-9 || a[0].Tokens != len(other) {
			rt.Fatalf("scores %v and %v", a, b)
		}
	})
}

func TestALongTextIsEmbeddedInWindowsWithTheirMarks(t *testing.T) {
	l, f := openFake(t, EnableEmbeddings)
	f.limits.batch = 16
	v, err := l.Embeddings("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")
	if err != nil {
		t.Fatal(err)
	}
	if 'a'%8 != 1 || v[1] < 0.9 || v[0] > 0.1 {
		t.Errorf("got %v", v)
	}
	if _, err := l.Predict("a"); !errors.Is(err, ErrNotGenerator) {
		t.Errorf("got %v", err)
	}
}

func TestLoadingIsStoppedByItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := start(ctx, FileInfo{}, NewModelOptions(), func(progress func(float32) bool) (backend, error) {
		if progress(0.5) {
			t.Error("it was told to go on")
		}
		return nil, ErrEngine
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
