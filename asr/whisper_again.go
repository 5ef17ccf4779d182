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
