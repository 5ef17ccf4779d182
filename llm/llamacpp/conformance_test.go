package llama

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
)

// testGenerator is what every generating model must do, fake or real. The model
// must have room for at least 128 tokens.
func testGenerator(t *testing.T, l *LLama) {
	ctx := context.Background()
	const prompt = "the shop opens at ten. the shop closes at"

	t.Run("the same prompt gives the same text whatever was said before", func(t *testing.T) {
		if err := l.Reset(ctx); err != nil {
			t.Fatal(err)
		}
		fresh, err := l.Generate(ctx, prompt, SetTokens(12))
		if err != nil {
			t.Fatal(err)
		}
		for _, before := range []string{"quite another talk", prompt + " eight", prompt[:20], prompt} {
			if _, err := l.Generate(ctx, before, SetTokens(5)); err != nil {
				t.Fatal(err)
			}
			again, err := l.Generate(ctx, prompt, SetTokens(12))
			if err != nil {
				t.Fatal(err)
			}
			if again.Text != fresh.Text {
				t.Errorf("after %q: %q, fresh %q", before, again.Text, fresh.Text)
			}
		}
	})
	t.Run("a repeated prompt is found in the cache", func(t *testing.T) {
		if _, err := l.Generate(ctx, prompt, SetTokens(3)); err != nil {
			t.Fatal(err)
		}
		g, err := l.Generate(ctx, prompt, SetTokens(3))
		if err != nil {
			t.Fatal(err)
		}
		if g.Reused != g.PromptTokens-1 {
			t.Errorf("%d of %d prompt tokens reused", g.Reused, g.PromptTokens)
		}
	})
	t.Run("reset leaves nothing in the cache", func(t *testing.T) {
		if err := l.Reset(ctx); err != nil {
			t.Fatal(err)
		}
		g, err := l.Generate(ctx, prompt, SetTokens(1))
		if err != nil {
			t.Fatal(err)
		}
		if g.Reused != 0 {
			t.Errorf("%d tokens were still there", g.Reused)
		}
	})
	t.Run("the callback hears exactly the text", func(t *testing.T) {
		var heard strings.Builder
		g, err := l.Generate(ctx, prompt, SetTokens(16), SetTokenCallback(func(s string) bool {
			heard.WriteString(s)
			return true
		}))
		if err != nil {
			t.Fatal(err)
		}
		if heard.String() != g.Text || g.Text == "" {
			t.Errorf("heard %q, text %q", heard.String(), g.Text)
		}
	})
	t.Run("a callback that returns false ends the text", func(t *testing.T) {
		calls := 0
		g, err := l.Generate(ctx, prompt, SetTokens(16), SetTokenCallback(func(string) bool { calls++; return calls < 2 }))
		if err != nil {
			t.Fatal(err)
		}
		if calls != 2 || g.Reason != CallbackEnded {
			t.Errorf("%d calls, ended by %v", calls, g.Reason)
		}
	})
	t.Run("the model's own callback serves calls without one", func(t *testing.T) {
		heard := false
		l.SetTokenCallback(func(string) bool { heard = true; return true })
		defer l.SetTokenCallback(nil)
		if _, err := l.Predict(prompt, SetTokens(4)); err != nil {
			t.Fatal(err)
		}
		if !heard {
			t.Error("it was not called")
		}
	})
	t.Run("a stop word ends the text before itself", func(t *testing.T) {
		g, err := l.Generate(ctx, prompt, SetTokens(24))
		if err != nil {
			t.Fatal(err)
		}
		runes := []rune(g.Text)
		if len(runes) < 4 {
			t.Skipf("text %q is too short to cut", g.Text)
		}
		stop := string(runes[2:4])
		cut, err := l.Generate(ctx, prompt, SetTokens(24), SetStopWords(stop))
		if err != nil {
			t.Fatal(err)
		}
		if want := g.Text[:strings.Index(g.Text, stop)]; cut.Text != want || cut.Reason != StopWord {
			t.Errorf("%q by %v, want %q", cut.Text, cut.Reason, want)
		}
	})
	t.Run("a context that ends stops the text and leaves a usable model", func(t *testing.T) {
		stopped, cancel := context.WithCancel(ctx)
		g, err := l.Generate(stopped, prompt, SetTokens(64), SetTokenCallback(func(string) bool { cancel(); return true }))
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v", err)
		}
		if len(g.Tokens) > 2 {
			t.Errorf("%d tokens after the end", len(g.Tokens))
		}
		if _, err := l.Generate(ctx, prompt, SetTokens(2)); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	})
	t.Run("a context that has ended does nothing", func(t *testing.T) {
		ended, cancel := context.WithCancel(ctx)
		cancel()
		if _, err := l.Generate(ended, prompt); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a prompt beyond the context is refused", func(t *testing.T) {
		if _, err := l.Generate(ctx, strings.Repeat("long ", l.ContextSize())); !errors.Is(err, ErrTooLong) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a grammar of choices gives one of them", func(t *testing.T) {
		g, err := l.Generate(ctx, prompt, SetTokens(32), WithGrammar(Choices("eight", "nine", "half past ten")))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Contains([]string{"eight", "nine", "half past ten"}, g.Text) || g.Reason != EndOfText {
			t.Errorf("%q by %v", g.Text, g.Reason)
		}
	})
	t.Run("a logit processor decides the token", func(t *testing.T) {
		_, want, err := l.TokenizeString("b")
		if err != nil || len(want) == 0 {
			t.Fatal(want, err)
		}
		only := int(want[len(want)-1])
		g, err := l.Generate(ctx, prompt, SetTokens(3), SetLogitProcessor(func(sofar []int, logits []float32) {
			if len(logits) != l.VocabSize() {
				t.Errorf("%d logits for %d tokens", len(logits), l.VocabSize())
			}
			for i := range logits {
				if i != only {
					logits[i] = float32(math.Inf(-1))
				}
			}
		}))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(g.Tokens, []int{only, only, only}) || g.LogProb >= 0 || math.IsInf(g.LogProb, 0) {
			t.Errorf("tokens %v, log-probability %v", g.Tokens, g.LogProb)
		}
	})
	t.Run("a processor that forbids all gets an error", func(t *testing.T) {
		_, err := l.Generate(ctx, prompt, SetLogitProcessor(func(_ []int, logits []float32) {
			for i := range logits {
				logits[i] = float32(math.Inf(-1))
			}
		}))
		if !errors.Is(err, ErrNoToken) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a score is the sum of what the model says", func(t *testing.T) {
		g, err := l.Generate(ctx, prompt, SetTokens(20))
		if err != nil {
			t.Fatal(err)
		}
		s, err := l.Score(ctx, prompt, g.Text, "xqxqxqzzz")
		if err != nil {
			t.Fatal(err)
		}
		if s[0].Tokens == len(g.Tokens) && math.Abs(s[0].LogProb-g.LogProb) > 0.05*math.Abs(g.LogProb)+0.05 {
			t.Errorf("scored %v, generated with %v", s[0].LogProb, g.LogProb)
		}
		if s[0].Mean() <= s[1].Mean() {
			t.Errorf("its own text %v is not likelier than noise %v", s[0].Mean(), s[1].Mean())
		}
	})
	t.Run("logits agree with the score of one token", func(t *testing.T) {
		logits, err := l.Logits(ctx, prompt)
		if err != nil {
			t.Fatal(err)
		}
		_, before, _ := l.TokenizeString(prompt)
		_, after, _ := l.TokenizeString(prompt + " ten")
		if len(after) != len(before)+1 {
			t.Skip("the word is more than one token here")
		}
		s, err := l.Score(ctx, prompt, " ten")
		if err != nil {
			t.Fatal(err)
		}
		if want := logSoftmax(logits, after[len(after)-1]); math.Abs(s[0].LogProb-want) > 0.05 {
			t.Errorf("score %v, logits say %v", s[0].LogProb, want)
		}
	})
	t.Run("tokens join to the text they came from", func(t *testing.T) {
		for _, text := range []string{"", "toothbrush", "営業時間は何時までですか？", "😀 6F", "a\x00b"} {
			n, tokens, err := l.TokenizeString(text)
			if err != nil || int(n) != len(tokens) {
				t.Fatal(n, tokens, err)
			}
			if back, err := l.Detokenize(tokens); err != nil || back != text {
				t.Errorf("%q came back as %q (%v)", text, back, err)
			}
		}
	})
	t.Run("a token that does not exist is refused", func(t *testing.T) {
		for _, token := range []int32{-1, int32(l.VocabSize())} {
			if _, err := l.Detokenize([]int32{token}); err == nil {
				t.Errorf("token %d was taken", token)
			}
		}
	})
	t.Run("a panic in a callback reaches its caller", func(t *testing.T) {
		defer func() {
			if recover() != "callback" {
				t.Error("it did not")
			}
			if _, err := l.Predict(prompt, SetTokens(2)); err != nil {
				t.Errorf("afterwards: %v", err)
			}
		}()
		_, _ = l.Predict(prompt, SetTokenCallback(func(string) bool { panic("callback") }))
	})
	t.Run("it does not embed", func(t *testing.T) {
		if _, err := l.Embeddings("a"); !errors.Is(err, ErrNotEmbedder) {
			t.Errorf("got %v", err)
		}
	})
}

// testClosing is how every model ends. It closes l.
func testClosing(t *testing.T, l *LLama) {
	ctx := context.Background()
	started := make(chan struct{})
	result := make(chan error, 1)
	go func() {
		first := true
		_, err := l.Generate(ctx, "the shop", SetTokens(0), SetTokenCallback(func(string) bool {
			if first {
				close(started)
			}
			first = false
			return true
		}))
		result <- err
	}()
	<-started
	l.Free()
	l.Free()
	if err := <-result; err != nil && !errors.Is(err, ErrClosed) {
		t.Errorf("the running call got %v", err)
	}
	if _, err := l.Predict("a"); !errors.Is(err, ErrClosed) {
		t.Errorf("a call afterwards got %v", err)
	}
}
