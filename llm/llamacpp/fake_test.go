package llama

import (
	"context"
	"math"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

// fakeEngine is a language model of 257 tokens: the bytes, and an end mark. What
// it says next depends on all that its KV cache holds, so a wrong cache shows.
type fakeEngine struct {
	t       *testing.T
	limits  size
	kv      []int32
	rows    [][]float32
	aborted atomic.Bool
	decoded int // tokens that were computed, not found in the cache
	whole   bool
	slow    chan struct{} // if set, decode waits for it or for abort
	freed   atomic.Bool
}

const fakeEnd = 256

func openFake(t *testing.T, opts ...ModelOption) (*LLama, *fakeEngine) {
	t.Helper()
	o := NewModelOptions(opts...)
	if o.ContextSize == 0 {
		o.ContextSize = 256
	}
	f := &fakeEngine{t: t, limits: size{context: o.ContextSize, batch: 16, outputs: 4, vocab: 257, dim: 8}}
	l, err := start(context.Background(), FileInfo{}, o, func(progress func(float32) bool) (backend, error) {
		progress(1)
		return f, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Free)
	return l, f
}

func (f *fakeEngine) size() size { return f.limits }

func (f *fakeEngine) tokenize(text string, marks, parse bool) ([]int32, error) {
	var out []int32
	if marks {
		out = append(out, fakeEnd)
	}
	for _, b := range []byte(text) {
		out = append(out, int32(b))
	}
	return out, nil
}

func (f *fakeEngine) piece(token int32) []byte {
	if token == fakeEnd {
		return nil
	}
	return []byte{byte(token)}
}

func (f *fakeEngine) isEnd(token int32) bool     { return token == fakeEnd }
func (f *fakeEngine) isControl(token int32) bool { return token == fakeEnd }
func (f *fakeEngine) setThreads(int)             {}

// row makes logits out of the cache's content up to n tokens.
func (f *fakeEngine) row(n int) []float32 {
	h := uint32(2166136261)
	for _, t := range f.kv[:n] {
		h = (h ^ uint32(t)) * 16777619
	}
	row := make([]float32, f.limits.vocab)
	for i := range row {
		row[i] = float32((h>>7+uint32(i)*2654435761)%1000) / 100
		// Letters are liked best, so that the text reads as text.
		if i >= 'a' && i <= 'z' {
			row[i] += 10
		}
	}
	return row
}

func (f *fakeEngine) decode(tokens []int32, from, outputs int) error {
	if f.slow != nil && !f.aborted.Load() {
		for !f.aborted.Load() {
			select {
			case <-f.slow:
				return nil
			default:
			}
		}
	}
	if f.aborted.Load() {
		return errAborted
	}
	if from != len(f.kv) || len(tokens) > f.limits.batch || outputs > f.limits.outputs || from+len(tokens) > f.limits.context {
		f.t.Errorf("decode of %d tokens at %d with %d outputs, the cache holds %d", len(tokens), from, outputs, len(f.kv))
	}
	f.kv = append(f.kv, tokens...)
	f.decoded += len(tokens)
	f.rows = nil
	for i := outputs - 1; i >= 0; i-- {
		f.rows = append(f.rows, f.row(len(f.kv)-i))
	}
	return nil
}

func (f *fakeEngine) logits(i int) []float32 { return f.rows[i] }
func (f *fakeEngine) logProb(i int, token int32) float64 {
	return logSoftmax(f.rows[i], token)
}

func (f *fakeEngine) encode(tokens []int32) ([]float32, error) {
	if f.aborted.Load() {
		return nil, errAborted
	}
	if len(tokens) > f.limits.batch {
		f.t.Errorf("encode of %d tokens", len(tokens))
	}
	out := make([]float32, f.limits.dim)
	for _, t := range tokens {
		out[int(t)%f.limits.dim] += 1 / float32(len(tokens))
	}
	return out, nil
}

func (f *fakeEngine) removeFrom(pos int) bool {
	if f.whole && pos > 0 && pos < len(f.kv) {
		return false
	}
	f.kv = f.kv[:min(pos, len(f.kv))]
	return true
}

func (f *fakeEngine) renew() error  { f.kv, f.rows = nil, nil; return nil }
func (f *fakeEngine) abort(on bool) { f.aborted.Store(on) }
func (f *fakeEngine) free()         { f.freed.Store(true) }

func (f *fakeEngine) sampler(o PredictOptions) (sampler, error) {
	return &fakeSampler{f: f, choices: choicesOf(o.Grammar)}, nil
}

// fakeSampler takes the likeliest token; of grammars it knows what Choices makes.
type fakeSampler struct {
	f       *fakeEngine
	choices []string
	said    string
}

func choicesOf(grammar string) []string {
	var out []string
	for _, q := range strings.Split(strings.TrimPrefix(strings.TrimSpace(grammar), "root ::= "), " | ") {
		if q != "" {
			out = append(out, strings.Trim(q, `"`))
		}
	}
	return out
}

func (s *fakeSampler) next() (int32, error) {
	best, top := int32(-1), float32(math.Inf(-1))
	for i, x := range s.f.rows[0] {
		if x > top && s.allows(int32(i)) {
			best, top = int32(i), x
		}
	}
	if best < 0 {
		return 0, ErrNoToken
	}
	if best != fakeEnd {
		s.said += string([]byte{byte(best)})
	}
	return best, nil
}

func (s *fakeSampler) allows(token int32) bool {
	if s.choices == nil {
		return true
	}
	if token == fakeEnd {
		return slices.Contains(s.choices, s.said)
	}
	return slices.ContainsFunc(s.choices, func(c string) bool {
		return strings.HasPrefix(c, s.said+string([]byte{byte(token)}))
	})
}

func (s *fakeSampler) free() {}
