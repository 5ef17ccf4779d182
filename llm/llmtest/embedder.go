package llmtest

import (
	"context"
	"fmt"
	"hash/fnv"
	"math"
	"strings"
	"sync/atomic"

	"tenin/llm"
)

// HashEmbedder is an [llm.Embedder] without weights: the counts of a text's
// groups of one to three characters, hashed into a vector. Texts that share
// wording lie together; meaning it does not know.
type HashEmbedder struct {
	dim    int
	closed atomic.Bool
}

// NewHashEmbedder returns an embedder with dim dimensions, at least 8.
func NewHashEmbedder(dim int) *HashEmbedder { return &HashEmbedder{dim: max(dim, 8)} }

// Embed implements llm.Embedder. The marks "query: " and "passage: " do not count.
func (e *HashEmbedder) Embed(ctx context.Context, text string) ([]float32, error) {
	text = llm.Clean(text)
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("embed: %w", ctx.Err())
	case e.closed.Load():
		return nil, fmt.Errorf("embed: %w", llm.ErrClosed)
	case text == "":
		return nil, fmt.Errorf("embed: %w", llm.ErrEmpty)
	}
	for _, mark := range []string{"query: ", "passage: "} {
		text = strings.TrimPrefix(text, mark)
	}
	v := make([]float32, e.dim)
	// A constant part keeps the length above zero and all similarities above it.
	v[0] = 0.5
	runes := []rune(strings.ToLower(text))
	for n := 1; n <= 3; n++ {
		for i := 0; i+n <= len(runes); i++ {
			h := fnv.New32a()
			_, _ = h.Write([]byte(string(runes[i : i+n])))
			v[1+int(h.Sum32()>>1)%(e.dim-1)] += float32(n)
		}
	}
	sum := 0.0
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	for i := range v {
		v[i] = float32(float64(v[i]) / math.Sqrt(sum))
	}
	return v, nil
}

// Dim implements llm.Embedder.
func (e *HashEmbedder) Dim() int { return e.dim }

// Reset implements llm.Resetter; there is nothing to forget.
func (e *HashEmbedder) Reset(context.Context) error { return nil }

// Close implements llm.Embedder.
func (e *HashEmbedder) Close() error { e.closed.Store(true); return nil }
