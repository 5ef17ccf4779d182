package knowledge

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"tenin/llm/reading"
)

// A Term is a word that shoppers of this shop are likely to say.
type Term struct {
	Text string
	// Weight is for ranking alone: the more entries ask with the word, and the
	// less it is in all of them alike, the higher.
	Weight float64
}

// Terms returns the nouns and compounds (営業時間, 駐車場, クレジットカード) with which
// the Japanese entries are asked for, and those of the products' names, the
// weightiest first. A recogniser of speech takes as many of them as its prompt
// holds: without them it writes words that sound alike (影響時間).
//
// Each call analyses all texts; the first in a process also loads the dictionary.
func Terms(entries []Entry, products []Product) []Term {
	a := reading.Default()
	weight, found := map[string]float64{}, map[string]int{}
	documents := 0
	add := func(document map[string]float64) {
		documents++
		for text, w := range document {
			weight[text] += w
			found[text]++
		}
	}
	topics := map[string]map[string]float64{}
	var order []string
	for _, e := range entries {
		if e.Key().Language != DefaultLanguage {
			continue
		}
		document := topics[e.ID]
		if document == nil {
			document = map[string]float64{}
			topics[e.ID] = document
			order = append(order, e.ID)
		}
		for i, q := range e.Questions() {
			// The shop's own wording has its words; the variants have the
			// shoppers', of which one that returns counts and one that does not
			// hardly does.
			w := 0.3
			if i == 0 {
				w = 1
			}
			for _, noun := range compounds(a, q) {
				document[noun] = min(document[noun]+w, 2)
			}
		}
	}
	for _, id := range order {
		add(topics[id])
	}
	for _, p := range products {
		document := map[string]float64{}
		for i, name := range p.Names() {
			w := 0.2
			if i == 0 {
				w = 0.6
			}
			for _, noun := range compounds(a, name) {
				document[noun] = max(document[noun], w)
			}
		}
		add(document)
	}
	terms := make([]Term, 0, len(weight))
	for text, w := range weight {
		rarity := math.Log(1 + float64(documents)/float64(found[text]))
		// A prompt is paid for by length, but a recogniser needs no help with
		// words of one or two sounds that it could not tell apart anyway.
		terms = append(terms, Term{text, w * rarity * min(1, float64(utf8.RuneCountInString(text))/3)})
	}
	slices.SortFunc(terms, func(x, y Term) int {
		return cmp.Or(cmp.Compare(y.Weight, x.Weight), strings.Compare(x.Text, y.Text))
	})
	return terms
}

// plain are nouns that every shop's questions hold and every recogniser writes
// right.
var plain = map[string]bool{
	"場所": true, "利用": true, "使用": true, "可能": true, "必要": true, "店": true, "お店": true, "店内": true, "今日": true, "明日": true, "今": true,
	"時間": true, "人": true, "方": true, "何": true, "中": true, "上": true, "下": true, "前": true, "後": true, "物": true, "買い物": true, "商品": true,
	"ここ": true, "そこ": true, "自分": true, "一緒": true, "いくら": true, "いつ": true, "とこ": true, "ところ": true, "大丈夫": true, "本当": true, "感じ": true, "みたい": true, "用": true, "日": true, "円": true, "階": true,
}

// compounds returns the runs of nouns in a text, numbers and pronouns left out.
func compounds(a *reading.Analyzer, text string) []string {
	var out []string
	var run strings.Builder
	end := func() {
		word := run.String()
		run.Reset()
		if utf8.RuneCountInString(word) > 1 && !plain[word] && !slices.Contains(out, word) {
			out = append(out, word)
		}
	}
	for _, t := range a.Analyze(reading.Normalize(text)) {
		if !joins(t, run.Len() > 0) {
			end()
			continue
		}
		run.WriteString(t.Surface)
	}
	end()
	return out
}

func joins(t reading.Token, inside bool) bool {
	if t.POS != "名詞" || t.Surface == "" || strings.ContainsAny(t.Surface, "0123456789") {
		return false
	}
	switch t.Sub {
	case "読み": // a word of the reading lexicon, with pieces as numbers have: 授乳室, 免税, 両替
		return true
	case "英字", "数", "代名詞", "非自立", "特殊", "接続詞的", "動詞非自立的", "引用文字列":
		return false
	case "副詞可能": // 時間 in 営業時間, but not 今日
		return inside
	case "接尾":
		return inside && t.Surface != "さん" && t.Surface != "様" && t.Surface != "さま"
	}
	return t.Pron != "" || t.Reading != ""
}
