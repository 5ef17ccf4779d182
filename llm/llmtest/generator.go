package llmtest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"tenin/llm"
)

// Scripted is an [llm.Generator] without weights: it says what Answer returns,
// character by character. A test that wants to know what was asked reads Prompts.
type Scripted struct {
	answer func(prompt string) string

	mu      sync.Mutex
	prompts []string
	cache   []rune // the last prompt and text, as an engine's KV cache holds them
	closed  bool
}

// NewScripted returns a generator that says answer(prompt).
func NewScripted(answer func(prompt string) string) *Scripted { return &Scripted{answer: answer} }

// Prompts returns the prompts of all Generate calls since the last Reset.
func (s *Scripted) Prompts() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.prompts)
}

// scriptedContext is the most characters that prompt and text have together.
const scriptedContext = llm.DefaultContext

// Generate implements llm.Generator. Each character is a token. Choices get the
// answer if it is one of them, or else the first. Grammar and Constrain, which
// need a real vocabulary, are refused.
func (s *Scripted) Generate(ctx context.Context, prompt string, o llm.GenerateOptions, onToken func(string) bool) (llm.Generation, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.check(ctx, prompt); err != nil {
		return llm.Generation{}, fmt.Errorf("generate: %w", err)
	}
	if o.Grammar != "" || o.Constrain != nil {
		return llm.Generation{}, fmt.Errorf("generate: %w: a scripted generator knows no grammar", llm.ErrGrammar)
	}
	begin := time.Now()
	text, err := s.choose(prompt, o)
	if err != nil {
		return llm.Generation{}, fmt.Errorf("generate: %w", err)
	}
	s.prompts = append(s.prompts, prompt)
	g := llm.Generation{PromptTokens: len([]rune(prompt)), First: time.Since(begin), Ended: "end of text"}
	g.Reused = min(shared(s.cache, []rune(prompt)), g.PromptTokens-1)
	s.cache = []rune(prompt)
	end := len(text)
	for _, stop := range o.Stop {
		if i := strings.Index(text, stop); stop != "" && i >= 0 && i < end {
			end, g.Ended = i, "stop word"
		}
	}
	limit := o.MaxTokens
	if limit <= 0 {
		limit = llm.DefaultMaxTokens
	}
	for _, r := range text[:end] {
		if err := ctx.Err(); err != nil {
			return g, fmt.Errorf("generate: %w", err)
		}
		if g.Tokens == limit {
			g.Ended = "token limit"
			break
		}
		g.Text += string(r)
		g.Tokens++
		g.LogProb += likely
		s.cache = append(s.cache, r)
		if onToken != nil && !onToken(string(r)) {
			g.Ended = "callback"
			break
		}
	}
	g.Rest = time.Since(begin) - g.First
	return g, nil
}

func (s *Scripted) choose(prompt string, o llm.GenerateOptions) (string, error) {
	text := s.answer(prompt)
	if len(o.Choices) == 0 || text != "" && slices.Contains(o.Choices, text) {
		return text, nil
	}
	for _, c := range o.Choices {
		if c != "" {
			return c, nil
		}
	}
	return "", llm.ErrNoToken
}

func (s *Scripted) check(ctx context.Context, prompt string) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case s.closed:
		return llm.ErrClosed
	case prompt == "":
		return llm.ErrEmpty
	case len([]rune(prompt)) >= scriptedContext:
		return llm.ErrTooLong
	}
	return nil
}

func shared(a, b []rune) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// Log-probabilities of a character that the script says, and of one it does not.
const likely, unlikely = -0.1, -9.0

// Score implements llm.Generator: characters are likely as long as they follow
// the script.
func (s *Scripted) Score(ctx context.Context, prompt string, continuations ...string) ([]llm.Score, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.check(ctx, prompt); err != nil {
		return nil, fmt.Errorf("score: %w", err)
	}
	script := []rune(s.answer(prompt))
	var out []llm.Score
	for _, c := range continuations {
		said := []rune(c)
		if len(said)+len([]rune(prompt)) > scriptedContext {
			return nil, fmt.Errorf("score: %w", llm.ErrTooLong)
		}
		same := shared(said, script)
		out = append(out, llm.Score{
			LogProb: float64(same)*likely + float64(len(said)-same)*unlikely, Tokens: len(said),
		})
	}
	return out, nil
}

// Reset implements llm.Generator and forgets the prompts, too.
func (s *Scripted) Reset(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return fmt.Errorf("reset: %w", llm.ErrClosed)
	}
	clear(s.cache)
	clear(s.prompts)
	s.cache, s.prompts = nil, nil
	return ctx.Err()
}

// Close implements llm.Generator.
func (s *Scripted) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return nil
}
