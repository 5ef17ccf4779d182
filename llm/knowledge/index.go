package knowledge

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"tenin/llm/reading"
)

// An Embedder turns text into a vector of length 1. The index puts e5's
// prefixes, "query: " and "passage: ", before the text.
type Embedder interface {
	Embed(ctx context.Context, text string) ([]float32, error)
	Dim() int
}

// Vectors keeps vectors from one run to the next; [VectorCache] is one.
type Vectors interface {
	Get(model, text string) ([]float32, bool)
	Put(model, text string, vector []float32) error
}

// An IndexOption changes how an index is made.
type IndexOption func(*indexOptions)

type indexOptions struct {
	vectors  Vectors
	model    string
	progress func(done, total int)
	borrow   bool
}

// WithVectors takes vectors from cache and adds to it those that it lacks. Model
// names the embedder and its version.
func WithVectors(cache Vectors, model string) IndexOption {
	return func(o *indexOptions) { o.vectors, o.model = cache, model }
}

// WithProgress has fn told how many of the texts that need embedding are done.
// It is called from the goroutine that makes the index.
func WithProgress(fn func(done, total int)) IndexOption {
	return func(o *indexOptions) { o.progress = fn }
}

// withoutBorrowing leaves the built-in situations and goods out, to train and to
// test for topics that they do not hold.
func withoutBorrowing() IndexOption { return func(o *indexOptions) { o.borrow = false } }

// An Index finds the answers and goods that fit a query. It does not change once
// made and may be searched by many goroutines at once.
type Index struct {
	docs     []document
	lines    []line
	embedder Embedder
	words    *reading.Analyzer
	lexicon  *lexicon

	surface  *termIndex // character 1- and 2-grams of lines
	sound    *termIndex // kana 2- and 3-grams of lines
	meaning  *termIndex // words and synonym groups: one text a line
	borrowed *termIndex // character n-grams of borrowed sentences
	others   []string   // words for other places that the shop itself does not use
	terms    []term     // what to listen for in a misheard query

	asked, said, lent, nobody matrix // vectors of questions, answers, borrowed sentences, and what is no question
}

// A document is one answer in all its languages, or one product.
type document struct {
	id      string
	product *Product
	entries []*Entry
	asks    questionProfile
	// lines of its own are lines[first:past].
	first, past int32
	terms       []int32
	borrows     bool
}

// A line is one way to ask for a document.
type line struct {
	doc   int32
	text  string // folded
	kana  string
	beats sounds
	asks  questionType
}

// A term is a word in kana and the documents that hold it.
type term struct {
	kana  string
	beats sounds
	morae float64
	docs  []int32
}

// NewIndex makes an index of entries and products. With a nil embedder it
// compares words and readings only, with weights of its own. Making vectors that
// the cache lacks takes about 10 ms each on one core; ctx ends it early with
// ctx.Err(). Any other error comes from the embedder. Entries and products must
// not change afterwards.
func NewIndex(ctx context.Context, entries []Entry, products []Product, embedder Embedder, words *reading.Analyzer, options ...IndexOption) (*Index, error) {
	if words == nil {
		return nil, errors.New("index: no analyser of words: pass reading.Default()")
	}
	o := indexOptions{borrow: true}
	for _, option := range options {
		option(&o)
	}
	x := &Index{embedder: embedder, words: words, lexicon: builtinLexicon()}
	x.collect(entries, products)
	if err := x.analyze(ctx); err != nil {
		return nil, err
	}
	if err := x.embed(ctx, o); err != nil {
		return nil, err
	}
	return x, nil
}

// collect groups the versions of an answer and writes down every way to ask.
func (x *Index) collect(entries []Entry, products []Product) {
	byID := map[string][]*Entry{}
	var order []string
	for i := range entries {
		e := &entries[i]
		if len(byID[e.ID]) == 0 {
			order = append(order, e.ID)
		}
		byID[e.ID] = append(byID[e.ID], e)
	}
	open := func(d document) int32 {
		d.first = int32(len(x.lines))
		x.docs = append(x.docs, d)
		return int32(len(x.docs) - 1)
	}
	closeWith := func(n int32, questions []string) {
		seen := map[string]bool{}
		for _, q := range questions {
			if q = fold(q); q != "" && !seen[q] {
				seen[q] = true
				x.lines = append(x.lines, line{doc: n, text: q})
			}
		}
		x.docs[n].past = int32(len(x.lines))
	}
	for _, id := range order {
		versions := byID[id]
		slices.SortStableFunc(versions, func(a, b *Entry) int { return cmp.Compare(a.Language, b.Language) })
		n := open(document{id: id, entries: versions})
		var questions []string
		for _, e := range versions {
			questions = append(questions, e.Questions()...)
		}
		closeWith(n, questions)
	}
	for i := range products {
		p := &products[i]
		n := open(document{id: p.ID, product: p})
		closeWith(n, append(p.Names(), p.Reading))
	}
}

// answers are the texts that a document would answer with.
func (d document) answers() []string {
	var out []string
	if p := d.product; p != nil {
		return []string{strings.Join(append(p.Names(), p.Place), " ")}
	}
	for _, e := range d.entries {
		out = append(out, e.Question+" "+e.Answer)
	}
	return out
}
