package asr

import (
	"context"
	"slices"
	"strings"

	"tenin/llm/reading"
)

// Measured with Whisper base on spoken kiosk questions, whole recordings, the prompt of 32 words against that and the second
// decode (kept by letters or reading, spelled by letters):
//
//	                                        terms   kept       spelled    CER
//	40 recordings not tuned on              65      52 → 57    42 → 54    0.104 → 0.057
//	54 recordings of one voice, tuned on    94      65 → 76    55 → 73    0.168 → 0.146
//	35 sentences that are no shop's         –       –          –          0.094 → 0.081, no word of the shop's inserted
//	11 real clips                           –       –          –          0.107 → 0.105
//
// It costs 100-180 ms on two quiet cores, in nine of ten questions, most of it while the end of the turn is awaited. With
// margins of 0.05, no againLeast and sureOfAll at 0.7, four of the 35 sentences were given a word (電気 for 天気).
// Favouring the words' tokens in the decoder (2 to 6 on their logits) gave no clear gain on the clips that were read, and
// invented words (祈祷室 for 喫煙室).
const (
	// sureOfAll is the lowest probability of a token above which nothing is asked again.
	sureOfAll = 0.55
	// againMargin is how much less sure, as a geometric mean of probabilities, the second decode may be than the first.
	againMargin = 0.02
	// againLeast bounds how far the lowest probability of a token may fall: a word that was forced in shows there.
	againLeast = 0.7
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
	// A prompt that reads as what was said before pulls stronger than a row of words; the guards look at the words alone,
	// since reciting that sentence is what the decode is asked to try.
	words := b
	b.prompt += x.corrected(r.text, likely)
	second, err := d.again(ctx, b)
	if err != nil {
		return r, err
	}
	t.Tries++
	t.Again++
	t.Decode += second.decode
	if !prefer(x, r, second, likely) || suspect(second, words, samples) != "" {
		return r, nil
	}
	t.Tokens = len(second.tokens)
	return second, nil
}

// prefer tells whether the second decode is a better reading of the same sounds: it has a word that was sought, and lost
// none of the shop's that was there.
func prefer(x *Lexicon, first, second decoded, likely []near) bool {
	before, after := bare(first.text), bare(second.text)
	if second.confidence() < first.confidence()-againMargin || second.least < againLeast*first.least ||
		!slices.ContainsFunc(likely, func(n near) bool { return strings.Contains(after, n.bare) }) {
		return false
	}
	sound := x.sound(second.text)
	for i := range x.words {
		if w := &x.words[i]; strings.Contains(before, w.bare) && !strings.Contains(after, w.bare) && !strings.Contains(sound, w.kana) {
			return false
		}
	}
	return reading.Distance(x.sound(first.text), sound) <= againSound
}
