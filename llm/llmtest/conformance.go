// Package llmtest has language engines for tests: an embedder and a generator
// without weights, and the conformance suite that they pass like the real ones.
package llmtest

import (
	"context"
	"errors"
	"math"
	"strings"
	"sync"
	"testing"

	"tenin/llm"
)

// TestEmbedder checks what every embedder must do. It closes e.
func TestEmbedder(t *testing.T, e llm.Embedder) {
	ctx := context.Background()
	embed := func(t *testing.T, text string) []float32 {
		t.Helper()
		v, err := e.Embed(ctx, text)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	t.Run("vectors have the dimension and length 1", func(t *testing.T) {
		for _, text := range []string{"query: a", "query: 営業時間は何時までですか？", "passage: " + strings.Repeat("歯ブラシは6階です。", 150), "😀", "a\x00\xff"} {
			v := embed(t, text)
			if len(v) != e.Dim() || math.Abs(dot(v, v)-1) > 1e-4 {
				t.Errorf("%q: %d values for dimension %d, length² %v", text, len(v), e.Dim(), dot(v, v))
			}
		}
	})
	t.Run("the same text gives the same vector", func(t *testing.T) {
		if c := dot(embed(t, "query: お手洗いはどこですか"), embed(t, "query: お手洗いはどこですか")); c < 0.99999 {
			t.Errorf("similarity %v", c)
		}
	})
	t.Run("width and stray spaces make no difference", func(t *testing.T) {
		a, b := embed(t, "query: ポイントカード 6F"), embed(t, " query:  ﾎﾟｲﾝﾄｶｰﾄﾞ　６Ｆ\n")
		if c := dot(a, b); c < 0.99999 {
			t.Errorf("similarity %v", c)
		}
	})
	t.Run("a text that shares words lies nearer", func(t *testing.T) {
		q := embed(t, "query: 駐車場の料金はいくらですか")
		near, far := dot(q, embed(t, "passage: 駐車場の料金は1時間400円です。")), dot(q, embed(t, "passage: 授乳室は5階にございます。"))
		if near <= far {
			t.Errorf("near %v, far %v", near, far)
		}
	})
	t.Run("text without content is refused", func(t *testing.T) {
		for _, text := range []string{"", "  \n", "　"} {
			if _, err := e.Embed(ctx, text); !errors.Is(err, llm.ErrEmpty) {
				t.Errorf("%q: %v", text, err)
			}
		}
	})
	t.Run("many callers get their own vectors", func(t *testing.T) {
		texts := []string{"query: a", "query: 歯ブラシ", "query: 牛乳", "query: umbrella"}
		want := make([][]float32, len(texts))
		for i, text := range texts {
			want[i] = embed(t, text)
		}
		var wg sync.WaitGroup
		for i, text := range texts {
			wg.Go(func() {
				if v, err := e.Embed(ctx, text); err != nil || dot(v, want[i]) < 0.9999 {
					t.Errorf("%q: %v", text, err)
				}
			})
		}
		wg.Wait()
	})
	t.Run("a reset changes nothing that is said", func(t *testing.T) {
		before := embed(t, "query: 傘")
		if _, ok := e.(llm.Resetter); !ok {
			t.Error("it cannot be reset")
		}
		if err := llm.Reset(ctx, e); err != nil {
			t.Fatal(err)
		}
		if c := dot(before, embed(t, "query: 傘")); c < 0.99999 {
			t.Errorf("similarity %v", c)
		}
	})
	t.Run("a context that has ended is obeyed", func(t *testing.T) {
		ended, cancel := context.WithCancel(ctx)
		cancel()
		if _, err := e.Embed(ended, "query: a"); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("after closing it says so", func(t *testing.T) {
		if err := errors.Join(e.Close(), e.Close()); err != nil {
			t.Fatal(err)
		}
		if _, err := e.Embed(ctx, "query: a"); !errors.Is(err, llm.ErrClosed) {
			t.Errorf("got %v", err)
		}
	})
}

func dot(a, b []float32) float64 {
	sum := 0.0
	for i := range a {
		sum += float64(a[i]) * float64(b[i])
	}
	return sum
}

// TestGenerator checks what every generator must do. A scripted one answers the
// prompt with at least six characters and "ten" is no beginning of them. It
// closes g.
func TestGenerator(t *testing.T, g llm.Generator) {
	ctx := context.Background()
	const prompt = "Q: When does the shop close?\nA: At eight.\nQ: When does the shop open?\nA:"
	plain, err := g.Generate(ctx, prompt, llm.GenerateOptions{MaxTokens: 16}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len([]rune(plain.Text)) < 6 {
		t.Fatalf("%q is too short to test with", plain.Text)
	}

	t.Run("the same prompt gives the same text", func(t *testing.T) {
		if _, err := g.Generate(ctx, prompt[:12]+" else", llm.GenerateOptions{MaxTokens: 4}, nil); err != nil {
			t.Fatal(err)
		}
		again, err := g.Generate(ctx, prompt, llm.GenerateOptions{MaxTokens: 16}, nil)
		if err != nil || again.Text != plain.Text {
			t.Errorf("%q, want %q (%v)", again.Text, plain.Text, err)
		}
	})
	t.Run("the callback hears exactly the text", func(t *testing.T) {
		heard := ""
		got, err := g.Generate(ctx, prompt, llm.GenerateOptions{MaxTokens: 16}, func(s string) bool { heard += s; return true })
		if err != nil || heard != got.Text {
			t.Errorf("heard %q, text %q (%v)", heard, got.Text, err)
		}
	})
	t.Run("a callback that returns false ends it", func(t *testing.T) {
		calls := 0
		got, err := g.Generate(ctx, prompt, llm.GenerateOptions{}, func(string) bool { calls++; return false })
		if err != nil || calls != 1 || got.Ended != "callback" {
			t.Errorf("%d calls, ended by %q (%v)", calls, got.Ended, err)
		}
	})
	t.Run("the token limit holds", func(t *testing.T) {
		got, err := g.Generate(ctx, prompt, llm.GenerateOptions{MaxTokens: 2}, nil)
		if err != nil || got.Tokens != 2 || got.Ended != "token limit" {
			t.Errorf("%d tokens, ended by %q (%v)", got.Tokens, got.Ended, err)
		}
	})
	t.Run("a stop word is not said", func(t *testing.T) {
		stop := string([]rune(plain.Text)[2:4])
		got, err := g.Generate(ctx, prompt, llm.GenerateOptions{MaxTokens: 16, Stop: []string{stop}}, nil)
		if want := plain.Text[:strings.Index(plain.Text, stop)]; err != nil || got.Text != want || got.Ended != "stop word" {
			t.Errorf("%q by %q, want %q (%v)", got.Text, got.Ended, want, err)
		}
	})
	t.Run("of choices it says one, word for word", func(t *testing.T) {
		choices := []string{"営業時間は10時からです。", "駐車場は\"北側\"です。\n", ""}
		got, err := g.Generate(ctx, prompt, llm.GenerateOptions{Choices: choices}, nil)
		if err != nil || got.Text != choices[0] && got.Text != choices[1] {
			t.Errorf("%q (%v)", got.Text, err)
		}
		if _, err := g.Generate(ctx, prompt, llm.GenerateOptions{Choices: []string{""}}, nil); !errors.Is(err, llm.ErrNoToken) {
			t.Errorf("no choice: %v", err)
		}
	})
	t.Run("its own text is likelier than noise", func(t *testing.T) {
		s, err := g.Score(ctx, prompt, plain.Text, "qzxqzx jjvv", "")
		if err != nil || len(s) != 3 {
			t.Fatal(s, err)
		}
		if s[0].Mean() <= s[1].Mean() || s[0].LogProb > 0 || s[2] != (llm.Score{}) {
			t.Errorf("scores %v", s)
		}
	})
	t.Run("what was said is found again, and after a reset it is not", func(t *testing.T) {
		again, err := g.Generate(ctx, prompt, llm.GenerateOptions{MaxTokens: 1}, nil)
		if err != nil {
			t.Fatal(err)
		}
		again, err = g.Generate(ctx, prompt, llm.GenerateOptions{MaxTokens: 1}, nil)
		if err != nil || again.Reused != again.PromptTokens-1 {
			t.Errorf("%d of %d reused (%v)", again.Reused, again.PromptTokens, err)
		}
		if err := llm.Reset(ctx, g); err != nil {
			t.Fatal(err)
		}
		again, err = g.Generate(ctx, prompt, llm.GenerateOptions{MaxTokens: 16}, nil)
		if err != nil || again.Reused != 0 || again.Text != plain.Text {
			t.Errorf("%d reused, %q (%v)", again.Reused, again.Text, err)
		}
	})
	t.Run("a prompt beyond the context is refused", func(t *testing.T) {
		long := strings.Repeat("long ", 4*llm.DefaultContext)
		if _, err := g.Generate(ctx, long, llm.GenerateOptions{}, nil); !errors.Is(err, llm.ErrTooLong) {
			t.Errorf("generate: %v", err)
		}
		if _, err := g.Score(ctx, "a", long); !errors.Is(err, llm.ErrTooLong) {
			t.Errorf("score: %v", err)
		}
	})
	t.Run("an empty prompt is refused", func(t *testing.T) {
		if _, err := g.Generate(ctx, "", llm.GenerateOptions{}, nil); !errors.Is(err, llm.ErrEmpty) {
			t.Errorf("generate: %v", err)
		}
		if _, err := g.Score(ctx, "", "a"); !errors.Is(err, llm.ErrEmpty) {
			t.Errorf("score: %v", err)
		}
	})
	t.Run("a context that ends stops it", func(t *testing.T) {
		stopped, cancel := context.WithCancel(ctx)
		got, err := g.Generate(stopped, prompt, llm.GenerateOptions{}, func(string) bool { cancel(); return true })
		if !errors.Is(err, context.Canceled) || got.Tokens > 2 {
			t.Errorf("%d tokens (%v)", got.Tokens, err)
		}
		if _, err := g.Score(stopped, prompt, "a"); !errors.Is(err, context.Canceled) {
			t.Errorf("score: %v", err)
		}
	})
	t.Run("after closing it says so", func(t *testing.T) {
		if err := errors.Join(g.Close(), g.Close()); err != nil {
			t.Fatal(err)
		}
		if _, err := g.Generate(ctx, prompt, llm.GenerateOptions{}, nil); !errors.Is(err, llm.ErrClosed) {
			t.Errorf("got %v", err)
		}
	})
}
