package knowledge

import (
	"cmp"
	"context"
	"fmt"
	"slices"
)

// A PlainMethod is one textbook way to search, to measure Search against.
type PlainMethod string

// The methods: BM25 over runs of one to three characters, BM25 over runs of two
// and three kana of the reading, and the nearest vector (mean of the nearest
// question's similarity and the answer's).
const (
	PlainCharacters PlainMethod = "characters"
	PlainReadings   PlainMethod = "readings"
	PlainVectors    PlainMethod = "vectors"
)

// PlainSearch is Search by one method alone. Scores are the method's own.
// PlainVectors needs an embedder.
func (x *Index) PlainSearch(ctx context.Context, method PlainMethod, query string, n int) ([]Hit, error) {
	text := foldQuery(query)
	if text == "" || n <= 0 {
		return nil, nil
	}
	scores := make([]float64, len(x.docs))
	switch method {
	case PlainCharacters, PlainReadings:
		index, terms := x.surface, surfaceTerms(text)
		if method == PlainReadings {
			index, terms = x.sound, soundTerms(x.read(text).kana)
		}
		found, _, _ := index.search(terms)
		for i, f := range found {
			scores[index.owners[i]] = max(scores[index.owners[i]], f.bm25)
		}
	case PlainVectors:
		v, err := x.queryVector(ctx, text)
		if err != nil {
			return nil, err
		}
		if v == nil {
			return nil, fmt.Errorf("plain search: the index has no vectors")
		}
		said := x.said.best(v, len(x.docs))
		for d, s := range x.asked.best(v, len(x.docs)) {
			scores[d] = (s + said[d]) / 2
		}
	default:
		return nil, fmt.Errorf("plain search: no method %q", method)
	}
	order := make([]ranked, len(scores))
	for d, s := range scores {
		order[d] = ranked{int32(d), s}
	}
	slices.SortStableFunc(order, func(a, b ranked) int { return cmp.Compare(b.score, a.score) })
	language := languageOf(text)
	var hits []Hit
	for _, r := range order[:min(n, len(order))] {
		hits = append(hits, x.hit(r, language))
	}
	return hits, nil
}

// HasVectors tells whether the index was made with an embedder.
func (x *Index) HasVectors() bool { return x.embedder != nil }
