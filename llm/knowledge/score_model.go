package knowledge

import (
	_ "embed" // the weights are part of the program
	"encoding/json"
	"math"
	"sync"
)

// A ranker is the mean of several scorers fitted from different beginnings, which
// is steadier on what none of them has seen, and the curve to a probability.
type ranker struct {
	Scorers []*scorer   `json:"scorers"`
	Curve   calibration `json:"curve"`
}

// A scorer gives each candidate a number: a linear part and one hidden layer. The
// candidates and "none of them", whose number is 0, share the probability 1
// (a conditional logit, McFadden 1974).
type scorer struct {
	Mean   []float64   `json:"mean"`  // of the features
	Scale  []float64   `json:"scale"` // 1 / standard deviation; 0 leaves a feature out
	Linear []float64   `json:"linear"`
	Hidden [][]float64 `json:"hidden"`
	Bias   []float64   `json:"bias"`
	Out    []float64   `json:"out"`
}

// The weights are fitted by TestTrain.
var (
	//go:embed score_vectors.json
	vectorsWeights []byte
	//go:embed score_words.json
	wordsWeights []byte

	vectorsModel = sync.OnceValue(func() *ranker { return mustRanker(vectorsWeights) })
	wordsModel   = sync.OnceValue(func() *ranker { return mustRanker(wordsWeights) })
)

func mustRanker(data []byte) *ranker {
	var r ranker
	if err := json.Unmarshal(data, &r); err != nil || len(r.Scorers) == 0 || len(r.Scorers[0].Linear) != featureCount {
		// The weights are part of the program: only a broken build gets here.
		panic("knowledge: the ranker's weights do not fit its features: fit them again")
	}
	return &r
}

func (s *scorer) standardize(f *[featureCount]float64, out []float64) {
	for i := range out {
		// Beyond what was seen, more of a signal is not more evidence.
		out[i] = max(-4, min(4, (f[i]-s.Mean[i])*s.Scale[i]))
	}
}

func (s *scorer) score(z []float64) float64 {
	sum := dot64(s.Linear, z)
	for h, w := range s.Hidden {
		sum += s.Out[h] * math.Tanh(s.Bias[h]+dot64(w, z))
	}
	return sum
}

// probabilities returns one for each candidate; they sum to at most 1.
func (r *ranker) probabilities(found []candidate) []float64 {
	out := make([]float64, len(found))
	z := make([]float64, featureCount)
	top := 0.0
	for i := range found {
		for _, s := range r.Scorers {
			s.standardize(&found[i].features, z)
			out[i] += s.score(z) / float64(len(r.Scorers))
		}
		top = max(top, out[i])
	}
	total := math.Exp(-top)
	for i := range out {
		out[i] = math.Exp(out[i] - top)
		total += out[i]
	}
	for i := range out {
		out[i] /= total
	}
	return out
}

func (r *ranker) calibrate(p float64) float64 { return r.Curve.at(p) }

func dot64(a, b []float64) float64 {
	sum := 0.0
	for i, v := range a {
		sum += v * b[i]
	}
	return sum
}
