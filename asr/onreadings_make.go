//go:build ignore

// Makes onreadings.tsv: the Sino-Japanese reading of each character, counted in the two-character words of the IPA dictionary.
// Where a word may be cut in more than one place, each cut counts by how well it agrees with the other words (expectation
// maximisation, four rounds).
package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ikawaha/kagome-dict/ipa"
)

func morae(s string) []string {
	var out []string
	for _, r := range s {
		if strings.ContainsRune("ァィゥェォャュョヮ", r) && len(out) > 0 {
			out[len(out)-1] += string(r)
			continue
		}
		out = append(out, string(r))
	}
	return out
}

// on: could these morae be one Sino-Japanese reading?
func on(m []string) bool {
	if len(m) == 0 || len(m) > 2 || strings.ContainsAny(m[0], "ンッー") {
		return false
	}
	if len(m) == 2 {
		return slices.Contains([]string{"イ", "ウ", "ン", "キ", "ク", "チ", "ツ", "ッ"}, m[1])
	}
	return true
}

func main() {
	d := ipa.Dict()
	type pair struct {
		a, b rune
		m    []string
	}
	var words []pair
	seen := map[string]bool{}
	for i, c := range d.Contents {
		if len(c) < 5 {
			continue
		}
		pos := d.POSTable.POSs[i]
		name := d.POSTable.NameList[pos[0]]
		if name != "名詞" || len(pos) > 1 && d.POSTable.NameList[pos[1]] == "固有名詞" {
			continue
		}
		base := c[2]
		if utf8.RuneCountInString(base) != 2 || seen[base+c[3]] {
			continue
		}
		seen[base+c[3]] = true
		r := []rune(base)
		if !unicode.Is(unicode.Han, r[0]) || !unicode.Is(unicode.Han, r[1]) {
			continue
		}
		words = append(words, pair{r[0], r[1], morae(c[3])})
	}
	weight := map[rune]map[string]float64{}
	for pass := range 4 {
		next := map[rune]map[string]float64{}
		add := func(r rune, s string, w float64) {
			if next[r] == nil {
				next[r] = map[string]float64{}
			}
			next[r][s] += w
		}
		for _, w := range words {
			var ps []float64
			var cut []int
			total := 0.0
			for k := 1; k < len(w.m); k++ {
				if !on(w.m[:k]) || !on(w.m[k:]) {
					continue
				}
				p := 1.0
				if pass > 0 {
					p = (weight[w.a][strings.Join(w.m[:k], "")] + 0.001) * (weight[w.b][strings.Join(w.m[k:], "")] + 0.001)
				}
				ps = append(ps, p)
				cut = append(cut, k)
				total += p
			}
			for i, k := range cut {
				add(w.a, strings.Join(w.m[:k], ""), ps[i]/total)
				add(w.b, strings.Join(w.m[k:], ""), ps[i]/total)
			}
		}
		for _, m := range next {
			sum := 0.0
			for _, v := range m {
				sum += v
			}
			if pass == 3 {
				continue
			}
			for k := range m {
				m[k] /= sum
			}
		}
		weight = next
	}
	// groups: reading → characters
	groups := map[string][]rune{}
	n := 0
	for r, m := range weight {
		best, v, sum := "", 0.0, 0.0
		for k, x := range m {
			sum += x
			if strings.HasSuffix(k, "ッ") {
				continue
			}
			if x > v || x == v && k < best {
				best, v = k, x
			}
		}
		if v < 1.5 {
			continue
		}
		groups[best] = append(groups[best], r)
		n++
	}
	var keys []string
	for k := range groups {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		g := groups[k]
		slices.Sort(g)
		fmt.Printf("%s\t%s\n", k, string(g))
	}
	fmt.Fprintln(os.Stderr, len(words), n, len(keys))
}
