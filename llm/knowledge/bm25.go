package knowledge

import "math"

// BM25's usual constants (Robertson and Zaragoza, "The Probabilistic Relevance
// Framework", 2009).
const (
	bm25K1 = 1.2
	bm25B  = 0.75
)

// A termIndex holds short texts as bags of terms (character n-grams, kana
// n-grams or words) and says how much a query shares with each.
type termIndex struct {
	ids      map[string]int32
	postings [][]posting
	owners   []int32 // text -> document
	lengths  []int32 // terms of each text
	docs     int

	// Set by finish.
	idf     []float64 // by documents that hold the term
	weights []float64 // text -> sum of idf over its distinct terms
	average float64   // of lengths
	rare    float64   // idf of a term that no document holds
}

type posting struct {
	text  int32
	count int32
}

// An overlap says how much of a text and a query is the same, by idf.
type overlap struct {
	shared float64 // sum of idf over the terms that both hold
	bm25   float64
}

func newTermIndex(docs int) *termIndex { return &termIndex{ids: map[string]int32{}, docs: docs} }

// add appends a text of document doc and returns its number.
func (x *termIndex) add(doc int32, terms []string) int32 {
	text := int32(len(x.owners))
	x.owners = append(x.owners, doc)
	x.lengths = append(x.lengths, int32(len(terms)))
	for _, t := range terms {
		id, ok := x.ids[t]
		if !ok {
			id = int32(len(x.postings))
			x.ids[t] = id
			x.postings = append(x.postings, nil)
		}
		p := x.postings[id]
		if n := len(p); n > 0 && p[n-1].text == text {
			p[n-1].count++
		} else {
			x.postings[id] = append(p, posting{text, 1})
		}
	}
	return text
}

// finish computes what depends on all texts.
func (x *termIndex) finish() {
	x.idf = make([]float64, len(x.postings))
	x.weights = make([]float64, len(x.owners))
	total := 0.0
	for _, n := range x.lengths {
		total += float64(n)
	}
	x.average = total / math.Max(1, float64(len(x.lengths)))
	x.rare = x.idfOf(0)
	for id, list := range x.postings {
		df, last := 0, int32(-1)
		for _, p := range list { // texts of one document are added one after the other
			if d := x.owners[p.text]; d != last {
				df, last = df+1, d
			}
		}
		x.idf[id] = x.idfOf(df)
		for _, p := range list {
			x.weights[p.text] += x.idf[id]
		}
	}
}

func (x *termIndex) idfOf(df int) float64 {
	return math.Log(1 + (float64(x.docs)-float64(df)+0.5)/(float64(df)+0.5))
}

// search returns what the query shares with every text, indexed by text, the
// sum of idf over the query's distinct terms, and the part of that sum which
// stands in the index at all.
func (x *termIndex) search(terms []string) (found []overlap, weight, known float64) {
	found = make([]overlap, len(x.owners))
	seen := make(map[string]bool, len(terms))
	for _, t := range terms {
		if seen[t] {
			continue
		}
		seen[t] = true
		id, ok := x.ids[t]
		if !ok {
			weight += x.rare
			continue
		}
		idf := x.idf[id]
		weight += idf
		known += idf
		for _, p := range x.postings[id] {
			n := float64(p.count)
			length := float64(x.lengths[p.text]) / x.average
			f := &found[p.text]
			f.shared += idf
			f.bm25 += idf * n * (bm25K1 + 1) / (n + bm25K1*(1-bm25B+bm25B*length))
		}
	}
	return found, weight, known
}

// nGrams returns the runs of from to to runes.
func nGrams(s string, from, to int) []string {
	rs := []rune(s)
	var out []string
	for n := from; n <= to; n++ {
		for i := 0; i+n <= len(rs); i++ {
			out = append(out, string(rs[i:i+n]))
		}
	}
	return out
}
