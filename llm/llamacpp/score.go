package llama

import (
	"context"
	"errors"
	"fmt"
	"math"
)

var (
	errEmptyPrompt  = errors.New("text is empty: give at least one word")
	errUnknownToken = errors.New("token is not in the vocabulary")
)

// Scored is how likely a model finds a continuation.
type Scored struct {
	LogProb float64 // natural logarithm, summed over Tokens; 0 is certain
	Tokens  int     // tokens of the continuation
}

// Mean is the log-probability for a token, which compares texts of different
// length; 0 without tokens.
func (s Scored) Mean() float64 {
	if s.Tokens == 0 {
		return 0
	}
	return s.LogProb / float64(s.Tokens)
}

// Score returns how likely each continuation is to follow prompt. Prompt and
// continuation are split into tokens together, as the model would read them; if
// a token spans the border it counts to the continuation. The prompt is computed
// once. Errors as for Generate.
func (l *LLama) Score(ctx context.Context, prompt string, continuations ...string) ([]Scored, error) {
	var out []Scored
	err := l.do(ctx, "score", func(ctx context.Context) error {
		if l.options.Embeddings {
			return ErrNotGenerator
		}
		l.threads(PredictOptions{})
		start, err := l.prompt(prompt, false, 0)
		if err != nil {
			return err
		}
		for _, c := range continuations {
			whole, err := l.prompt(prompt+c, false, 0)
			if err != nil {
				return err
			}
			s, err := l.score(ctx, whole, max(1, commonPrefix(start, whole)))
			if err != nil {
				return err
			}
			out = append(out, s)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// score sums the log-probabilities of whole[from:]. Each token is judged by the
// logits of the one before it.
func (l *LLama) score(ctx context.Context, whole []int32, from int) (Scored, error) {
	s := Scored{Tokens: len(whole) - from}
	for at := from; at < len(whole); {
		end := min(at+l.size.outputs, len(whole))
		if _, err := l.feed(ctx, whole[:end-1], end-at); err != nil {
			return Scored{}, err
		}
		for i := at; i < end; i++ {
			s.LogProb += l.engine.logProb(i-at, whole[i])
		}
		at = end
	}
	return s, nil
}

// Logits returns the model's logits for the token after prompt, one for each
// token of the vocabulary, as a copy.
func (l *LLama) Logits(ctx context.Context, prompt string) ([]float32, error) {
	var out []float32
	err := l.do(ctx, "logits", func(ctx context.Context) error {
		if l.options.Embeddings {
			return ErrNotGenerator
		}
		l.threads(PredictOptions{})
		tokens, err := l.prompt(prompt, false, 0)
		if err != nil {
			return err
		}
		if _, err := l.feed(ctx, tokens, 1); err != nil {
			return err
		}
		out = append(out, l.engine.logits(0)...)
		return nil
	})
	return out, err
}

// logSoftmax is the natural logarithm of the softmax of logits at token, with
// the maximum taken out first so that no exponential overflows.
func logSoftmax(logits []float32, token int32) float64 {
	top := math.Inf(-1)
	for _, x := range logits {
		top = max(top, float64(x))
	}
	sum := 0.0
	for _, x := range logits {
		sum += math.Exp(float64(x) - top)
	}
	return float64(logits[token]) - top - math.Log(sum)
}

func engineError(what string, code int) error {
	return fmt.Errorf("%w: %s gave %d", ErrEngine, what, code)
}
