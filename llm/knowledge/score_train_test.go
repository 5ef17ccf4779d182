package knowledge

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tenin/llm"
	"tenin/llm/reading"
)

// Fit the ranker again, after a change to the features or the tuning questions:
//
//	go test -tags engines -run TestTrain ./llm/knowledge -train -model e5-small-ja.gguf -vectors FILE
//
// It prints figures on held-out folds, then fits to everything and writes
// score_vectors.json and score_words.json.
var (
	trainFlag   = flag.Bool("train", false, "fit the ranker and write its weights")
	modelFlag   = flag.String("model", "", "embedding model (GGUF)")
	vectorsFlag = flag.String("vectors", "", "file to keep vectors in between runs")
	foldsFlag   = flag.Int("folds", 5, "held-out folds; 0 skips them")
	membersFlag = flag.Int("members", 4, "scorers in a ranker")
	hiddenFlag  = flag.Int("hidden", 10, "width of the hidden layer")
	decayFlag   = flag.Float64("decay", 3e-3, "pull of the weights towards 0")
	epochsFlag  = flag.Int("epochs", 25, "passes over the examples")
	dumpFlag    = flag.Bool("misses", false, "print the misses among the tuning questions")
	onlyFlag    = flag.String("only", "", "fit only this model: vectors or words")
)

const tuneFile = "../../cmd/internal/bench/data/answers-tune.jsonl"

type tuneQuery struct {
	Query  string
	Expect []string
	Lang   string
	Band   string
	Style  string
}

func readTune(t testing.TB, path string) []tuneQuery {
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out []tuneQuery
	for line := range strings.Lines(string(data)) {
		var q tuneQuery
		if err := json.Unmarshal([]byte(line), &q); err != nil {
			t.Fatal(err)
		}
		out = append(out, q)
	}
	return out
}

func readBatch(t testing.TB, paths ...string) Batch {
	var all Batch
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		b, _, err := Import(context.Background(), filepath.Base(path), f)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		all.Entries = append(all.Entries, b.Entries...)
		all.Products = append(all.Products, b.Products...)
	}
	return all
}

// cached embeds through a vector file, so that a second run is quick.
type cached struct {
	file *VectorCache
	real llm.Embedder
}

func (c cached) Dim() int { return 384 }

func (c cached) Embed(ctx context.Context, text string) ([]float32, error) {
	if v, ok := c.file.Get("e5", text); ok {
		return v, nil
	}
	if c.real == nil {
		return nil, errors.New("no vector and no -model")
	}
	v, err := c.real.Embed(ctx, text)
	if err == nil {
		err = c.file.Put("e5", text, v)
	}
	return v, err
}

// An example is one query with its candidates.
type example struct {
	query  tuneQuery
	set    string
	found  []candidate
	ids    []string
	right  []bool
	weight float64
	fold   int
	judge  bool // counts in the figures
}

func (e example) hasRight() bool { return slices.Contains(e.right, true) }

func foldOf(s string, n int) int {
	h := fnv.New32a()
	h.Write([]byte(s))
	return int(h.Sum32()>>3) % max(n, 1)
}

func makeExample(t *testing.T, x *Index, e Embedder, q tuneQuery, set string, weight float64, hide bool, judge bool) (example, bool) {
	text := foldQuery(q.Query)
	if text == "" {
		return example{}, false
	}
	var v []float32
	if e != nil {
		var err error
		if v, err = e.Embed(context.Background(), "query: "+text); err != nil {
			t.Fatal(err)
		}
	}
	var m *mask
	if hide {
		m = &mask{text: text}
	}
	ex := example{query: q, set: set, found: x.candidates(text, v, m), weight: weight, judge: judge, fold: foldOf(q.Query, *foldsFlag)}
	for _, c := range ex.found {
		ex.ids = append(ex.ids, x.docs[c.doc].id)
		ex.right = append(ex.right, slices.Contains(q.Expect, x.docs[c.doc].id))
	}
	return ex, true
}

// examples makes everything that the ranker learns from: the tuning questions of
// two shops on indexes as they are, without the built-in sentences, and with
// answers that have hardly a variant; the shops' own variants, each hidden while
// it is asked; and questions whose answer was taken away.
func examples(t *testing.T, e Embedder) []example {
	shops := []struct {
		name    string
		batch   Batch
		queries []tuneQuery
	}{
		{"demo", readBatch(t, "demo/answers.jsonl", "demo/products.csv"), readTune(t, tuneFile)},
		{"second", readBatch(t, "testdata/tune-shop.jsonl"), readTune(t, "testdata/tune-queries.jsonl")},
	}
	var out []example
	add := func(x *Index, q tuneQuery, set string, weight float64, hide, judge bool) {
		if ex, ok := makeExample(t, x, e, q, set, weight, hide, judge); ok {
			out = append(out, ex)
		}
	}
	build := func(b Batch, opts ...IndexOption) *Index {
		x, err := NewIndex(t.Context(), b.Entries, b.Products, e, reading.Default(), opts...)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	for _, shop := range shops {
		full := build(shop.batch)
		plain := build(shop.batch, withoutBorrowing())
		poor := build(poorer(shop.batch))
		for _, q := range shop.queries {
			add(full, q, shop.name, 1, false, true)
			add(plain, q, shop.name+" plain", 0.4, false, true)
			add(poor, q, shop.name+" poor", 0.4, false, true)
		}
		for _, q := range variants(shop.batch) {
			switch foldOf("v"+q.Query, 4) {
			case 0:
				add(full, q, "variants", 0.3, true, false)
			case 1:
				add(plain, q, "variants", 0.3, true, false)
			}
		}
		const parts = 4
		for part := range parts {
			var less Batch
			gone := func(id string) bool { return foldOf(id+"x", parts) == part }
			for _, en := range shop.batch.Entries {
				if !gone(en.ID) {
					less.Entries = append(less.Entries, en)
				}
			}
			for _, p := range shop.batch.Products {
				if !gone(p.ID) {
					less.Products = append(less.Products, p)
				}
			}
			x := build(less)
			for _, q := range shop.queries {
				if len(q.Expect) > 0 && !slices.ContainsFunc(q.Expect, func(id string) bool { return !gone(id) }) {
					add(x, q, shop.name+" gone", 0.3, false, true)
				}
			}
		}
	}
	return out
}

// poorer keeps a question and one variant of each answer, and no other names of
// goods.
func poorer(b Batch) Batch {
	var out Batch
	for _, e := range b.Entries {
		e.Variants = e.Variants[:min(1, len(e.Variants))]
		out.Entries = append(out.Entries, e)
	}
	for _, p := range b.Products {
		p.Aliases = nil
		out.Products = append(out.Products, p)
	}
	return out
}

func variants(b Batch) []tuneQuery {
	var out []tuneQuery
	for _, e := range b.Entries {
		for _, q := range e.Questions() {
			out = append(out, tuneQuery{Query: q, Expect: []string{e.ID}})
		}
	}
	for _, p := range b.Products {
		for i, q := range p.Names() {
			out = append(out, tuneQuery{Query: q + []string{"", "はどこですか", "ありますか", "を探しています"}[(i+len(q))%4], Expect: []string{p.ID}})
		}
	}
	return out
}

// fit finds the weights by Adam (Kingma and Ba 2015) on the likelihood of the
// right candidates together, or of none where none is right.
func fit(data []example, width int, seed uint64) *scorer {
	rng := rand.New(rand.NewPCG(seed, 2))
	s := &scorer{Mean: make([]float64, featureCount), Scale: make([]float64, featureCount), Linear: make([]float64, featureCount)}
	total := 0.0
	second := make([]float64, featureCount)
	for _, e := range data {
		for _, c := range e.found {
			total++
			for i, v := range c.features {
				s.Mean[i] += v
				second[i] += v * v
			}
		}
	}
	for i := range s.Mean {
		s.Mean[i] /= total
		if sd := math.Sqrt(max(0, second[i]/total-s.Mean[i]*s.Mean[i])); sd > 1e-6 {
			s.Scale[i] = 1 / sd
		}
	}
	s.Mean[fOne], s.Scale[fOne] = 0, 1
	for range width {
		w := make([]float64, featureCount)
		for i := range w {
			w[i] = rng.NormFloat64() * 0.15
		}
		s.Hidden = append(s.Hidden, w)
		s.Bias = append(s.Bias, 0)
		s.Out = append(s.Out, rng.NormFloat64()*0.1)
	}
	params := []([]float64){s.Linear, s.Bias, s.Out}
	params = append(params, s.Hidden...)
	grads, m1, m2 := like(params), like(params), like(params)
	order := rng.Perm(len(data))
	step := 0
	const batch = 16
	zs := make([][]float64, maxCandidates)
	hs := make([][]float64, maxCandidates)
	for i := range zs {
		zs[i], hs[i] = make([]float64, featureCount), make([]float64, width)
	}
	steps := *epochsFlag * (len(order)/batch + 1)
	for range *epochsFlag {
		rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		for at := 0; at < len(order); at += batch {
			for _, g := range grads {
				clear(g)
			}
			for _, n := range order[at:min(at+batch, len(order))] {
				e := &data[n]
				p := make([]float64, len(e.found))
				top := 0.0
				for i := range e.found {
					s.standardize(&e.found[i].features, zs[i])
					sum := dot64(s.Linear, zs[i])
					for h := range width {
						hs[i][h] = math.Tanh(s.Bias[h] + dot64(s.Hidden[h], zs[i]))
						sum += s.Out[h] * hs[i][h]
					}
					p[i] = sum
					top = max(top, sum)
				}
				all := math.Exp(-top)
				for i := range p {
					p[i] = math.Exp(p[i] - top)
					all += p[i]
				}
				good := 0.0
				for i := range p {
					p[i] /= all
					if e.right[i] {
						good += p[i]
					}
				}
				for i := range p {
					d := p[i]
					if e.right[i] {
						d -= p[i] / max(good, 1e-12)
					}
					d *= e.weight
					if math.Abs(d) < 1e-5 {
						continue
					}
					for k, z := range zs[i] {
						s0 := d * z
						grads[0][k] += s0
					}
					for h := range width {
						back := d * s.Out[h] * (1 - hs[i][h]*hs[i][h])
						grads[1][h] += back
						grads[2][h] += d * hs[i][h]
						g := grads[3+h]
						for k, z := range zs[i] {
							g[k] += back * z
						}
					}
				}
			}
			step++
			rate := 0.01 * (1 - float64(step)/float64(steps+1))
			for k, p := range params {
				for i := range p {
					g := grads[k][i] / batch
					if k != 1 {
						g += *decayFlag * p[i] / 2
					}
					m1[k][i] = 0.9*m1[k][i] + 0.1*g
					m2[k][i] = 0.999*m2[k][i] + 0.001*g*g
					p[i] -= rate * m1[k][i] / (1 - math.Pow(0.9, float64(step))) / (math.Sqrt(m2[k][i]/(1-math.Pow(0.999, float64(step)))) + 1e-8)
				}
			}
		}
	}
	return s
}

// fitAll fits the members of a ranker side by side.
func fitAll(data []example) *ranker {
	r := &ranker{Scorers: make([]*scorer, *membersFlag), Curve: calibration{Slope: 1}}
	_ = parallel(context.Background(), *membersFlag, func(i int) { r.Scorers[i] = fit(data, *hiddenFlag, uint64(i+1)) })
	return r
}

func like(params [][]float64) [][]float64 {
	out := make([][]float64, len(params))
	for i, p := range params {
		out[i] = make([]float64, len(p))
	}
	return out
}

// An outcome is what the ranker did with one example.
type outcome struct {
	e     *example
	top   int // candidate
	p     float64
	right bool
}

func judge(s *ranker, e *example) outcome {
	o := outcome{e: e, top: -1}
	for i, p := range s.probabilities(e.found) {
		if p > o.p {
			o.top, o.p = i, p
		}
	}
	o.right = o.top >= 0 && e.right[o.top]
	return o
}

func report(title string, all []outcome, c calibration) {
	type count struct{ in, hit, candidate, out, refused, wrong, answered, n int }
	sets := map[string]*count{}
	var names []string
	for _, o := range all {
		keys := []string{o.e.set}
		if !strings.Contains(o.e.set, " ") {
			keys = append(keys, o.e.set+" "+o.e.query.Band+"/"+o.e.query.Lang)
		}
		for _, k := range keys {
			n := sets[k]
			if n == nil {
				n = &count{}
				sets[k], names = n, append(names, k)
			}
			n.n++
			said := c.at(o.p) >= 0.5
			if len(o.e.query.Expect) > 0 && !strings.HasSuffix(o.e.set, "gone") {
				n.in++
				n.hit += int(truth(o.right))
				n.candidate += int(truth(o.e.hasRight()))
				n.answered += int(truth(said))
			} else {
				n.out++
				n.refused += int(truth(!said))
			}
			n.wrong += int(truth(said && !o.right))
		}
	}
	slices.Sort(names)
	fmt.Println(title)
	pc := func(a, b int) float64 { return 100 * float64(a) / max(1, float64(b)) }
	for _, k := range names {
		n := sets[k]
		fmt.Printf("  %-24s in %4d  first %5.1f  candidate %5.1f  answered %5.1f | out %4d refused %5.1f | wrong %4.1f\n", k, n.in, pc(n.hit, n.in), pc(n.candidate, n.in), pc(n.answered, n.in), n.out, pc(n.refused, n.out), pc(n.wrong, n.n))
	}
}

func TestTrain(t *testing.T) {
	if !*trainFlag {
		t.Skip("fits the ranker only with -train")
	}
	for _, name := range []string{"vectors", "words"} {
		if *onlyFlag != "" && *onlyFlag != name {
			continue
		}
		var e Embedder
		if name == "vectors" {
			c := cached{}
			var err error
			if c.file, err = OpenVectorCache(*vectorsFlag); err != nil {
				t.Fatal(err)
			}
			if *modelFlag != "" {
				real, err := llm.OpenEmbedder(*modelFlag)
				if err != nil {
					t.Fatal(err)
				}
				defer real.Close()
				c.real = real
			}
			defer c.file.Flush()
			e = c
		}
		data := examples(t, e)
		fmt.Println(name, len(data), "examples")
		if e != nil {
			e.(cached).file.Flush()
		}
		curve := calibration{Slope: 1}
		if *foldsFlag > 1 {
			var held []outcome
			for fold := range *foldsFlag {
				var rest []example
				for _, e := range data {
					if e.fold != fold || !e.judge {
						rest = append(rest, e)
					}
				}
				s := fitAll(rest)
				for i := range data {
					if data[i].fold == fold && data[i].judge {
						held = append(held, judge(s, &data[i]))
					}
				}
			}
			var p, weight []float64
			var right []bool
			for _, o := range held {
				// Shops with few variants and without the built-in sentences count
				// too: the next shop may be one.
				p, weight, right = append(p, o.p), append(weight, o.e.weight), append(right, o.right)
			}
			curve = fitCalibration(p, weight, right)
			report(fmt.Sprintf("%s, held out, curve %.2f", name, curve), held, curve)
			if *dumpFlag {
				for _, o := range held {
					if o.e.set == "demo" && (!o.right && len(o.e.query.Expect) > 0 || len(o.e.query.Expect) == 0 && curve.at(o.p) > 0.5) {
						got := ""
						if o.top >= 0 {
							got = o.e.ids[o.top]
						}
						fmt.Printf("    %s %v %.2f got %s cand %v %s\n", o.e.query.Query, o.e.query.Expect, curve.at(o.p), got, o.e.hasRight(), o.e.query.Style)
					}
				}
			}
		}
		s := fitAll(data)
		s.Curve = curve
		var fitted []outcome
		for i := range data {
			if data[i].judge {
				fitted = append(fitted, judge(s, &data[i]))
			}
		}
		report(name+", fitted", fitted, curve)
		writeRanker(t, "score_"+name+".json", s)
	}
}

func writeRanker(t *testing.T, path string, r *ranker) {
	for _, s := range r.Scorers {
		for _, list := range append([][]float64{s.Mean, s.Scale, s.Linear, s.Bias, s.Out}, s.Hidden...) {
			for i, v := range list {
				list[i] = math.Round(v*1e4) / 1e4
			}
		}
	}
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(data, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}
