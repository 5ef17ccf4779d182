package knowledge

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"unicode"
)

// Search returns the at most n documents that fit the query best, best first.
// Their scores are calibrated: of hits with a score near 0.8, four in five are
// what the shopper asked for. Greetings, noise, orders and questions that the
// shop does not answer get low scores, not no hits. A query without letters or
// digits has no hits. Of a query longer than 160 characters only the beginning
// and the end count. Errors come from the embedder or are ctx.Err().
func (x *Index) Search(ctx context.Context, query string, n int) ([]Hit, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	text := foldQuery(query)
	if n <= 0 || text == "" || len(x.docs) == 0 {
		return nil, nil
	}
	vector, err := x.queryVector(ctx, text)
	if err != nil {
		return nil, err
	}
	language := languageOf(text)
	var hits []Hit
	for _, r := range x.rank(text, vector, nil) {
		if len(hits) == n {
			break
		}
		hits = append(hits, x.hit(r, language))
	}
	return hits, nil
}

func (x *Index) queryVector(ctx context.Context, text string) ([]float32, error) {
	if x.embedder == nil {
		return nil, nil
	}
	v, err := x.embedder.Embed(ctx, "query: "+text)
	if err != nil {
		return nil, fmt.Errorf("search: embed the query: %w", err)
	}
	return v, nil
}

// foldQuery brings a query to the spelling that the index compares; "" when there
// is nothing to search for.
func foldQuery(query string) string {
	// Folding is linear, but a shopper's query of megabytes is none.
	const most = 64 << 10
	if len(query) > most {
		query = query[:most/2] + query[len(query)-most/2:]
	}
	text := clip(fold(query))
	for _, r := range text {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return text
		}
	}
	return ""
}

// A ranked document with its calibrated score.
type ranked struct {
	doc   int32
	score float64
}

func (x *Index) rank(text string, vector []float32, m *mask) []ranked {
	found := x.candidates(text, vector, m)
	model := wordsModel()
	if vector != nil {
		model = vectorsModel()
	}
	scores := model.probabilities(found)
	out := make([]ranked, len(found))
	for i, c := range found {
		out[i] = ranked{c.doc, model.calibrate(scores[i])}
	}
	slices.SortFunc(out, func(a, b ranked) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.doc, b.doc))
	})
	return out
}

func (x *Index) hit(r ranked, language string) Hit {
	d := x.docs[r.doc]
	h := Hit{ID: d.id, Score: r.score}
	if d.product != nil {
		h.Kind, h.Product = HitProduct, d.product
		return h
	}
	h.Kind = HitAnswer
	h.Entry = versionIn(d.entries, language)
	return h
}

// versionIn is the version in language, else the one in [DefaultLanguage], else
// the first.
func versionIn(versions []*Entry, language string) *Entry {
	for _, want := range []string{language, DefaultLanguage} {
		for _, e := range versions {
			if e.Key().Language == want {
				return e
			}
		}
	}
	return versions[0]
}

// languageOf tells English from Japanese by the script: a query with any kana or
// kanji is Japanese.
func languageOf(text string) string {
	latin := false
	for _, r := range text {
		switch {
		case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana):
			return "ja"
		case isLatin(r):
			latin = true
		}
	}
	if latin {
		return "en"
	}
	return "ja"
}
