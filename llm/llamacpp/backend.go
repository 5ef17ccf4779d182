package llama

import "context"

// backend is the engine as this package needs it. All calls but abort come from
// the owner goroutine. The engine build implements it over llama.h, tests with a
// few lines of Go.
type backend interface {
	size() size
	tokenize(text string, marks, parse bool) ([]int32, error) // marks: add begin and end; parse: read <…> as control tokens
	piece(token int32) []byte                                 // empty for control tokens
	isEnd(token int32) bool
	isControl(token int32) bool
	setThreads(n int)
	// decode puts tokens at positions from on into the KV cache and keeps the
	// logits of the last outputs ones. It returns errAborted after abort(true).
	decode(tokens []int32, from, outputs int) error
	logits(i int) []float32                   // row i of the last decode's outputs; engine memory
	logProb(i int, token int32) float64       // natural logarithm, of row i
	encode(tokens []int32) ([]float32, error) // mean over the tokens
	removeFrom(pos int) bool                  // drop all positions ≥ pos; false: cannot drop a part
	renew() error                             // wipe the KV cache and every buffer that a text passed through
	sampler(o PredictOptions) (sampler, error)
	abort(on bool) // from any goroutine: stop the running call, and refuse more while on
	free()
}

// sampler chooses the next token.
type sampler interface {
	// next takes row 0 of the last decode. ErrNoToken: nothing is allowed.
	next() (int32, error)
	free()
}

// size is what a loaded model can take.
type size struct {
	context, batch, outputs int // tokens
	vocab, dim              int
}

// errAborted is decode's and encode's answer to abort. Callers turn it into the
// error of the context that asked for it.
var errAborted = context.Canceled
