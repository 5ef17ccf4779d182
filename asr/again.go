package asr

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"tenin/llm/reading"
)

// Measured with Whisper base on spoken tuning questions (Kokoro, one voice a line, whole recordings). Sentences that a
// word was put into and that came nearer to what was said, and further from it, by wordGain and soundLoss (before
// there was madeUpGain):
//
//	gain, loss                 0, 0    0, 26   1, 13   1.5, 13  1.5, 26  2, 26   2, 32   3, 26
//	54 of the demo shop's    19, 3     18, 0   20, 2     22, 3    21, 0   22, 0   22, 0   22, 2
//	44 of other counters     23, 0     22, 0   23, 0     25, 0    24, 0   24, 0   24, 0   25, 0
//	40 for no counter         1, 1      1, 0    1, 1      1, 1     1, 0    1, 1    1, 0    1, 1
//
// A word that was said scores -1.5 to 13 nats more than what was heard, one that was not mostly less than -5, so the margin
// decides few cases. The second decode finds words whose stretch was cut wrongly (タクシー乗り場 for タクシーのリバマ) and, by
// its score, no longer those that the prompt alone put there (車を止めると係員ますか).
//
// Key terms kept by letters or reading, spelled by letters, and the character error rate, against a second decode alone:
//
//	                                   terms   kept       spelled    CER
//	60 sentences of other counters     77      45 → 57    40 → 50    0.149 → 0.113
//	54 of the demo shop's              94      80 → 81    77 → 78    0.114 → 0.075
//	40 for no counter                  –       no word of the shop's put in
//
// Beside other work they cost 300-400 ms more on one thread; scoring alone took 130-200 ms on two. The row of words is fed
// once, each sentence as one batch from where it differs. Favouring the words' tokens in the decoder (2 to 6 on their logits)
// gave no clear gain on the clips that were read, and invented words (祈祷室 for 喫煙室).
const (
	// sureOfAll is the lowest probability of a token above which nothing is asked again.
	sureOfAll = 0.55
	// wordGain is how much less likely, in nats, a sentence may be with one of the shop's words in it than without: such
	// words are what people say at a counter.
	wordGain = 1.5
	// madeUpGain is the same where what was heard is no word at all: of 両外, 両収書 and the like the true word scored up to 4
	// nats less.
	madeUpGain = 4
	// soundLoss is what that word costs for sounding otherwise than what was heard, in nats for the whole of reading.Within's
	// distance. It is halved where the word also shares letters with what was heard.
	soundLoss = 26
	// againEnough is the logarithm of the probability of a sentence with no more to gain from a second decode.
	againEnough = -1.5
	// againGain is how much likelier a second decode must be that has none of the words that were sought.
	againGain = 0.5
	// againSound is how far the second decode may sound from the first: it must be another spelling of the same sounds.
	againSound = 0.25
	// againClose is how far a word may sound from what was heard to stand in the sentence that prompts the second decode.
	againClose = 0.2
)

// sentence is one way to write what was heard.
type sentence struct {
	text    string
	logProb float64 // of the text and its end, behind the prompt that names the words sought
	worth   float64 // logProb with the gains and losses of the words that were put in
}

// listenAgain looks in r for words of x that may have been misheard. It asks the decoder how likely the sentence is with
// each of them, then for what it would write when it is prompted with the best one, all on the encoding that is there. It
// returns r, or the sentence that is worth most.
func listenAgain(ctx context.Context, d decoder, x *Lexicon, r decoded, a attempt, samples int, t *Timings) (decoded, error) {
	if r.least > sureOfAll || bare(r.text) == "" {
		return r, nil
	}
	likely := x.near(r.text)
	if len(likely) == 0 {
		return r, nil
	}
	begin := time.Now()
	a.prompt = x.focus(r.text, likely)
	first, best, err := putIn(ctx, d, a, r.text, likely)
	if err != nil {
		return r, err
	}
	t.Again++
	t.Tries++
	if best.logProb < againEnough {
		if best, err = decodeAgain(ctx, d, x, a, first, best, likely, samples); err != nil {
			return r, err
		}
		t.Again++
		t.Tries++
	}
	t.Decode += time.Since(begin)
	if best == first {
		return r, nil
	}
	r.text, r.logProb = best.text, best.logProb
	return r, nil
}

// decodeAgain prompts the decoder with the best sentence so far and returns the better of it and what comes out.
func decodeAgain(ctx context.Context, d decoder, x *Lexicon, a attempt, first, best sentence, likely []near, samples int) (sentence, error) {
	// A prompt that reads as what was said before pulls stronger than a row of words; the guards look at the words alone,
	// since reciting that sentence is what the decode is asked to try.
	b := a
	if best != first {
		b.prompt += best.text
	} else {
		said, _ := together(first.text, slices.DeleteFunc(slices.Clone(likely), func(n near) bool { return n.distance > againClose }))
		b.prompt += said
	}
	second, err := d.again(ctx, b)
	if err != nil || second.text == best.text || suspect(second, a, samples) != "" {
		return best, err
	}
	scores, err := d.score(ctx, a, []string{second.text})
	if err != nil {
		return best, err
	}
	if s := (sentence{second.text, scores[0], scores[0]}); prefer(x, first, best, s, likely) {
		best = s
	}
	return best, nil
}

// putIn scores text with each of likely in its place, and with all together that are each worth it.
func putIn(ctx context.Context, d decoder, a attempt, text string, likely []near) (first, best sentence, err error) {
	texts := []string{text}
	for _, n := range likely {
		texts = append(texts, n.in(text))
	}
	scores, err := d.score(ctx, a, texts)
	if err != nil {
		return first, best, err
	}
	first = sentence{text, scores[0], scores[0]}
	best = first
	type scored struct {
		near
		worth float64
	}
	var good []scored
	for i, n := range likely {
		if worth := scores[i+1] + n.worth(); worth > first.worth {
			good = append(good, scored{n, worth})
			if worth > best.worth {
				best = sentence{texts[i+1], scores[i+1], worth}
			}
		}
	}
	slices.SortStableFunc(good, func(a, b scored) int { return cmp.Compare(b.worth, a.worth) })
	words := make([]near, len(good))
	for i, g := range good {
		words[i] = g.near
	}
	all, put := together(text, words)
	if len(put) < 2 {
		return first, best, nil
	}
	if scores, err = d.score(ctx, a, []string{all}); err != nil {
		return first, best, err
	}
	worth := scores[0]
	for _, n := range put {
		worth += n.worth()
	}
	if worth > best.worth {
		best = sentence{all, scores[0], worth}
	}
	return first, best, nil
}

// worth is what n adds to the logarithm of the probability of a sentence.
func (n near) worth() float64 {
	gain := wordGain
	if n.madeUp {
		gain = madeUpGain
	}
	return gain - soundLoss*n.apart()
}

// prefer tells whether the second decode is better than the best sentence so far: likelier, with the sounds of the first,
// and without the loss of one of the shop's words that was there.
func prefer(x *Lexicon, first, best, second sentence, likely []near) bool {
	before, after := bare(best.text), bare(second.text)
	least := best.logProb
	if !slices.ContainsFunc(likely, func(n near) bool { return strings.Contains(after, n.bare) }) {
		least += againGain
	}
	if second.logProb <= least {
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
