//go:build engines

package asr

/*
#include <stdlib.h>
#include "engine.h"
*/
import "C"

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"unsafe"

	binding "github.com/ggerganov/whisper.cpp/bindings/go"
)

// errScore is why score could not do its work.
var errScore = errors.New("whisper could not score a text: the engine failed")

// start are the tokens before the text of try.
func (w *Whisper) start(try attempt) (tokens []C.whisper_token, prompt int) {
	words := w.tokenize(try.prompt)
	if limit := promptTokens - 1; len(words) > limit {
		words = words[len(words)-limit:]
	}
	if len(words) > 0 {
		tokens = append(append(tokens, C.whisper_token(w.ctx.Whisper_token_prev())), words...)
	}
	return append(tokens, C.whisper_token(w.ctx.Whisper_token_sot()), C.whisper_token(w.ctx.Whisper_token_lang(w.langs[try.language])),
		C.whisper_token(w.ctx.Whisper_token_transcribe()), C.whisper_token(w.ctx.Whisper_token_not())), len(words)
}

// fed is what the decoder's cache holds, on the encoding that the last decode left: the tokens at positions 0, 1, …
type fed []C.whisper_token

// keep cuts f to what it shares with tokens but their last one, which is fed anew so that something comes out behind it.
func (f fed) keep(tokens []C.whisper_token) fed {
	n := 0
	for n < len(f) && n < len(tokens)-1 && f[n] == tokens[n] {
		n++
	}
	return f[:n]
}

// scoredAtOnce is how many tokens are fed together: a text that falls below its floor early is not read to its end. With 4 the
// scores of a clip took 103 ms on two threads, with 3 113, with 8 127, with all of a text at once 164.
const scoredAtOnce = 4

// score implements decoder.
func (w *Whisper) score(ctx context.Context, try attempt, texts []string, floors []float64) ([]float64, error) {
	start, _ := w.start(try)
	eot := C.whisper_token(w.ctx.Whisper_token_eot())
	out := make([]float64, len(texts))
	for i, text := range texts {
		tokens := slices.Clone(start)
		for _, id := range w.texts.split(text) {
			tokens = append(tokens, C.whisper_token(id))
		}
		tokens = append(tokens, eot)
		// The last shared token is fed anew: what it says of the first that differs is wanted. Where the cache reaches into
		// the text, so do the scores of the text before.
		past := min(max(len(w.fed.keep(tokens))-1, 0), len(start)-1+len(w.known))
		shared := max(0, past+1-len(start))
		for _, p := range w.known[:shared] {
			out[i] += p
		}
		if out[i] <= floors[i] {
			out[i] = math.Inf(-1)
			continue
		}
		known := w.known[:shared]
		for past < len(tokens)-1 && out[i] > floors[i] {
			end := min(max(past, len(start)-1)+scoredAtOnce, len(tokens))
			rest := tokens[past:end]
			scores := make([]C.float, len(rest))
			w.fed, w.known = nil, nil
			if !C.tenin_score(w.cctx(), &rest[0], C.int(len(rest)), C.int(past), C.int(w.threads), &scores[0]) {
				if ctx.Err() != nil {
					return nil, ctx.Err()
				}
				return nil, errScore
			}
			for _, s := range scores[max(0, len(start)-1-past) : len(rest)-1] {
				known = append(known, float64(s))
				out[i] += float64(s)
			}
			w.fed, w.known = tokens[:end], known
			// The last is fed once more with those behind it, which its outcome tells of.
			past = end - 1
		}
		if out[i] <= floors[i] {
			out[i] = math.Inf(-1)
		}
	}
	return out, ctx.Err()
}

// first are the first tokens of a lexicon's words.
type first struct {
	of     *Lexicon
	tokens []C.whisper_token // each once
	word   []int             // of each word its token's place in tokens; -1 where it has none
}

func (w *Whisper) firstTokens(x *Lexicon) first {
	if w.first.of == x {
		return w.first
	}
	w.first = first{of: x, word: make([]int, len(x.words))}
	seen := map[int32]int{}
	for i := range x.words {
		w.first.word[i] = -1
		ids := w.texts.split(x.words[i].text)
		if len(ids) == 0 {
			continue
		}
		at, ok := seen[ids[0]]
		if !ok {
			at = len(w.first.tokens)
			seen[ids[0]] = at
			w.first.tokens = append(w.first.tokens, C.whisper_token(ids[0]))
		}
		w.first.word[i] = at
	}
	return w.first
}

// want has the next decode note how likely the words of try were to begin in the place of each token, for places to read, until
// done.
func (w *Whisper) want(try attempt) (done func()) {
	var wanted []C.whisper_token
	if try.words != nil {
		wanted = w.firstTokens(try.words).tokens
	}
	if len(wanted) == 0 {
		return func() {}
	}
	n, most := len(wanted), min(try.maxTokens, C.TENIN_MAX_TOKENS)
	tokens := C.malloc(C.size_t(n) * C.sizeof_whisper_token)
	copy(unsafe.Slice((*C.whisper_token)(tokens), n), wanted)
	table := C.malloc(C.size_t(n*most) * C.sizeof_float)
	w.run.wanted, w.run.n_wanted, w.run.began, w.run.max_began = (*C.whisper_token)(tokens), C.int(n), (*C.float)(table), C.int(most)
	return func() {
		w.run.wanted, w.run.n_wanted, w.run.began, w.run.n_began, w.run.max_began = nil, 0, nil, 0, 0
		C.free(tokens)
		C.free(table)
	}
}

// places are where d's tokens, whose probabilities w.known holds, begin in its text, with what the decode noted of them.
func (w *Whisper) places(d decoded) []place {
	wanted := int(w.run.n_wanted)
	if wanted == 0 || int(w.run.n_began) < len(d.tokens) {
		return nil
	}
	began := unsafe.Slice((*float32)(w.run.began), wanted*len(d.tokens))
	var raw string
	var begins []int
	for _, t := range d.tokens {
		begins = append(begins, len(raw))
		raw += w.ctx.Whisper_token_to_str(binding.Token(t))
	}
	// Spaces before the text were taken away. Where letters of it were put right too, nothing lies where it did.
	space := strings.TrimSuffix(raw, d.text)
	if len(space)+len(d.text) != len(raw) {
		return nil
	}
	places := make([]place, len(d.tokens))
	for i := range places {
		words := make([]float32, len(w.first.word))
		for j, k := range w.first.word {
			if words[j] = float32(math.Inf(-1)); k >= 0 {
				words[j] = began[i*wanted+k]
			}
		}
		places[i] = place{max(0, begins[i]-len(space)), w.known[i], words}
	}
	return places
}
