package llama

// ModelOptions says how a model is opened.
type ModelOptions struct {
	ContextSize int  // tokens; 0: what the model was trained with, at most DefaultContext
	NBatch      int  // prompt tokens for one engine call
	Threads     int  // for calls that do not say otherwise
	Seed        int  // for calls that do not say otherwise; negative: random
	Embeddings  bool // open for Embeddings instead of Predict
	MMap        bool // map the file instead of reading it
	// Progress is told how far loading is, in [0,1]; false stops it.
	Progress func(done float32) bool
}

// DefaultContext is the context in tokens when neither the caller nor the model
// asks for less. A kiosk's prompt (rules, passages, the talk) stays below it, and
// the KV cache grows with it.
const DefaultContext = 4096

// ModelOption changes one of the ModelOptions.
type ModelOption func(*ModelOptions)

// NewModelOptions returns the defaults changed by opts.
func NewModelOptions(opts ...ModelOption) ModelOptions {
	o := ModelOptions{NBatch: 512, Threads: 2, Seed: -1, MMap: true}
	for _, opt := range opts {
		opt(&o)
	}
	return o
}

// SetContext sets the context size in tokens, prompt and answer together.
func SetContext(tokens int) ModelOption { return func(o *ModelOptions) { o.ContextSize = tokens } }

// SetNBatch sets how many prompt tokens one engine call takes.
func SetNBatch(tokens int) ModelOption { return func(o *ModelOptions) { o.NBatch = tokens } }

// SetModelThreads sets the threads of calls without SetThreads.
func SetModelThreads(n int) ModelOption { return func(o *ModelOptions) { o.Threads = n } }

// SetModelSeed sets the seed of calls without SetSeed; negative is random.
func SetModelSeed(seed int) ModelOption { return func(o *ModelOptions) { o.Seed = seed } }

// SetMMap says whether the file is mapped (the default) or read.
func SetMMap(on bool) ModelOption { return func(o *ModelOptions) { o.MMap = on } }

// SetProgress sets a function that is told how far loading is, in [0,1], on a
// goroutine of the package; loading stops when it returns false.
func SetProgress(fn func(done float32) bool) ModelOption {
	return func(o *ModelOptions) { o.Progress = fn }
}

// EnableEmbeddings opens the model for Embeddings; it cannot generate then.
var EnableEmbeddings ModelOption = func(o *ModelOptions) { o.Embeddings = true }

// LogitProcessor may change the logits before the next token is chosen: minus
// infinity forbids a token. tokens are those generated so far, without the
// prompt; logits has one value for each token of the vocabulary and is engine
// memory, valid only during the call. It runs on the model's goroutine.
type LogitProcessor func(tokens []int, logits []float32)

// PredictOptions says how one text is generated.
type PredictOptions struct {
	Tokens        int     // at most so many new tokens; 0: until the context is full
	Threads       int     // 0: the model's
	Seed          int     // negative: the model's
	TopK          int     // 0: off
	TopP          float32 // 1: off
	MinP          float32 // 0: off
	Temperature   float32 // 0: always the likeliest token
	Penalty       float32 // of repeated tokens; 1: off
	Repeat        int     // tokens that Penalty looks back
	StopPrompts   []string
	Grammar       string // GBNF with the start symbol root; empty: off
	Processor     LogitProcessor
	ParseSpecial  bool // read marks such as <start_of_turn> in the prompt as control tokens
	TokenCallback func(text string) bool
}

// PredictOption changes one of the PredictOptions.
type PredictOption func(*PredictOptions)

// NewPredictOptions returns the defaults changed by opts. The defaults always
// choose the likeliest token, so that the same prompt gives the same text.
func NewPredictOptions(opts ...PredictOption) PredictOptions {
	o := PredictOptions{Tokens: 128, Seed: -1, TopP: 1, Penalty: 1, Repeat: 64}
	for _, opt := range opts {
		opt(&o)
	}
	return o
}

// SetTokens limits the new tokens; 0 means until the context is full.
func SetTokens(n int) PredictOption { return func(o *PredictOptions) { o.Tokens = n } }

// SetThreads sets the threads of this call.
func SetThreads(n int) PredictOption { return func(o *PredictOptions) { o.Threads = n } }

// SetSeed sets the seed of this call; negative means the model's.
func SetSeed(seed int) PredictOption { return func(o *PredictOptions) { o.Seed = seed } }

// SetTopK keeps the k likeliest tokens; 0 is off.
func SetTopK(k int) PredictOption { return func(o *PredictOptions) { o.TopK = k } }

// SetTopP keeps the likeliest tokens that together reach p; 1 is off.
func SetTopP(p float32) PredictOption { return func(o *PredictOptions) { o.TopP = p } }

// SetMinP drops tokens less likely than p times the likeliest; 0 is off.
func SetMinP(p float32) PredictOption { return func(o *PredictOptions) { o.MinP = p } }

// SetTemperature sets the temperature; 0 always takes the likeliest token.
func SetTemperature(t float32) PredictOption { return func(o *PredictOptions) { o.Temperature = t } }

// SetPenalty divides the logits of repeated tokens; 1 is off.
func SetPenalty(p float32) PredictOption { return func(o *PredictOptions) { o.Penalty = p } }

// SetRepeat sets how many tokens SetPenalty looks back.
func SetRepeat(n int) PredictOption { return func(o *PredictOptions) { o.Repeat = n } }

// SetStopWords ends the text before the first of these strings is complete.
func SetStopWords(stop ...string) PredictOption {
	return func(o *PredictOptions) { o.StopPrompts = stop }
}

// SetParseSpecial reads marks such as <start_of_turn> in the prompt as the
// control tokens that they name. Off by default, so that nobody can say a control
// token to a kiosk; a caller that needs it takes them out of a shopper's text.
func SetParseSpecial(on bool) PredictOption { return func(o *PredictOptions) { o.ParseSpecial = on } }

// WithGrammar binds the text to a GBNF grammar whose start symbol is root.
// Build it from the shop's own text only: see the package comment.
func WithGrammar(gbnf string) PredictOption { return func(o *PredictOptions) { o.Grammar = gbnf } }

// SetLogitProcessor lets fn change the logits before each choice.
func SetLogitProcessor(fn LogitProcessor) PredictOption {
	return func(o *PredictOptions) { o.Processor = fn }
}

// SetTokenCallback hands out the text as it grows, always whole code points;
// generation ends when fn returns false. It runs on the model's goroutine.
func SetTokenCallback(fn func(text string) bool) PredictOption {
	return func(o *PredictOptions) { o.TokenCallback = fn }
}
