package asr

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"tenin/llm/reading"
)

// Words that sound too far from what was written to be sought by sound are often ones that the decoder all but wrote: at their
// place it gave their first token a fair chance. Measured as in again.go, each sentence in three of five voices, beside the words
// sought by sound: key terms spelled by letters, and the character error rate. The third voice was not looked at before all was set.
//
//	                                 terms   without                         with
//	60 sentences of other counters   77      54, 51, 52   0.108 0.127 0.126   57, 55, 54   0.100 0.114 0.124
//	54 of the demo shop's            94      80, 80, 77   0.070 0.079 0.081   81, 80, 78   0.063 0.076 0.077
//	40 for no counter                –                    0.132 0.134 0.148                0.134 0.136 0.151
//
// It costs 10 ms of one thread for the search and 10 ms of two for each word scored. In two voices, eight words instead of
// mostSpotted spelled one term more, four three less.
const (
	mostSpotted = 6
	// surePlace is how likely, in nats, the least likely token of a stretch may be for another word to be sought there.
	surePlace = -1
	// spotFloor is how likely a word's first token must be: of the terms that were found none was below -6.2.
	spotFloor = -14
	// spotSound is how far a word may sound from the stretch.
	spotSound = 0.7
	// longestSpot bounds a stretch, in letters.
	longestSpot = 9
	// rankSound and rankUnsure weigh, against a nat of the first token, the distance and a nat of the least likely token that
	// stands there, for the choice of mostSpotted.
	rankSound, rankUnsure = 10, 0.5
	// spotGain and spotLoss are wordGain and soundLoss of these words, and shortSpotLoss what the former is less for words of
	// three firm beats. With a gain of 9 three of 40 sentences for no counter were changed instead of one; with 7 two terms less
	// were spelled in two voices.
	spotGain, spotLoss, shortSpotLoss = 8, 5, 3
)

// place is where one of a text's tokens begins.
type place struct {
	at    int       // byte of the text
	own   float64   // natural logarithm of the probability of the token
	began []float32 // and of the first token of each of the lexicon's words there; -Inf for a word that has none
}

// spotted returns the words that are not in text but that its decoder came near to writing where it was unsure, the likeliest
// first. places are text's; hearings too.
func (x *Lexicon) spotted(text string, places []place, hearings []hearing) []near {
	runes := []rune(text)
	byteOf := make([]int, len(runes)+1)
	for i, r := range runes {
		byteOf[i+1] = byteOf[i] + utf8.RuneLen(r)
	}
	written := x.written(text)
	// least is the least likely token that has a part of the letters from from to to.
	least := func(from, to int) float64 {
		low := 0.0
		for i, p := range places {
			end := len(text)
			if i+1 < len(places) {
				end = places[i+1].at
			}
			if p.at < byteOf[to] && end > byteOf[from] {
				low = min(low, p.own)
			}
		}
		return low
	}
	type begin struct {
		word, from int
		p, most    float64 // of the first token; the highest rank that may come of it
	}
	var begins []begin
	letters := bare(text)
	absent := make([]bool, len(x.words))
	for i := range x.words {
		absent[i] = !strings.Contains(letters, x.words[i].bare)
	}
	for _, p := range places {
		from, ok := slices.BinarySearch(byteOf, p.at)
		if !ok || from == len(runes) || notLetter(runes[from]) || written[from] {
			continue
		}
		low := least(from, min(from+longestSpot, len(runes)))
		if low > surePlace {
			continue
		}
		for i := range x.words {
			if p := float64(p.began[i]); absent[i] && p >= spotFloor {
				begins = append(begins, begin{i, from, p, p - rankUnsure*low})
			}
		}
	}
	slices.SortStableFunc(begins, func(a, b begin) int { return cmp.Compare(b.most, a.most) })
	type ranked struct {
		near
		rank float64
	}
	var best []ranked
	for _, b := range begins {
		if len(best) == mostSpotted && b.most <= best[mostSpotted-1].rank {
			break
		}
		w := &x.words[b.word]
		to, distance := closest(w.kana, runes, b.from, hearings)
		if to <= b.from || distance > spotSound || slices.Contains(written[b.from:to], true) {
			continue
		}
		low := least(b.from, to)
		if low > surePlace {
			continue
		}
		r := ranked{near{sounded: w, distance: distance, spotted: true, from: b.from, to: to}, b.p - rankSound*distance - rankUnsure*low}
		i, _ := slices.BinarySearchFunc(best, r, func(a, b ranked) int { return cmp.Compare(b.rank, a.rank) })
		best = slices.Insert(best, i, r)
		best = best[:min(len(best), mostSpotted)]
	}
	words := make([]near, len(best))
	for i, r := range best {
		words[i] = r.near
	}
	return words
}

// written tells of each letter of text whether it belongs to one of the shop's words: that was heard well.
func (x *Lexicon) written(text string) []bool {
	in := make([]bool, len([]rune(text)))
	for i := range x.words {
		w := &x.words[i]
		for rest, at := text, 0; ; {
			k := strings.Index(rest, w.text)
			if k < 0 {
				break
			}
			at += len([]rune(rest[:k]))
			for j := range w.letters {
				in[at+j] = true
			}
			at += len(w.letters)
			rest = rest[k+len(w.text):]
		}
	}
	return in
}

// closest is the end of the stretch from from on that sounds most like kana in any of hearings, and how far from it.
func closest(kana string, runes []rune, from int, hearings []hearing) (to int, distance float64) {
	distance = 2
	for end := from + 1; end <= min(from+longestSpot, len(runes)); end++ {
		switch last := runes[end-1]; {
		case last == '、':
			continue
		case notLetter(last):
			return to, distance
		}
		for _, h := range hearings {
			if sound := h.kana[h.ends[from]:max(h.ends[from], h.ends[end])]; sound != "" {
				if d := reading.Distance(kana, sound); d < distance {
					to, distance = end, d
				}
			}
		}
	}
	return to, distance
}
