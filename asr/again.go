package asr

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"
)

// Measured with Whisper base on spoken tuning questions (Kokoro, one voice a line, whole recordings): key terms spelled by
// letters, character error rate and, of the last, sentences that were changed, by wordGain, madeUpGain, soundLoss and mostNear.
//
//	                                 terms   nothing     10, 16, 26, 4   10, 12, 26, 4   12, 14, 50, 4   12, 14, 50, 6   12, 18, 50, 4
//	60 sentences of other counters   77      17, 0.200   55, 0.105       55, 0.101       55, 0.101       55, 0.100       55, 0.105
//	54 of the demo shop's            94      58, 0.133   81, 0.067       80, 0.071       80, 0.071       80, 0.070       81, 0.067
//	40 for no counter                –       0           2               1               1               2               2
//
// Sentences are scored behind the prompt of the decode that wrote them, on the cache that it left, so a word costs the few
// tokens from where it differs. Behind a prompt that names the words sought, with a second decode prompted by the best
// sentence, 50 and 78 terms were spelled (0.113, 0.075): that prompt raised wrong words by up to 14 nats (消費税 for 処方箋).
// It cost 0.51 s of one thread a clip; now the VAD, the search for words and the scores together cost 0.18 s beside the first
// decode's 0.81 s.
//
// With the voices in another order, 53 and 74 were spelled (0.111, 0.110); with the readings of shop words put right 56 and 75
// (0.093, 0.107); with short drawn-out words sought too, commas and unread characters inside a word's place, and knownGain,
// 60 and 78 (0.085, 0.093). Of the 40 for no counter 3, 3 and, since a real word of three beats gives way to its like only by
// sound, 2 changed. The search goes over a twentieth more words.
//
// On 20 of the counters' sentences, 24 terms: beam search of 5 alone spelled 5 (greedy 5) at a character error rate of 0.226
// (0.223) and 0.20 s more of one thread; with the words sought in its outcome 12-13, where the greedy outcome gave 14-15.
// Other first tokens where the decoder was unsure, each decoded to the end, added at most 1 and cost 0.03-0.1 s each.
const (
	// sureOfAll is the lowest probability of a token above which nothing is asked again.
	sureOfAll = 0.55
	// wordGain is how much less likely, in nats, a sentence may be with one of the shop's words in it than without: such
	// words are what people say at a counter.
	wordGain = 12
	// madeUpGain is the same where what was heard is no word at all (両外, 両収書).
	madeUpGain = 14
	// shortLoss is how much less both are for words that are sought by shortSound.
	shortLoss = 4
	// soundLoss is what that word costs for sounding otherwise than what was heard, in nats for the whole of reading.Within's
	// distance. It is halved where the word also shares letters with what was heard.
	soundLoss = 50
	// knownGain is wordGain where what was heard is another of the shop's words that sounds much the same and stands behind
	// it in the vocabulary: 何階 for 何回. Where 何階 was said the sentence with it was 2.4 to 3.4 nats less likely (4
	// sentences, 5 recordings), where 何回 was said 3.9 to 5.8 (4 and 8).
	knownGain = 3.6
	// beatGain is what each firm beat above shortestNear adds to a word that sounds all but the same (sureSound): the longer
	// it is, the less likely by chance. Each sentence in three voices, the last of which nothing was set on: of 77 terms of
	// other counters 61, 59, 59 were spelled instead of 57, 55, 54 (0.087, 0.101, 0.111 instead of 0.100, 0.114, 0.124), of 94 of the
	// demo shop's 83, 81, 78 instead of 81, 80, 78; of the 40 for no counter one more changed in the third. With a sureSound of
	// 0.15 two more did in the first.
	beatGain  = 5
	sureSound = 0.1
)

// listenAgain looks in r for words of x that may have been misheard, by the sound of what was written and by what was heard
// aloud, and asks the decoder how likely the sentence is with each of them in it. It returns r, or the sentence that is worth
// most. a is what r was decoded with, last.
func listenAgain(ctx context.Context, d decoder, x *Lexicon, r decoded, a attempt, t *Timings) (decoded, error) {
	if r.least > sureOfAll || r.looped || bare(r.text) == "" {
		return r, nil
	}
	hearings := x.hearings(r.text)
	likely := x.near(r.text, hearings)
	for _, n := range x.nearAloud(r.text, r.kana, hearings) {
		same := slices.IndexFunc(likely, func(o near) bool { return o.sounded == n.sounded && o.from == n.from && o.to == n.to })
		if same < 0 {
			likely = append(likely, n)
		} else if n.worth() > likely[same].worth() {
			likely[same] = n
		}
	}
	// What takes away from a sentence was never put in: 301 of 1,024 words sought by sound in 256 tuning clips, 10 ms each.
	likely = slices.DeleteFunc(likely, func(n near) bool { return n.worth() < 0 })
	if len(likely) == 0 {
		return r, nil
	}
	begin := time.Now()
	text, logProb, err := putIn(ctx, d, a, r.text, likely)
	if err != nil {
		return r, err
	}
	t.Again++
	t.Tries++
	t.Decode += time.Since(begin)
	if text != r.text {
		r.text, r.logProb = text, logProb
	}
	return r, nil
}

// putIn returns what is worth most: text, text with one of likely in its place, or with all together that are each worth it.
func putIn(ctx context.Context, d decoder, a attempt, text string, likely []near) (best string, logProb float64, err error) {
	scores, err := d.score(ctx, a, []string{text}, []float64{math.Inf(-1)})
	if err != nil {
		return "", 0, err
	}
	first := scores[0]
	best, logProb = text, first
	// From the end on, so that each shares what stands before its word with the first.
	slices.SortStableFunc(likely, func(a, b near) int { return cmp.Compare(b.from, a.from) })
	var texts []string
	var floors []float64
	for _, n := range likely {
		texts = append(texts, n.in(text))
		floors = append(floors, first-n.worth())
	}
	if scores, err = d.score(ctx, a, texts, floors); err != nil {
		return "", 0, err
	}
	type scored struct {
		near
		worth float64
	}
	most := first
	var good []scored
	for i, n := range likely {
		if worth := scores[i] + n.worth(); worth > first {
			good = append(good, scored{n, worth})
			if worth > most {
				best, logProb, most = texts[i], scores[i], worth
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
		return best, logProb, nil
	}
	worth := 0.0
	for _, n := range put {
		worth += n.worth()
	}
	if scores, err = d.score(ctx, a, []string{all}, []float64{most - worth}); err != nil {
		return "", 0, err
	}
	if scores[0]+worth > most {
		best, logProb = all, scores[0]
	}
	return best, logProb, nil
}

// worth is what n adds to the logarithm of the probability of a sentence.
func (n near) worth() float64 {
	switch {
	case n.better > 0:
		return n.worthAloud()
	case n.likelier:
		return knownGain
	case n.known, n.firm <= shortestNear && n.distance > shortSound && !n.madeUp && !n.alike:
		// The sound decides, and that is in the score: 会場 is no likelier than 体調.
		return 0
	}
	worth := wordGain - soundLoss*n.apart()
	if n.madeUp {
		worth += madeUpGain - wordGain
	}
	if n.firm < shortestNear {
		worth -= shortLoss
	} else if n.distance <= sureSound {
		worth += beatGain * float64(n.firm-shortestNear)
	}
	return worth
}
