package llm

import (
	"errors"

	llama "github.com/go-skynet/go-llama.cpp"
)

// ErrEmpty says that a text has no content.
var ErrEmpty = errors.New("text is empty")

// The engine's errors, so that callers need not know the engine.
var (
	ErrNoEngine    = llama.ErrNoEngine    // built without the tag engines
	ErrMissing     = llama.ErrMissing     // no such model file
	ErrNotGGUF     = llama.ErrNotGGUF     // another kind of file
	ErrCut         = llama.ErrCut         // a model file that ends too early
	ErrUnsupported = llama.ErrUnsupported // a model that the engine cannot run
	ErrTooLong     = llama.ErrTooLong     // the prompt does not fit the context
	ErrGrammar     = llama.ErrGrammar     // a grammar that cannot be read
	ErrNoToken     = llama.ErrNoToken     // nothing may come next
	ErrClosed      = llama.ErrClosed      // used after Close
)
