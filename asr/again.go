package asr

import (
	"context"
	"slices"
	"strings"

	"tenin/llm/reading"
)

const (
	// sureOfAll is the lowest probability of a token above which nothing is asked again.
	sureOfAll = 0.7
	// againMargin is how much less sure, as a geometric mean of probabilities, the second decode may be than the first.
	againMargin = 0.05
	// againSound is how far the second text may sound from the first: it must be another spelling of the same sounds.
	againSound = 0.25
)

// listenAgain looks in r for words of x that may have been misheard and asks the decoder for them. It returns the better
// of r and the second decode.
func listenAgain(ctx context.Context, d decoder, x *Lexicon, r decoded, a attempt, samples int, t *Timings) (decoded, error) {
	if r.least > sureOfAll {
		return r, nil
	}
	likely := x.near(r.text)
	if len(likely) == 0 {
		return r, nil
	}
	b := a
	b.prompt = x.focus(r.text, likely)
	boosts := make([]string, len(likely))
	for i, n := range likely {
		boosts[i] = n.text
	}
	second, err := d.again(ctx, b, boosts)
	if err != nil {
		return r, err
	}
	t.Tries++
	t.Again++
	t.Decode += second.decode
	if !prefer(x, r, second, likely) || suspect(second, b, samples) != "" {
		return r, nil
	}
	t.Tokens = len(second.tokens)
	return second, nil
}

// prefer tells whether the second decode is a better reading of the same sounds.
func prefer(x *Lexicon, first, second decoded, likely []near) bool {
	letters := bare(second.text)
	if !slices.ContainsFunc(likely, func(n near) bool { return strings.Contains(letters, n.bare) }) {
		return false
	}
	return second.confidence() >= first.confidence()-againMargin &&
		reading.Distance(x.sound(first.text), x.sound(second.text)) <= againSound
}

// Boosts are added to the logit of a token that begins, or goes on with, a word that may have been said.
var boostBegin, boostNext = float32(0), float32(2)

// favour calls boost for each token that begins one of words, and for each that goes on with one that tokens end in the
// beginning of.
func favour(tokens []int32, words [][]int32, boost func(token int32, by float32)) {
	for _, w := range words {
		for n := min(len(w)-1, len(tokens)); n >= 0; n-- {
			if equal(tokens[len(tokens)-n:], w[:n]) {
				by := boostNext
				if n == 0 {
					by = boostBegin
				}
				boost(w[n], by)
			}
		}
	}
}
