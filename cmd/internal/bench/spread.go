package bench

import (
	"math"
	"slices"
	"time"
)

// Spread tells how times lie, in milliseconds.
type Spread struct {
	P50 float64 `json:"p50"`
	P90 float64 `json:"p90"`
	Max float64 `json:"max"`
}

// spread takes percentiles by nearest rank (the smallest value that at least p % of all do not exceed), so that each one
// is a time that was measured. No times give zeros.
func spread(times []time.Duration) Spread {
	if len(times) == 0 {
		return Spread{}
	}
	sorted := slices.Sorted(slices.Values(times))
	rank := func(p float64) float64 {
		return milliseconds(sorted[max(0, int(math.Ceil(p/100*float64(len(sorted))))-1)])
	}
	return Spread{rank(50), rank(90), rank(100)}
}

// ratio is how many times longer the peer took, or more wrong it was, to two digits; 0 when there is nothing to compare.
func ratio(peer, ours float64) float64 {
	if ours <= 0 || peer <= 0 {
		return 0
	}
	return math.Round(peer/ours*100) / 100
}

// milliseconds rounds to a tenth.
func milliseconds(d time.Duration) float64 {
	return math.Round(float64(d)/float64(time.Millisecond)*10) / 10
}

// share is part of whole to four digits; 0 of nothing.
func share(part, whole float64) float64 {
	if whole == 0 {
		return 0
	}
	return math.Round(part/whole*1e4) / 1e4
}
