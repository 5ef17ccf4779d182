package llama

import (
	"context"
	"fmt"
)

// commonPrefix is how many tokens a and b share from the start.
func commonPrefix(a, b []int32) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// feed brings the KV cache to hold exactly tokens and computes the logits of the
// last outputs ones, in as few engine calls as the cache's common prefix allows.
// It returns how many tokens were already there. outputs is at most size.outputs
// and at least 1.
func (l *LLama) feed(ctx context.Context, tokens []int32, outputs int) (reused int, err error) {
	// Logits come only from tokens that are decoded now.
	keep := min(commonPrefix(l.cached, tokens), len(tokens)-outputs)
	keep = l.trim(keep)
	for at := keep; at < len(tokens); {
		if err := ctx.Err(); err != nil {
			return keep, err
		}
		end := min(at+l.size.batch, len(tokens))
		// The tokens with outputs stay in one call, for rows of earlier calls are gone.
		if end > len(tokens)-outputs && end < len(tokens) {
			end = len(tokens) - outputs
		}
		if end <= at {
			end = len(tokens)
		}
		n := 0
		if end == len(tokens) {
			n = min(outputs, end-at)
		}
		if err := l.put(tokens[at:end], n); err != nil {
			return keep, err
		}
		at = end
	}
	return keep, nil
}

// put decodes tokens behind the cached ones. After an error the cache holds what
// it held before.
func (l *LLama) put(tokens []int32, outputs int) error {
	at := len(l.cached)
	if err := l.engine.decode(tokens, at, outputs); err != nil {
		l.trim(at)
		return err
	}
	l.cached = append(l.cached, tokens...)
	return nil
}

// trim cuts the KV cache to at most n tokens and returns how many it holds then:
// none if the model's memory cannot drop a part (recurrent layers).
func (l *LLama) trim(n int) int {
	n = min(max(n, 0), len(l.cached))
	if !l.engine.removeFrom(n) {
		l.engine.removeFrom(0)
		n = 0
	}
	clear(l.cached[n:])
	l.cached = l.cached[:n]
	return n
}

// fits checks a prompt's length; room tokens must be left behind it.
func (l *LLama) fits(tokens []int32, room int) error {
	if len(tokens)+room > l.size.context {
		return fmt.Errorf("%w: %d tokens and %d to come, %d fit", ErrTooLong, len(tokens), room, l.size.context)
	}
	return nil
}
