package asr

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// tokens are the bytes a to e and what was merged of them, the earliest first.
var tokens = textTokens{"a": 0, "b": 1, "c": 2, "d": 3, "e": 4, "bc": 5, "ab": 6, "de": 7, "bcde": 8}

func TestATextIsSplitInTheOrderOfTheMerges(t *testing.T) {
	for text, want := range map[string][]int32{
		"":      {},
		"abc":   {0, 5}, // bc was merged before ab; the longest first would be ab, c
		"abd":   {6, 3},
		"dede":  {7, 7},
		"abcde": {0, 8},
		"xab":   {6}, // a byte that no token has is left out
	} {
		if got := tokens.split(text); !slices.Equal(got, want) {
			t.Errorf("%q: %v instead of %v", text, got, want)
		}
	}
}

func TestTheTokensOfATextSpellIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.SampledFrom([]rune("abcde"))).Draw(t, "text")
		var b strings.Builder
		for _, id := range tokens.split(text) {
			for s, i := range tokens {
				if i == id {
					b.WriteString(s)
				}
			}
		}
		if b.String() != text {
			t.Fatalf("%q became %q", text, b.String())
		}
	})
}
