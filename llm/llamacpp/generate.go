package llama

import (
	"context"
	"strings"
	"time"
)

// Reason says why a generation ended.
type Reason int

// The reasons.
const (
	EndOfText     Reason = iota // the model or the grammar is done
	StopWord                    // a stop word was complete
	TokenLimit                  // PredictOptions.Tokens were made
	ContextFull                 // no room for another token
	CallbackEnded               // the token callback returned false
)

// String names the reason in a word or two.
func (r Reason) String() string {
	switch r {
	case EndOfText:
		return "end of text"
	case StopWord:
		return "stop word"
	case TokenLimit:
		return "token limit"
	case ContextFull:
		return "context full"
	case CallbackEnded:
		return "callback"
	}
	return "unknown"
}

// Generation is a generated text and how it came about.
type Generation struct {
	Text   string // without the prompt and the stop word
	Tokens []int  // chosen tokens, without the end mark
	Reason Reason
	// LogProb is the natural logarithm of the probability that the model itself
	// gave to Tokens, before grammar, processor and temperature; 0 is certain.
	LogProb      float64
	PromptTokens int
	Reused       int // of PromptTokens, found in the KV cache
	// PromptTime ends when the first token can be chosen, TokenTime holds the rest.
	PromptTime, TokenTime time.Duration
}

// Predict returns the text that follows prompt.
func (l *LLama) Predict(prompt string, opts ...PredictOption) (string, error) {
	g, err := l.Generate(context.Background(), prompt, opts...)
	return g.Text, err
}

// Generate writes on from prompt until a Reason to stop.
//
// When ctx ends, it stops inside the engine's graph and returns what it has with
// an error wrapping ctx.Err(); the KV cache stays usable. Other errors wrap
// ErrTooLong, ErrGrammar, ErrNoToken, ErrNotGenerator, ErrClosed or ErrEngine.
func (l *LLama) Generate(ctx context.Context, prompt string, opts ...PredictOption) (Generation, error) {
	o := NewPredictOptions(opts...)
	if o.TokenCallback == nil {
		if fn := l.callback.Load(); fn != nil {
			o.TokenCallback = *fn
		}
	}
	var g Generation
	err := l.do(ctx, "generate", func(ctx context.Context) error { return l.generate(ctx, prompt, o, &g) })
	return g, err
}

func (l *LLama) generate(ctx context.Context, prompt string, o PredictOptions, g *Generation) error {
	if l.options.Embeddings {
		return ErrNotGenerator
	}
	begin := time.Now()
	tokens, err := l.prompt(prompt, o.ParseSpecial, 1)
	if err != nil {
		return err
	}
	l.threads(o)
	if o.Seed < 0 {
		o.Seed = l.options.Seed
	}
	s, err := l.engine.sampler(o)
	if err != nil {
		return err
	}
	defer s.free()
	g.PromptTokens = len(tokens)
	if g.Reused, err = l.feed(ctx, tokens, 1); err != nil {
		return err
	}
	first := time.Now()
	g.PromptTime = first.Sub(begin)
	defer func() { g.TokenTime = time.Since(first) }()
	return l.write(ctx, o, s, g)
}

// write chooses tokens until a reason to stop. The prompt's logits are ready.
func (l *LLama) write(ctx context.Context, o PredictOptions, s sampler, g *Generation) error {
	var text strings.Builder
	defer func() { g.Text = text.String() }()
	asm := newAssembler(o.StopPrompts)
	say := func(part string) bool {
		text.WriteString(part)
		return part == "" || o.TokenCallback == nil || o.TokenCallback(part)
	}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		token, logProb, err := l.choose(o, s, g.Tokens)
		if err != nil {
			return err
		}
		if l.engine.isEnd(token) {
			g.Reason = EndOfText
			break
		}
		g.Tokens = append(g.Tokens, int(token))
		g.LogProb += logProb
		part, stopped := asm.feed(l.engine.piece(token))
		if !say(part) {
			g.Reason = CallbackEnded
			return nil
		}
		if stopped {
			g.Reason = StopWord
			return nil
		}
		if o.Tokens > 0 && len(g.Tokens) >= o.Tokens {
			g.Reason = TokenLimit
			break
		}
		if len(l.cached) >= l.size.context {
			g.Reason = ContextFull
			break
		}
		if err := l.put([]int32{token}, 1); err != nil {
			return err
		}
	}
	say(asm.flush())
	return nil
}

// choose lets the processor change the logits and takes a token.
func (l *LLama) choose(o PredictOptions, s sampler, sofar []int) (token int32, logProb float64, err error) {
	if o.Processor == nil {
		if token, err = s.next(); err != nil {
			return 0, 0, err
		}
		return token, l.engine.logProb(0, token), nil
	}
	row := l.engine.logits(0)
	before := append([]float32(nil), row...)
	o.Processor(sofar, row)
	if token, err = s.next(); err != nil {
		return 0, 0, err
	}
	return token, logSoftmax(before, token), nil
}

// threads sets the threads of this call.
func (l *LLama) threads(o PredictOptions) {
	n := o.Threads
	if n <= 0 {
		n = l.options.Threads
	}
	l.engine.setThreads(n)
}

// prompt turns text into tokens that leave room for at least room more. An empty
// text is the model's begin mark alone.
func (l *LLama) prompt(text string, parse bool, room int) ([]int32, error) {
	tokens, err := l.engine.tokenize(text, true, parse)
	if err != nil {
		return nil, err
	}
	if len(tokens) == 0 {
		return nil, errEmptyPrompt
	}
	return tokens, l.fits(tokens, room)
}
