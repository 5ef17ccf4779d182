package llm

import (
	"context"
	"fmt"
	"math"

	llama "github.com/go-skynet/go-llama.cpp"
)

// Embedder turns text into a vector whose dot product with another is their
// cosine similarity. It may be called from many goroutines.
type Embedder interface {
	// Embed returns Dim values of length 1 (L2). Text goes through [Clean] first.
	// The caller adds what the model wants before the text: "query: " or
	// "passage: " for e5. Errors wrap ErrEmpty for text without content, ctx.Err(),
	// ErrClosed, or say that the engine failed.
	Embed(ctx context.Context, text string) ([]float32, error)
	// Dim is the length of the vectors.
	Dim() int
	// Close stops what is running and frees the model.
	Close() error
}

// embedThreads is 1: on two cores an e5-small query of 12 tokens took 6-10 ms on
// one thread, and 15-17 ms on a busy machine; two threads took 5 ms alone and 25
// to 1,000 ms beside one busy neighbour.
const embedThreads = 1

// embedContext is the most tokens in one window, about 350 characters of Japanese;
// longer texts are embedded in windows and averaged. e5 was trained with 512, but
// for each token the engine touches up to 1 MB while it works.
const embedContext = 256

// OpenEmbedder loads the embedding model in the file gguf. Most of the time goes
// into the vocabulary: multilingual-e5-small (q4_0) took 0.4 s of CPU with 104
// thousand pieces (42 MB) and 0.9 s with all 250 thousand (74 MB). Errors wrap ErrMissing,
// ErrNotGGUF, ErrCut, ErrUnsupported or ErrNoEngine.
func OpenEmbedder(gguf string) (Embedder, error) {
	model, err := llama.New(gguf, llama.EnableEmbeddings, llama.SetModelThreads(embedThreads), llama.SetContext(embedContext))
	if err != nil {
		return nil, fmt.Errorf("embedder: %w", err)
	}
	return embedder{model}, nil
}

type embedder struct{ model *llama.LLama }

func (e embedder) Embed(ctx context.Context, text string) ([]float32, error) {
	text = Clean(text)
	if text == "" {
		return nil, fmt.Errorf("embed: %w", ErrEmpty)
	}
	v, err := e.model.Embed(ctx, text)
	if err != nil {
		return nil, err
	}
	if !normalize(v) {
		return nil, fmt.Errorf("embed: %w: the vector has no direction", llama.ErrEngine)
	}
	return v, nil
}

func (e embedder) Dim() int                        { return e.model.Dim() }
func (e embedder) Close() error                    { return e.model.Close() }
func (e embedder) Reset(ctx context.Context) error { return e.model.Reset(ctx) }

// normalize makes v's length 1; false if it has none to scale.
func normalize(v []float32) bool {
	sum := 0.0
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	if !(sum > 0) || math.IsInf(sum, 0) {
		return false
	}
	scale := 1 / math.Sqrt(sum)
	for i := range v {
		v[i] = float32(float64(v[i]) * scale)
	}
	return true
}
