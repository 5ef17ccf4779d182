package redact

import (
	"math"
	"time"
)

// ScoreBucket is a score in tenths, rounded down: 0 to 10.
type ScoreBucket uint8

// ScoreOf returns the bucket of a score in [0, 1]; what lies outside is moved to
// the nearer end, and a NaN to 0.
func ScoreOf(score float64) ScoreBucket {
	if math.IsNaN(score) || score <= 0 {
		return 0
	}
	// The small term keeps 0.3, which is a little less in binary, in its tenth.
	return ScoreBucket(math.Floor(min(score, 1)*10 + 1e-9))
}

// DurationBucket is a duration as the power of two of quarter seconds that it
// does not exceed: 0 none, 1 up to 250 ms, 2 up to 500 ms, … 9 up to 64 s, 10 more.
type DurationBucket uint8

const maxDurationBucket = 10

// DurationOf returns the bucket of d; 0 for none or a negative one.
func DurationOf(d time.Duration) DurationBucket {
	if d <= 0 {
		return 0
	}
	b := DurationBucket(1)
	for limit := 250 * time.Millisecond; d > limit && b < maxDurationBucket; limit *= 2 {
		b++
	}
	return b
}

// Limit returns the longest duration in the bucket, and false for the last one,
// which has no end.
func (b DurationBucket) Limit() (time.Duration, bool) {
	switch {
	case b == 0:
		return 0, true
	case b >= maxDurationBucket:
		return 0, false
	}
	return 250 * time.Millisecond << (b - 1), true
}
