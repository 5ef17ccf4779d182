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
	"time"
	"unsafe"
)

// again runs the decoder alone, greedily, as whisper_full would with our settings.
func (w *Whisper) again(ctx context.Context, try attempt) (decoded, error) {
	begin := time.Now()
	failed := errors.New("whisper could not decode the clip again: the engine failed")
	prompt := w.tokenize(try.prompt)
	if limit := promptTokens - 1; len(prompt) > limit {
		prompt = prompt[len(prompt)-limit:]
	}
	d := decoded{promptTokens: len(prompt), least: 1}
	var feed []C.whisper_token
	if len(prompt) > 0 {
		feed = append(append(feed, C.whisper_token(w.ctx.Whisper_token_prev())), prompt...)
	}
	feed = append(feed, C.whisper_token(w.ctx.Whisper_token_sot()), C.whisper_token(w.ctx.Whisper_token_lang(w.langs[try.language])),
		C.whisper_token(w.ctx.Whisper_token_transcribe()), C.whisper_token(w.ctx.Whisper_token_not()))
	eot := int(w.ctx.Whisper_token_eot())
	past := 0
	for len(d.tokens) < try.maxTokens {
		if ctx.Err() != nil {
			return decoded{}, ctx.Err()
		}
		row := C.tenin_step(w.cctx(), &feed[0], C.int(len(feed)), C.int(past), C.int(w.threads))
		if row == nil {
			if ctx.Err() != nil {
				return decoded{}, ctx.Err()
			}
			return decoded{}, failed
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
	}
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
