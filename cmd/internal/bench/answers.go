package bench

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"tenin/llm/knowledge"
)

var (
	//go:embed data/answers-test.jsonl
	answersTest []byte
	//go:embed data/answers-tune.jsonl
	answersTune []byte
)

// A Query is one written question with the answers that are right.
type Query struct {
	Text string `json:"query"`
	// Expect are the knowledge ids that answer it, the best first; none when the shop does not answer it.
	Expect   []string `json:"expect"`
	Language string   `json:"lang"`
	// Band says how many words the query shares with its topic: high, some or none. Empty when nothing is expected.
	Band  string `json:"band"`
	Style string `json:"style"`
}

// TestQueries are the queries that the figures are reported on. Nothing may be tuned on them.
func TestQueries() ([]Query, error) { return parseQueries("answers-test", answersTest) }

// TuneQueries are the queries that weights and thresholds may be fitted to.
func TuneQueries() ([]Query, error) { return parseQueries("answers-tune", answersTune) }

func parseQueries(name string, text []byte) ([]Query, error) {
	var all []Query
	for i, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		var q Query
		if err := json.Unmarshal([]byte(line), &q); err != nil {
			return nil, fmt.Errorf("queries %s, line %d: %w", name, i+1, err)
		}
		all = append(all, q)
	}
	return all, nil
}

// AnswersOptions say how retrieval is measured.
type AnswersOptions struct {
	// Index holds the demo shop.
	Index *knowledge.Index
	// Threshold is the score from which a hit is answered with.
	Threshold float64
	// Peers are measured as well: the textbook methods on the same index, each with the threshold that serves it best on
	// the tuning queries.
	Peers bool
	// Tune measures the tuning queries instead of the test queries.
	Tune bool
	// Progress is told how many queries are done; it may be nil.
	Progress func(done, total int)
}

// AnswersFigures count what became of queries. In scope means that the shop answers it.
type AnswersFigures struct {
	InScope    int `json:"in_scope"`
	OutOfScope int `json:"out_of_scope"`
	// FirstHit and TopThree are the shares of the queries in scope with a right id at the top, or among the first three.
	FirstHit float64 `json:"first_hit"`
	TopThree float64 `json:"top_three"`
	// Answered is the share of the queries in scope whose best hit reached the threshold, right or wrong.
	Answered float64 `json:"answered"`
	// Refused is the share of the queries out of scope that got no answer.
	Refused float64 `json:"refused"`
	// Wrong is the share of all queries that got an answer which is not right.
	Wrong float64 `json:"wrong"`
	// Threshold is the score from which a hit is answered with.
	Threshold float64 `json:"threshold"`
}

// AnswersRatio sets our figures beside a peer's: above 1 is better than the peer.
type AnswersRatio struct {
	FirstHit float64 `json:"first_hit"`
	Refused  float64 `json:"refused"`
	// Wrong is the peer's share of wrong answers by ours.
	Wrong float64 `json:"wrong"`
}

// AnswersReport is what Answers measured.
type AnswersReport struct {
	Queries string         `json:"queries"`
	Ours    AnswersFigures `json:"ours"`
	// Peer is the best of the peers by first hits; Peers has them all by name.
	PeerName string                    `json:"peer_name,omitempty"`
	Peer     *AnswersFigures           `json:"peer,omitempty"`
	Ratio    *AnswersRatio             `json:"ratio,omitempty"`
	Peers    map[string]AnswersFigures `json:"peers,omitempty"`
	Ratios   map[string]AnswersRatio   `json:"ratios,omitempty"`
	// Bands, Styles and Languages split ours.
	Bands     map[string]AnswersFigures `json:"bands"`
	Styles    map[string]AnswersFigures `json:"styles"`
	Languages map[string]AnswersFigures `json:"languages"`
	// Calibration is the expected calibration error in ten bins: how far scores are from the share that was right.
	Calibration float64 `json:"calibration_error"`
	// SearchMS is the median time of one search in milliseconds, the query's embedding counted.
	SearchMS float64 `json:"search_ms"`
}

// A retrieval is what a search made of one query.
type retrieval struct {
	query  Query
	score  float64
	first  bool
	three  bool
	lasted time.Duration
}

type searchFunc func(ctx context.Context, query string, n int) ([]knowledge.Hit, error)

// Answers measures retrieval over the demo shop on the queries of data/answers-test.jsonl. Errors come from the index or
// are ctx.Err().
func Answers(ctx context.Context, o AnswersOptions) (AnswersReport, error) {
	name, queries, err := "test", []Query(nil), error(nil)
	if o.Tune {
		name = "tune"
		queries, err = TuneQueries()
	} else {
		queries, err = TestQueries()
	}
	if err != nil {
		return AnswersReport{}, err
	}
	found, err := retrieve(ctx, queries, o.Index.Search, o.Progress)
	if err != nil {
		return AnswersReport{}, err
	}
	r := AnswersReport{
		Queries: name, Ours: figuresOf(found, o.Threshold),
		Bands:       split(found, o.Threshold, func(q Query) string { return q.Band }),
		Styles:      split(found, o.Threshold, func(q Query) string { return q.Style }),
		Languages:   split(found, o.Threshold, func(q Query) string { return q.Language }),
		Calibration: calibrationError(found),
		SearchMS:    medianSearch(found),
	}
	if o.Peers {
		err = r.measurePeers(ctx, o.Index, queries)
	}
	return r, err
}

func retrieve(ctx context.Context, queries []Query, search searchFunc, progress func(done, total int)) ([]retrieval, error) {
	out := make([]retrieval, 0, len(queries))
	for i, q := range queries {
		start := time.Now()
		hits, err := search(ctx, q.Text, 3)
		if err != nil {
			return nil, fmt.Errorf("measure answers: query %d: %w", i+1, err)
		}
		r := retrieval{query: q, lasted: time.Since(start)}
		for n, h := range hits {
			right := slices.Contains(q.Expect, h.ID)
			if n == 0 {
				r.score, r.first = h.Score, right
			}
			r.three = r.three || right
		}
		out = append(out, r)
		if progress != nil {
			progress(i+1, len(queries))
		}
	}
	return out, nil
}

func figuresOf(found []retrieval, threshold float64) AnswersFigures {
	var first, three, answered, refused, wrong float64
	f := AnswersFigures{Threshold: threshold}
	for _, r := range found {
		said := r.score >= threshold
		if said && !r.first {
			wrong++
		}
		if len(r.query.Expect) == 0 {
			f.OutOfScope++
			if !said {
				refused++
			}
			continue
		}
		f.InScope++
		if r.first {
			first++
		}
		if r.three {
			three++
		}
		if said {
			answered++
		}
	}
	in, out := float64(max(1, f.InScope)), float64(max(1, f.OutOfScope))
	f.FirstHit, f.TopThree, f.Answered = first/in, three/in, answered/in
	f.Refused, f.Wrong = refused/out, wrong/float64(max(1, len(found)))
	return f
}

func split(found []retrieval, threshold float64, key func(Query) string) map[string]AnswersFigures {
	parts := map[string][]retrieval{}
	for _, r := range found {
		k := key(r.query)
		if k == "" {
			k = "out of scope"
		}
		parts[k] = append(parts[k], r)
	}
	out := map[string]AnswersFigures{}
	for k, part := range parts {
		out[k] = figuresOf(part, threshold)
	}
	return out
}

// calibrationError is the mean distance, over ten bins of the best hit's score, between the mean score and the share of
// hits that were right, weighted by the bins' sizes (Guo et al. 2017).
func calibrationError(found []retrieval) float64 {
	var n, score, right [10]float64
	for _, r := range found {
		b := max(0, min(9, int(r.score*10)))
		n[b]++
		score[b] += r.score
		if r.first {
			right[b]++
		}
	}
	sum := 0.0
	for b := range n {
		sum += max(score[b]-right[b], right[b]-score[b])
	}
	return sum / float64(max(1, len(found)))
}

func medianSearch(found []retrieval) float64 {
	times := make([]time.Duration, len(found))
	for i, r := range found {
		times[i] = r.lasted
	}
	slices.Sort(times)
	if len(times) == 0 {
		return 0
	}
	return float64(times[len(times)/2].Microseconds()) / 1000
}
