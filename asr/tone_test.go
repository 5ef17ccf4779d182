package asr

import (
	"math"
	"time"
)

// tone is sound that no gate takes for silence.
func tone(d time.Duration) []float32 {
	s := make([]float32, samplesIn(d))
	for i := range s {
		s[i] = float32(0.3 * math.Sin(float64(i)*2*math.Pi*220/SampleRate))
	}
	return s
}

// Tone is tone for tests from outside.
var Tone = tone
