package ui

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func em(r rune) float32 {
	if wide(r) {
		return 2
	}
	return 1
}

func lines(text string, limit float32) []string {
	var out []string
	for _, l := range Wrap([]rune(text), limit, em) {
		out = append(out, string([]rune(text)[l.Start:l.End]))
	}
	return out
}

func TestLinesBreakWhereAReaderWouldBreakThem(t *testing.T) {
	for _, c := range []struct {
		text  string
		limit float32
		want  string
	}{
		{"営業時間は午前10時からです。", 20, "営業時間は|午前10時からです。"},
		{"We are open every day", 12, "We are open|every day"},
		{"はい。いいえ。", 8, "はい。|いいえ。"},
		{"一行目\n二行目", 100, "一行目|二行目"},
		{"", 10, ""},
	} {
		if got := strings.Join(lines(c.text, c.limit), "|"); got != c.want {
			t.Errorf("%q: got %q, want %q", c.text, got, c.want)
		}
	}
}

func TestWrappingLosesNothingAndKeepsTheLimit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := []rune(rapid.StringOfN(rapid.SampledFrom([]rune("あいうアイー漢字、。「」（）abc 10%\n")), 0, 80, -1).Draw(t, "text"))
		limit := rapid.Float32Range(2, 40).Draw(t, "limit")
		for name, wrap := range map[string]func([]rune, float32, func(rune) float32) []Span{"wrap": Wrap, "balance": Balance} {
			at := 0
			for _, l := range wrap(text, limit, em) {
				if l.Start < at || l.End < l.Start || l.End > len(text) {
					t.Fatalf("%s: line %v after %d", name, l, at)
				}
				if gap := strings.Trim(string(text[at:l.Start]), " \n"); gap != "" {
					t.Fatalf("%s: %q was lost", name, gap)
				}
				width := float32(0)
				for _, r := range text[l.Start:l.End] {
					width += em(r)
				}
				if width > limit && l.End-l.Start > 1 {
					t.Fatalf("%s: %q is %v wide, limit %v", name, string(text[l.Start:l.End]), width, limit)
				}
				at = l.End
			}
			if rest := strings.Trim(string(text[at:]), " \n"); rest != "" {
				t.Fatalf("%s: %q was lost at the end", name, rest)
			}
		}
	})
}

func TestNoLineBeginsWithAFullStopUnlessItMust(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := []rune(rapid.StringOfN(rapid.SampledFrom([]rune("あい漢字、。")), 1, 60, -1).Draw(t, "text"))
		for i, l := range Wrap(text, 12, em) {
			if i == 0 || l.Start >= len(text) || !strings.ContainsRune(neverFirst, text[l.Start]) {
				continue
			}
			// Six marks in a row leave no other place.
			for at := l.Start; at > l.Start-5 && at > 0; at-- {
				if canBreak(text, at) && at < l.Start {
					t.Fatalf("%q begins a line at %d, and could have broken at %d", string(text), l.Start, at)
				}
			}
		}
	})
}
