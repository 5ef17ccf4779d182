package asr

import (
	"math"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// loopPeriod returns the length of the pattern that tokens end in again and again, or 0. A pattern counts when it fills at
// least 12 tokens and three periods: はいはいはい or 0000 pass, a stuck decoder does not.
func loopPeriod(tokens []int32) int {
	for p := 1; p <= len(tokens)/3; p++ {
		span := max(12, 3*p)
		if span > len(tokens) {
			continue
		}
		tail := tokens[len(tokens)-span:]
		same := true
		for i := p; i < span && same; i++ {
			same = tail[i] == tail[i-p]
		}
		if same {
			return p
		}
	}
	return 0
}

// unloop cuts the repetitions of a looping sequence and keeps the pattern once.
func unloop(tokens []int32) []int32 {
	p := loopPeriod(tokens)
	if p == 0 {
		return tokens
	}
	end := len(tokens)
	for end-2*p >= 0 && equal(tokens[end-p:end], tokens[end-2*p:end-p]) {
		end -= p
	}
	return tokens[:end]
}

func equal(a, b []int32) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// entropy of the last 32 tokens, in nats, as whisper.cpp counts it: a stuck decoder uses few tokens many times.
func entropy(tokens []int32) float64 {
	if len(tokens) > 32 {
		tokens = tokens[len(tokens)-32:]
	}
	count := map[int32]int{}
	for _, t := range tokens {
		count[t]++
	}
	h := 0.0
	for _, n := range count {
		p := float64(n) / float64(len(tokens))
		h -= p * math.Log(p)
	}
	return h
}

// repeats tells whether text says one phrase of two or more letters again and again: at least four times in a row and
// over half of the text. It sees loops that a change of tokenisation hides from loopPeriod.
func repeats(text string) bool {
	r := []rune(bare(text))
	for p := 2; p <= len(r)/4; p++ {
		run := 0
		for i := p; i < len(r); i++ {
			if r[i] != r[i-p] {
				run = 0
				continue
			}
			if run++; run >= 3*p && (run+p)*2 > len(r) && run+p >= 12 {
				return true
			}
		}
	}
	return false
}

// bare is text as its letters and digits only, in NFKC and lower case: what two spellings of one utterance share.
func bare(text string) string {
	var b strings.Builder
	for _, r := range norm.NFKC.String(text) {
		if unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r) {
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}
