package knowledge

import (
	"context"
	"runtime"
	"slices"
	"strings"
	"unicode"

	"tenin/llm/reading"
)

// Bounds on a query's work: beyond them only its beginning and its end count, for
// a shopper who rambles says the point last.
const (
	maxQueryRunes = 160
	maxSoundMorae = 80
)

// An analysis is what the index knows of a sentence.
type analysis struct {
	text    string // folded
	kana    string
	words   []string // content words in dictionary form and synonym groups
	content int      // how many words are content words
	terms   []string // kana of nouns and runs of nouns, for mishearing
}

func (x *Index) read(text string) analysis {
	a := analysis{text: text}
	var kana strings.Builder
	var run []string
	flush := func() {
		if len(run) > 0 {
			a.terms = append(a.terms, strings.Join(run, ""))
			if len(run) > 1 {
				a.terms = append(a.terms, run...)
			}
			run = nil
		}
	}
	for _, t := range x.words.Analyze(text) {
		sound := kanaOnly(t.Pron)
		kana.WriteString(sound)
		if isContent(t) {
			a.words = append(a.words, t.Base)
			a.content++
		}
		if t.POS == "名詞" && t.Sub != "非自立" && t.Sub != "代名詞" && sound != "" && t.Sub != "数" || t.POS == "接頭詞" && sound != "" {
			run = append(run, sound)
			continue
		}
		flush()
		if t.POS == "動詞" && t.Sub == "自立" && isContent(t) {
			a.terms = append(a.terms, sound)
		}
	}
	flush()
	a.kana = kana.String()
	a.words = append(a.words, x.lexicon.groups(text)...)
	return a
}

func kanaOnly(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'ァ' && r <= 'ヺ' || r == 'ー' {
			return r
		}
		return -1
	}, s)
}

// emptyWords stand in questions about anything.
var emptyWords = func() map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(`する ある いる 居る なる できる 出来る くださる 下さる ください ござる いただく 頂く やる いう 言う 思う おる もらう くれる れる られる せる
		ない いい 良い よい よろしい こと もの ため ところ とこ とき よう ほう 方 さん 様 さま 的 等 など お願い です ます お ご 何 なに なん どこ いつ いくら どれ どの どう 教える おしえる 行く くる 来る 知る わかる 分かる みる 見る
		the a an is are do does you your i my me we to of in on at for it this that can could would please have has be am and or with there here any some what where when how which who`) {
		m[w] = true
	}
	return m
}()

func isContent(t reading.Token) bool {
	base := strings.ToLower(t.Base)
	if emptyWords[base] || emptyWords[strings.ToLower(t.Surface)] {
		return false
	}
	switch t.POS {
	case "名詞":
		return t.Sub != "非自立" && t.Sub != "代名詞" && t.Sub != "特殊" && strings.ContainsFunc(t.Surface, unicode.IsLetter)
	case "動詞", "形容詞":
		return t.Sub == "自立"
	}
	return false
}

// analyze reads all lines and builds the word and sound indexes.
func (x *Index) analyze(ctx context.Context) error {
	read := make([]analysis, len(x.lines))
	said := make([][]string, len(x.docs))
	err := parallel(ctx, len(x.lines)+len(x.docs), func(i int) {
		if i < len(x.lines) {
			x.lines[i].asks = questionTypeOf(x.lines[i].text)
			read[i] = x.read(x.lines[i].text)
			return
		}
		d := x.docs[i-len(x.lines)]
		for _, a := range d.answers() {
			said[i-len(x.lines)] = append(said[i-len(x.lines)], x.read(clip(fold(a))).words...)
		}
	})
	if err != nil {
		return err
	}
	for i := range x.docs {
		d := &x.docs[i]
		d.asks = profileOf(x.lines[d.first:d.past], d.product != nil)
	}
	n := len(x.docs)
	x.surface, x.sound, x.meaning = newTermIndex(n), newTermIndex(n), newTermIndex(n)
	terms := map[string][]int32{}
	at := 0
	for i := range x.docs {
		d := &x.docs[i]
		for ; at < int(d.past); at++ {
			l := &x.lines[at]
			l.kana, l.beats = read[at].kana, soundsOf(read[at].kana)
			x.surface.add(l.doc, surfaceTerms(l.text))
			x.sound.add(l.doc, soundTerms(l.kana))
			x.meaning.add(l.doc, read[at].words)
			for _, t := range read[at].terms {
				if m := reading.Morae(t); m >= 2 && m <= 12 && !slices.Contains(terms[t], int32(i)) {
					terms[t] = append(terms[t], int32(i))
				}
			}
		}
	}
	x.others = foreign(x.lines)
	// Answers come behind all lines, so that a line's number is its text's number.
	for i := range x.docs {
		x.meaning.add(int32(i), said[i])
	}
	for _, t := range []*termIndex{x.surface, x.sound, x.meaning} {
		t.finish()
	}
	for kana, docs := range terms {
		// What many documents say tells none of them.
		if len(docs) > max(4, n/12) {
			continue
		}
		x.terms = append(x.terms, term{kana: kana, beats: soundsOf(kana), morae: float64(reading.Morae(kana)), docs: docs})
	}
	slices.SortFunc(x.terms, func(a, b term) int { return strings.Compare(a.kana, b.kana) })
	for i, t := range x.terms {
		for _, d := range t.docs {
			x.docs[d].terms = append(x.docs[d].terms, int32(i))
		}
	}
	return nil
}

func surfaceTerms(text string) []string {
	return nGrams(strings.Map(dropPunctuation, text), 1, 3)
}

func soundTerms(kana string) []string { return nGrams(kana, 2, 3) }

func dropPunctuation(r rune) rune {
	if unicode.IsPunct(r) && r != 'ー' || unicode.IsSymbol(r) {
		return -1
	}
	return r
}

// clip bounds a text: its beginning and its end.
func clip(text string) string {
	rs := []rune(text)
	if len(rs) <= maxQueryRunes {
		return text
	}
	half := maxQueryRunes / 2
	return string(rs[:half]) + " " + string(rs[len(rs)-half:])
}

// parallel calls fn for 0 … n-1 from as many goroutines as there are processors.
func parallel(ctx context.Context, n int, fn func(i int)) error {
	workers := max(1, min(runtime.GOMAXPROCS(0), n))
	done := make(chan struct{}, workers)
	for w := range workers {
		go func() {
			defer func() { done <- struct{}{} }()
			for i := w; i < n; i += workers {
				if ctx.Err() != nil {
					return
				}
				fn(i)
			}
		}()
	}
	for range workers {
		<-done
	}
	return ctx.Err()
}
