package llama

import "errors"

var (
	// ErrNoEngine says that the program was built without the tag engines.
	ErrNoEngine = errors.New("built without engines: use make build")
	// ErrMissing says that the model file is not there.
	ErrMissing = errors.New("model file is missing")
	// ErrNotGGUF says that the file does not start like a GGUF file or that its
	// header makes no sense.
	ErrNotGGUF = errors.New("not a GGUF model")
	// ErrCut says that the file ends before its last tensor does.
	ErrCut = errors.New("model file is cut short")
	// ErrUnsupported says that the file is a GGUF that this engine cannot run:
	// an unknown version, byte order, architecture or tensor.
	ErrUnsupported = errors.New("model is not supported by this engine")
	// ErrClosed says that the model was freed.
	ErrClosed = errors.New("model is closed")
	// ErrTooLong says that a prompt does not fit the context.
	ErrTooLong = errors.New("text is longer than the model's context")
	// ErrNoToken says that grammar or logit processor forbid every next token.
	ErrNoToken = errors.New("no next token is allowed")
	// ErrGrammar says that a GBNF grammar could not be read.
	ErrGrammar = errors.New("grammar cannot be read")
	// ErrNotEmbedder says that the model was not opened with EnableEmbeddings.
	ErrNotEmbedder = errors.New("model was not opened for embeddings: use EnableEmbeddings")
	// ErrNotGenerator says that the model was opened for embeddings and cannot generate.
	ErrNotGenerator = errors.New("model was opened for embeddings and cannot generate")
	// ErrEngine says that the engine failed in a way that it does not explain.
	ErrEngine = errors.New("engine failed")
)
