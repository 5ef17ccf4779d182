package knowledge

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// A matrix holds vectors and whose they are.
type matrix struct {
	rows   [][]float32
	owners []int32
}

// A wanted vector: text with its prefix, for one of the matrices.
type wanted struct {
	text  string
	to    *matrix
	owner int32
}

// embed makes the vectors, decides which document borrows which situation, and
// indexes the borrowed sentences.
func (x *Index) embed(ctx context.Context, o indexOptions) error {
	var want []wanted
	for _, l := range x.lines {
		want = append(want, wanted{"query: " + clip(l.text), &x.asked, l.doc})
	}
	for i, d := range x.docs {
		for _, a := range d.answers() {
			want = append(want, wanted{"passage: " + clip(fold(a)), &x.said, int32(i)})
		}
	}
	var lent []wanted // owner: the situation
	candidates := make([][]int32, len(x.lexicon.situations))
	for s, situation := range x.lexicon.situations {
		if situation.nobody {
			for _, sentence := range situation.sentences {
				want = append(want, wanted{"query: " + fold(sentence), &x.nobody, int32(s)})
			}
			continue
		}
		if !o.borrow {
			continue
		}
		if candidates[s] = x.holders(situation.heads); len(candidates[s]) == 0 {
			continue
		}
		for _, sentence := range situation.sentences {
			lent = append(lent, wanted{"query: " + fold(sentence), nil, int32(s)})
		}
	}
	var sold []wanted
	if o.borrow {
		for _, g := range x.lexicon.goods {
			for _, d := range x.sellers(g.names) {
				for _, sentence := range g.sentences {
					sold = append(sold, wanted{"query: " + fold(sentence), &x.lent, d})
				}
			}
		}
	}
	all := slices.Concat(want, lent, sold)
	vectors, err := x.vectorsOf(ctx, all, o)
	if err != nil {
		return err
	}
	for i, w := range all {
		if w.to != nil && x.embedder != nil {
			w.to.add(vectors[i], w.owner)
		}
	}
	sentences := make([][]string, len(x.docs))
	for _, w := range sold {
		sentences[w.owner] = append(sentences[w.owner], w.text)
		x.docs[w.owner].borrows = true
	}
	for i := 0; i < len(lent); {
		from, s := i, lent[i].owner
		for i < len(lent) && lent[i].owner == s {
			i++
		}
		doc := x.borrower(candidates[s], lent[from:i], vectors[len(want)+from:len(want)+i])
		for k := from; k < i; k++ {
			if x.embedder != nil {
				x.lent.add(vectors[len(want)+k], doc)
			}
			sentences[doc] = append(sentences[doc], lent[k].text)
			x.docs[doc].borrows = true
		}
	}
	x.borrowed = newTermIndex(len(x.docs))
	for d, list := range sentences {
		for _, s := range list {
			x.borrowed.add(int32(d), surfaceTerms(strings.TrimPrefix(s, "query: ")))
		}
	}
	x.borrowed.finish()
	return nil
}

// holders are the answers with one of heads in a question.
func (x *Index) holders(heads []string) []int32 {
	var out []int32
	for i, d := range x.docs {
		if d.product != nil {
			continue
		}
		if slices.ContainsFunc(x.lines[d.first:d.past], func(l line) bool {
			return slices.ContainsFunc(heads, func(h string) bool { return strings.Contains(l.text, h) })
		}) {
			out = append(out, int32(i))
		}
	}
	return out
}

// sellers are the products that names name: first among their names, or at the
// end of one (the head of a Japanese compound: 紳士革靴 is a kind of 革靴).
func (x *Index) sellers(names []string) []int32 {
	var out []int32
	for i, d := range x.docs {
		if d.product == nil {
			continue
		}
		if slices.ContainsFunc(x.lines[d.first:d.past], func(l line) bool {
			return slices.ContainsFunc(names, func(n string) bool {
				return l.text == n || utf8.RuneCountInString(n) > 1 && (strings.HasSuffix(l.text, n) || strings.HasPrefix(l.text, n+" "))
			})
		}) {
			out = append(out, int32(i))
		}
	}
	return out
}

// borrower is the candidate to which most of a situation's sentences are nearest.
func (x *Index) borrower(candidates []int32, sentences []wanted, vectors [][]float32) int32 {
	votes := map[int32]int{}
	for i, w := range sentences {
		score := make([]float64, len(x.docs))
		if x.embedder != nil {
			for _, c := range candidates {
				for _, row := range x.asked.rows[x.docs[c].first:x.docs[c].past] {
					score[c] = max(score[c], float64(dot(row, vectors[i])))
				}
			}
		} else {
			found, _, _ := x.surface.search(surfaceTerms(strings.TrimPrefix(w.text, "query: ")))
			for text, f := range found {
				d := x.surface.owners[text]
				score[d] = max(score[d], f.bm25)
			}
		}
		best := candidates[0]
		for _, c := range candidates {
			if score[c] > score[best] {
				best = c
			}
		}
		votes[best]++
	}
	winner := candidates[0]
	for _, c := range candidates {
		if votes[c] > votes[winner] {
			winner = c
		}
	}
	return winner
}

// vectorsOf embeds what the cache does not hold. Without an embedder it returns
// empty vectors.
func (x *Index) vectorsOf(ctx context.Context, all []wanted, o indexOptions) ([][]float32, error) {
	out := make([][]float32, len(all))
	if x.embedder == nil {
		return out, nil
	}
	missing := map[string][]int{}
	var order []string
	for i, w := range all {
		if o.vectors != nil {
			if v, ok := o.vectors.Get(o.model, w.text); ok && len(v) == x.embedder.Dim() {
				out[i] = v
				continue
			}
		}
		if missing[w.text] == nil {
			order = append(order, w.text)
		}
		missing[w.text] = append(missing[w.text], i)
	}
	for n, text := range order {
		if o.progress != nil {
			o.progress(n, len(order))
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		v, err := x.embedder.Embed(ctx, text)
		if err != nil {
			return nil, fmt.Errorf("index: embed text %d of %d: %w", n+1, len(order), err)
		}
		if o.vectors != nil {
			if err := o.vectors.Put(o.model, text, v); err != nil {
				return nil, fmt.Errorf("index: keep a vector: %w", err)
			}
		}
		for _, i := range missing[text] {
			out[i] = v
		}
	}
	if o.progress != nil && len(order) > 0 {
		o.progress(len(order), len(order))
	}
	return out, nil
}

func (m *matrix) add(v []float32, owner int32) {
	m.rows = append(m.rows, v)
	m.owners = append(m.owners, owner)
}

// similar returns the dot product of v with every row.
func (m *matrix) similar(v []float32) []float32 {
	out := make([]float32, len(m.rows))
	for i, row := range m.rows {
		out[i] = dot(row, v)
	}
	return out
}

// best returns the largest dot product for each owner; -1 for owners of no row.
func (m *matrix) best(v []float32, owners int) []float64 {
	out := make([]float64, owners)
	for i := range out {
		out[i] = -1
	}
	for i, s := range m.similar(v) {
		if f := float64(s); f > out[m.owners[i]] {
			out[m.owners[i]] = f
		}
	}
	return out
}

func dot(a, b []float32) float32 {
	var s0, s1, s2, s3 float32
	n := min(len(a), len(b))
	a, b = a[:n], b[:n]
	i := 0
	for ; i+4 <= n; i += 4 {
		s0 += a[i] * b[i]
		s1 += a[i+1] * b[i+1]
		s2 += a[i+2] * b[i+2]
		s3 += a[i+3] * b[i+3]
	}
	for ; i < n; i++ {
		s0 += a[i] * b[i]
	}
	return s0 + s1 + s2 + s3
}
