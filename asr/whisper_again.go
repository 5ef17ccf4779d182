//go:build engines

package asr

/*
#include "engine.h"
*/
import "C"

import (
	"context"
	"errors"
	"math"
	"slices"
	"time"
	"unsafe"
)

// errAgain is why neither again nor score could do its work.
var errAgain = errors.New("whisper could not decode the clip again: the engine failed")

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

// score implements decoder.
func (w *Whisper) score(ctx context.Context, try attempt, texts []string) ([]float64, error) {
	start, _ := w.start(try)
	eot := C.whisper_token(w.ctx.Whisper_token_eot())
	out := make([]float64, len(texts))
	var known []float64 // log-probabilities of the tokens behind start of the text before this one
	for i, text := range texts {
		tokens := slices.Clone(start)
		for _, id := range w.texts.split(text) {
			tokens = append(tokens, C.whisper_token(id))
		}
		tokens = append(tokens, eot)
		// The last shared token is fed anew: what it says of the first that differs is wanted. Where the cache reaches into
		// the text, so do the scores of the text before.
		past := min(max(len(w.fed.keep(tokens))-1, 0), len(start)-1+len(known))
		rest := tokens[past:]
		scores := make([]C.float, len(rest))
		w.fed = nil
		if !C.tenin_score(w.cctx(), &rest[0], C.int(len(rest)), C.int(past), C.int(w.threads), &scores[0]) {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			return nil, errAgain
		}
		w.fed = tokens
		known = known[:max(0, past+1-len(start))]
		for _, s := range scores[max(0, len(start)-1-past) : len(rest)-1] {
			known = append(known, float64(s))
		}
		for _, p := range known {
			out[i] += p
		}
	}
	return out, ctx.Err()
}

// again runs the decoder alone, greedily, as whisper_full would with our settings.
func (w *Whisper) again(ctx context.Context, try attempt) (decoded, error) {
	begin := time.Now()
	feed, prompt := w.start(try)
	d := decoded{promptTokens: prompt, least: 1}
	eot := int(w.ctx.Whisper_token_eot())
	past := len(w.fed.keep(feed))
	cache := slices.Clone(feed)
	feed = feed[past:]
	w.fed = nil
	for len(d.tokens) < try.maxTokens {
		if ctx.Err() != nil {
			return decoded{}, ctx.Err()
		}
		row := C.tenin_step(w.cctx(), &feed[0], C.int(len(feed)), C.int(past), C.int(w.threads))
		if row == nil {
			if ctx.Err() != nil {
				return decoded{}, ctx.Err()
			}
			return decoded{}, errAgain
		}
		past += len(feed)
		// Text and its end: every marker lies above the end of text.
		logits := unsafe.Slice((*float32)(unsafe.Pointer(row)), eot+1)
		if len(d.tokens) == 0 {
			// Nor may the text begin with its end or a space, as in whisper.cpp.
			logits[eot], logits[spaceToken] = float32(math.Inf(-1)), float32(math.Inf(-1))
		}
		best := likeliest(logits)
		p := logProbability(logits, best)
		d.logProb += p
		d.counted++
		if best == eot {
			break
		}
		d.least = min(d.least, math.Exp(p))
		d.tokens = append(d.tokens, int32(best))
		if loopPeriod(d.tokens) > 0 {
			d.looped = true
			d.tokens = unloop(d.tokens)
			break
		}
		feed = append(feed[:0], C.whisper_token(best))
		cache = append(cache, feed[0])
	}
	w.fed = cache[:past]
	d.text = w.text(d.tokens)
	d.decode = time.Since(begin)
	return d, nil
}

// spaceToken is " " in every multilingual Whisper.
const spaceToken = 220

func likeliest(logits []float32) int {
	best := 0
	for i, l := range logits {
		if l > logits[best] {
			best = i
		}
	}
	return best
}

// logProbability is the natural logarithm of the softmax of logits at i.
func logProbability(logits []float32, i int) float64 {
	top := logits[0]
	for _, l := range logits {
		top = max(top, l)
	}
	sum := 0.0
	for _, l := range logits {
		if l > top-20 {
			sum += math.Exp(float64(l - top))
		}
	}
	return float64(logits[i]-top) - math.Log(sum)
}
