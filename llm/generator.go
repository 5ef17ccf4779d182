package llm

import (
	"context"
	"errors"
	"fmt"
	"time"

	llama "github.com/go-skynet/go-llama.cpp"
)

// Generator is a language model. It may be called from many goroutines; the
// calls run one after the other.
type Generator interface {
	// Generate writes on from prompt. onToken, if not nil, is given the text as
	// it grows, whole code points, and ends it by returning false; it must not
	// call the same generator. When ctx ends, Generate returns within a
	// graph node or two of the engine (0.3-6 ms in 18 of 19 tries with Gemma 3
	// 270M, once 16 ms, on a machine with four times the work it had cores for) what
	// it has and an error wrapping ctx.Err(). Other errors wrap ErrTooLong,
	// ErrGrammar, ErrNoToken, ErrEmpty or ErrClosed.
	Generate(ctx context.Context, prompt string, o GenerateOptions, onToken func(text string) bool) (Generation, error)
	// Score says how likely each continuation is to follow prompt. The prompt is
	// computed once for all. Errors as for Generate.
	Score(ctx context.Context, prompt string, continuations ...string) ([]Score, error)
	// Reset forgets all prompts and texts.
	Reset(ctx context.Context) error
	// Close stops what is running and frees the model.
	Close() error
}

// GenerateOptions bounds and shapes a text. The zero value writes at most
// DefaultMaxTokens, always the likeliest token.
type GenerateOptions struct {
	MaxTokens   int      // 0: DefaultMaxTokens
	Stop        []string // the text ends before the first of these
	Temperature float32  // 0: always the likeliest token
	TopK        int      // 0: off
	TopP        float32  // 0: off
	Seed        int      // for Temperature > 0; the same seed gives the same text
	// Choices allows exactly one of these texts, word for word; none: anything.
	Choices []string
	// Grammar is GBNF with the start symbol root, instead of Choices. Never build
	// it from a shopper's words: the engine prints a broken grammar.
	Grammar string
	// Constrain may change the logits before each token: minus infinity forbids
	// one. tokens are those generated so far; logits has a value for each token
	// of the vocabulary and is valid during the call only.
	Constrain func(tokens []int, logits []float32)
	// ControlTokens reads marks such as <start_of_turn> in the prompt. Take them
	// out of a shopper's text before.
	ControlTokens bool
}

// DefaultMaxTokens is longer than any answer that a shopper would listen to.
const DefaultMaxTokens = 128

// Generation is a text and how it came about.
type Generation struct {
	Text   string // without prompt and stop word
	Tokens int    // generated
	Ended  string // why: "end of text", "stop word", "token limit", "context full", "callback"
	// LogProb is the natural logarithm of the model's own probability of the text.
	LogProb      float64
	PromptTokens int
	Reused       int           // of PromptTokens, already in the KV cache
	First        time.Duration // until the first token could be chosen
	Rest         time.Duration // from then to the end
}

// Score is how likely a text is.
type Score struct {
	LogProb float64 // natural logarithm, summed over Tokens
	Tokens  int
}

// Mean is LogProb for a token, which compares texts of different length.
func (s Score) Mean() float64 {
	if s.Tokens == 0 {
		return 0
	}
	return s.LogProb / float64(s.Tokens)
}

// GeneratorOptions says how a language model is opened.
type GeneratorOptions struct {
	Threads  int                // 0: DefaultThreads
	Context  int                // tokens of prompt and text together; 0: DefaultContext
	Progress func(done float32) // told how far loading is, in [0,1]; may be nil
}

// DefaultThreads suits a kiosk's two cores while nothing else computes: Gemma 3
// 270M generated 52 tokens/s on an idle machine. Two threads beside busy
// neighbours fell to 3-25 tokens/s, where one thread still made 14-21: so hold
// the CPU permit while generating.
const DefaultThreads = 2

// DefaultContext is 2,048 tokens: rules, passages and a talk of a few turns. The
// KV cache of Gemma 3 270M takes 18 kB a token, 37 MB in all.
const DefaultContext = 2048

// OpenGenerator loads the language model in the file gguf; ctx can stop it.
// Loading Gemma 3 270M Q4_K_M (253 MB, in the page cache) took 0.6-0.9 s.
// Errors wrap ctx.Err(), ErrMissing, ErrNotGGUF, ErrCut, ErrUnsupported or ErrNoEngine.
//
// Its prompt cache, measured with a prompt of 229 tokens: the first time 1,683 ms
// to the first token, the second time 23 ms, for 228 tokens were found.
func OpenGenerator(ctx context.Context, gguf string, o GeneratorOptions) (Generator, error) {
	if o.Threads <= 0 {
		o.Threads = DefaultThreads
	}
	if o.Context <= 0 {
		o.Context = DefaultContext
	}
	opts := []llama.ModelOption{llama.SetModelThreads(o.Threads), llama.SetContext(o.Context)}
	if o.Progress != nil {
		opts = append(opts, llama.SetProgress(func(done float32) bool { o.Progress(done); return true }))
	}
	model, err := llama.Open(ctx, gguf, opts...)
	if err != nil {
		return nil, fmt.Errorf("generator: %w", err)
	}
	return generator{model}, nil
}

type generator struct{ model *llama.LLama }

func (g generator) Generate(ctx context.Context, prompt string, o GenerateOptions, onToken func(string) bool) (Generation, error) {
	opts, err := predictOptions(prompt, o)
	if err != nil {
		return Generation{}, err
	}
	r, err := g.model.Generate(ctx, prompt, append(opts, llama.SetTokenCallback(onToken))...)
	return Generation{
		Text: r.Text, Tokens: len(r.Tokens), Ended: r.Reason.String(), LogProb: r.LogProb,
		PromptTokens: r.PromptTokens, Reused: r.Reused, First: r.PromptTime, Rest: r.TokenTime,
	}, err
}

// predictOptions checks what a caller asked for; fakes are held to the same rules
// by the conformance suite.
func predictOptions(prompt string, o GenerateOptions) ([]llama.PredictOption, error) {
	if prompt == "" {
		return nil, fmt.Errorf("generate: %w", ErrEmpty)
	}
	grammar := o.Grammar
	if len(o.Choices) > 0 {
		if grammar != "" {
			return nil, errors.New("generate: give Choices or Grammar, not both")
		}
		if grammar = llama.Choices(o.Choices...); grammar == "" {
			return nil, fmt.Errorf("generate: all choices are blank: %w", ErrNoToken)
		}
	}
	if o.MaxTokens <= 0 {
		o.MaxTokens = DefaultMaxTokens
	}
	if o.TopP <= 0 {
		o.TopP = 1
	}
	return []llama.PredictOption{
		llama.SetTokens(o.MaxTokens), llama.SetStopWords(o.Stop...), llama.SetTemperature(o.Temperature),
		llama.SetTopK(o.TopK), llama.SetTopP(o.TopP), llama.SetSeed(o.Seed), llama.WithGrammar(grammar),
		llama.SetLogitProcessor(o.Constrain), llama.SetParseSpecial(o.ControlTokens),
	}, nil
}

func (g generator) Score(ctx context.Context, prompt string, continuations ...string) ([]Score, error) {
	if prompt == "" {
		return nil, fmt.Errorf("score: %w", ErrEmpty)
	}
	scored, err := g.model.Score(ctx, prompt, continuations...)
	if err != nil {
		return nil, err
	}
	out := make([]Score, len(scored))
	for i, s := range scored {
		out[i] = Score(s)
	}
	return out, nil
}

func (g generator) Reset(ctx context.Context) error { return g.model.Reset(ctx) }
func (g generator) Close() error                    { return g.model.Close() }
