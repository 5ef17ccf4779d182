package kiosk

import (
	"context"
	"errors"
	"sync/atomic"

	"tenin/llm"
)

// Reload makes the clerk answer from what the home's knowledge is now. It may be called while a visit goes on: a turn that
// has begun ends with what it began with, and the engines serve turns first. progress, if not nil, is told how many texts
// are read. After an error the clerk answers from what it knew before.
func (c *Clerk) Reload(ctx context.Context, progress func(done, total int)) error {
	if c.shop.Load() == nil {
		return errors.New("this clerk was opened without knowledge")
	}
	if progress == nil {
		progress = func(int, int) {}
	}
	c.reload.Lock()
	defer c.reload.Unlock()
	if err := c.learn(ctx, progress); err != nil {
		return err
	}
	// Words that were told by Expect stay.
	if c.recognizer != nil && c.expected.Load().words != nil {
		c.expect(c.shop.Load().batch)
	}
	return nil
}

// buildingEmbedder takes the permit for each text while an index is built, as work that nobody waits for. Later, when it
// embeds a question, the turn has the permit already.
type buildingEmbedder struct {
	llm.Embedder
	permit *permit
	built  atomic.Bool
}

func (e *buildingEmbedder) Embed(ctx context.Context, text string) (vector []float32, err error) {
	if e.built.Load() {
		return e.Embedder.Embed(ctx, text)
	}
	err = e.permit.during(ctx, true, func() error {
		vector, err = e.Embedder.Embed(ctx, text)
		return err
	})
	return vector, err
}
