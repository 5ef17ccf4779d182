package reading

import (
	_ "embed"
	"slices"
	"strings"
)

//go:embed lexicon.tsv
var lexiconFile string

// lexicon maps written forms to what is spoken. An entry counts only where it
// begins and ends at a word's edge; longer entries win.
var lexicon = parseLexicon(lexiconFile)

func parseLexicon(file string) map[string]string {
	m := map[string]string{}
	for line := range strings.Lines(file) {
		if strings.HasPrefix(line, "# ") {
			continue
		}
		if written, kana, ok := strings.Cut(strings.TrimRight(line, "\r\n"), "\t"); ok {
			m[written] = kana
		}
	}
	return m
}

// lexiconLengths gives, for a first rune, the byte lengths of the entries that
// begin with it, longest first.
var lexiconLengths = func() map[rune][]int {
	m := map[rune][]int{}
	for k := range lexicon {
		r := firstRune(k)
		if !slices.Contains(m[r], len(k)) {
			m[r] = append(m[r], len(k))
		}
	}
	for _, l := range m {
		slices.SortFunc(l, func(x, y int) int { return y - x })
	}
	return m
}()

// noLengthening lists words in which エ-row kana and イ belong to two morphemes
// and stay two sounds.
var noLengthening = map[string]bool{
	"毛糸": true, "手入れ": true, "出入り": true, "出入口": true, "毛色": true, "前祝い": true, "手痛い": true, "受入れ": true, "受け入れ": true, "家出": true, "影絵": true, "仕入れ": true, "声色": true,
}
