package knowledge

import (
	_ "embed" // the lists are part of the program
	"slices"
	"strings"
	"sync"

	"tenin/llm/reading"
)

var (
	//go:embed search_situations.txt
	situationsText string
	//go:embed search_goods.txt
	goodsText string
	//go:embed search_synonyms.txt
	synonymsText string
)

// A situation is a group of sentences that shoppers say when they have one need.
// An approved answer to that need borrows them, so that words which the shop did
// not think of still find it. A situation that nobody answers collects what is
// no question for a shop.
type situation struct {
	nobody    bool
	heads     []string // what a question of the borrowing answer must hold
	sentences []string
}

// goods are the names of one kind of goods with what people call it otherwise.
type goods struct {
	names     []string
	sentences []string
}

// lexicon is general knowledge about shops: it knows no particular one.
type lexicon struct {
	situations []situation
	goods      []goods
	synonyms   map[string]string // word -> its group's first word
	lengths    map[rune][]int    // of the synonyms that begin with a rune, in runes, longest first
}

var builtinLexicon = sync.OnceValue(func() *lexicon {
	l := &lexicon{synonyms: map[string]string{}, lengths: map[rune][]int{}}
	for line := range contentLines(situationsText) {
		if head, rest, _ := strings.Cut(line, " "); head[0] == '@' || head[0] == '!' {
			s := situation{nobody: head[0] == '!'}
			for _, h := range strings.FieldsFunc(rest, func(r rune) bool { return r == ' ' }) {
				for _, word := range strings.Split(h, "|") {
					s.heads = append(s.heads, fold(word))
				}
			}
			l.situations = append(l.situations, s)
			continue
		}
		last := &l.situations[len(l.situations)-1]
		last.sentences = append(last.sentences, splitTrim(line, " / ")...)
	}
	for line := range contentLines(goodsText) {
		names, sentences, _ := strings.Cut(line, " : ")
		g := goods{sentences: splitTrim(sentences, " / ")}
		for _, n := range splitTrim(names, "|") {
			g.names = append(g.names, fold(n))
		}
		l.goods = append(l.goods, g)
	}
	for line := range contentLines(synonymsText) {
		words := strings.Fields(line)
		for _, w := range words {
			w = fold(strings.ReplaceAll(w, "_", " "))
			if _, taken := l.synonyms[w]; !taken {
				l.synonyms[w] = "=" + words[0]
				rs := []rune(w)
				if !slices.Contains(l.lengths[rs[0]], len(rs)) {
					l.lengths[rs[0]] = append(l.lengths[rs[0]], len(rs))
				}
			}
		}
	}
	for _, n := range l.lengths {
		slices.SortFunc(n, func(a, b int) int { return b - a })
	}
	return l
})

// groups returns the synonym groups that the folded text names, longest words first at each
// place. Latin words count only whole.
func (l *lexicon) groups(text string) []string {
	rs := []rune(text)
	var out []string
	for i := 0; i < len(rs); {
		n := 0
		for _, k := range l.lengths[rs[i]] {
			if i+k > len(rs) {
				continue
			}
			w := rs[i : i+k]
			g, ok := l.synonyms[string(w)]
			if !ok || isLatin(w[0]) && i > 0 && isLatin(rs[i-1]) || isLatin(w[k-1]) && i+k < len(rs) && isLatin(rs[i+k]) {
				continue
			}
			out, n = append(out, g), k
			break
		}
		i += max(n, 1)
	}
	return out
}

// fold brings text to one spelling and one case.
func fold(text string) string { return strings.ToLower(reading.Normalize(text)) }

func isLatin(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }

func contentLines(text string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for line := range strings.Lines(text) {
			line = strings.TrimSpace(line)
			if line != "" && line[0] != '#' && !yield(line) {
				return
			}
		}
	}
}

func splitTrim(s, sep string) []string {
	var out []string
	for _, p := range strings.Split(s, sep) {
		if p = strings.TrimSpace(p); p != "" {
			out = append(out, p)
		}
	}
	return out
}
