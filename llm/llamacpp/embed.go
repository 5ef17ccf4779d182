package llama

import "context"

// Embeddings returns the mean of the model's last layer over the tokens of text,
// Dim values, not normalised. The model must be opened with EnableEmbeddings.
// A text longer than the context is embedded in windows, whose mean by tokens it
// returns. Errors wrap ErrNotEmbedder, ErrClosed or ErrEngine.
func (l *LLama) Embeddings(text string, opts ...PredictOption) ([]float32, error) {
	return l.Embed(context.Background(), text, opts...)
}

// Embed is Embeddings with a context.
func (l *LLama) Embed(ctx context.Context, text string, opts ...PredictOption) ([]float32, error) {
	o := NewPredictOptions(opts...)
	var out []float32
	err := l.do(ctx, "embed", func(ctx context.Context) error {
		if !l.options.Embeddings {
			return ErrNotEmbedder
		}
		tokens, err := l.engine.tokenize(text, true, false)
		if err != nil {
			return err
		}
		if len(tokens) == 0 {
			return errEmptyPrompt
		}
		l.threads(o)
		out, err = l.embed(ctx, tokens)
		clear(tokens)
		return err
	})
	return out, err
}

func (l *LLama) embed(ctx context.Context, tokens []int32) ([]float32, error) {
	if len(tokens) <= l.size.batch {
		return l.engine.encode(tokens)
	}
	// The marks at the ends belong to every window, as in a text that fits.
	var head, tail []int32
	if l.engine.isControl(tokens[0]) {
		head, tokens = tokens[:1], tokens[1:]
	}
	if n := len(tokens); l.engine.isControl(tokens[n-1]) {
		tail, tokens = tokens[n-1:], tokens[:n-1]
	}
	sum := make([]float32, l.size.dim)
	total := float32(len(tokens))
	for step := l.size.batch - len(head) - len(tail); len(tokens) > 0; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		n := min(step, len(tokens))
		window := append(append(append([]int32(nil), head...), tokens[:n]...), tail...)
		v, err := l.engine.encode(window)
		if err != nil {
			return nil, err
		}
		for i, x := range v {
			sum[i] += x * float32(n) / total
		}
		tokens = tokens[n:]
	}
	return sum, nil
}
