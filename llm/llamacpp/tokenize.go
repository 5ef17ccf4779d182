package llama

import (
	"context"
	"strings"
)

// TokenizeString splits text into the model's tokens and returns how many there
// are and which. No begin or end marks are added and none are recognised.
func (l *LLama) TokenizeString(text string, _ ...PredictOption) (int32, []int32, error) {
	var out []int32
	err := l.do(context.Background(), "tokenize", func(context.Context) (err error) {
		out, err = l.engine.tokenize(text, false, false)
		return err
	})
	return int32(len(out)), out, err
}

// Detokenize joins tokens to text. Bytes that are not UTF-8 become U+FFFD,
// control tokens vanish. A tokenizer that writes a space before the first word
// gives it back, too.
func (l *LLama) Detokenize(tokens []int32) (string, error) {
	var b strings.Builder
	err := l.do(context.Background(), "detokenize", func(context.Context) error {
		asm := newAssembler(nil)
		for _, t := range tokens {
			if t < 0 || int(t) >= l.size.vocab {
				return errUnknownToken
			}
			part, _ := asm.feed(l.engine.piece(t))
			b.WriteString(part)
		}
		b.WriteString(asm.flush())
		return nil
	})
	return b.String(), err
}
