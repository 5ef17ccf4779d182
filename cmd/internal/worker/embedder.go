package worker

import (
	"context"
	"fmt"
	"math"

	"tenin/cmd/internal/worker/pb"
	"tenin/llm"
)

// Embedder is the embedder of a pool's llm worker. It is an llm.Resetter.
type Embedder struct {
	slot *slot
	none error
	life
}

var (
	_ llm.Embedder = (*Embedder)(nil)
	_ llm.Resetter = (*Embedder)(nil)
)

// Embedder returns an embedder. Closing it leaves the worker to the others.
func (p *Pool) Embedder() *Embedder {
	s, err := p.slot(LLM)
	return &Embedder{slot: s, none: err}
}

// Embed implements llm.Embedder. Errors may also wrap ErrLost.
func (e *Embedder) Embed(ctx context.Context, text string) (v []float32, err error) {
	switch {
	case !e.begin():
		return nil, fmt.Errorf("embed: %w", llm.ErrClosed)
	case len(text) > messageLimit/2:
		err = llm.ErrTooLong
	case e.none != nil:
		err = e.none
	default:
		v, err = e.embed(ctx, text)
	}
	e.end()
	if err != nil {
		return nil, fmt.Errorf("embed: %w", err)
	}
	return v, nil
}

func (e *Embedder) embed(ctx context.Context, text string) (v []float32, err error) {
	err = e.slot.do(ctx, e.slot.limits.embed, func(ctx context.Context, p *process) error {
		p.heard.Store(true)
		reply, err := pb.NewLanguageClient(p.conn).Embed(ctx, &pb.EmbedRequest{Text: []byte(text)})
		if err != nil {
			return err
		}
		if err := llmFaults.err(LLM, reply.GetFault()); err != nil {
			return err
		}
		v, err = unpackVector(reply.GetVector(), int(p.facts.GetDim()))
		return err
	})
	return v, err
}

// unpackVector takes dim values of length 1 and nothing else.
func unpackVector(b []byte, dim int) ([]float32, error) {
	v, err := unpackSound(b, dim)
	if err != nil || len(v) != dim {
		return nil, errGarbage
	}
	sum := 0.0
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	if math.Abs(sum-1) > 1e-3 {
		return nil, errGarbage
	}
	return v, nil
}

// Dim is the length of the vectors; 0 when the pool has no such worker.
func (e *Embedder) Dim() int {
	if e.none != nil {
		return 0
	}
	p, err := e.slot.ready(context.Background(), e.slot.limits.wait)
	if err != nil {
		return 0
	}
	return int(p.facts.GetDim())
}

// Reset makes the worker's engine forget its caches. What its memory still holds goes with [Pool.Refresh].
func (e *Embedder) Reset(ctx context.Context) error {
	if !e.begin() {
		return fmt.Errorf("reset: %w", llm.ErrClosed)
	}
	defer e.end()
	if e.none != nil {
		return fmt.Errorf("reset: %w", e.none)
	}
	err := e.slot.do(ctx, e.slot.limits.short, func(ctx context.Context, p *process) error {
		reply, err := pb.NewLanguageClient(p.conn).Forget(ctx, &pb.ForgetRequest{})
		if err != nil {
			return err
		}
		return llmFaults.err(LLM, reply.GetFault())
	})
	if err != nil {
		return fmt.Errorf("reset: %w", err)
	}
	return nil
}

// Close implements llm.Embedder. The worker goes on.
func (e *Embedder) Close() error {
	e.shut()
	return nil
}
