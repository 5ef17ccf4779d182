package ggmlwhisper

import "math"

// Whisper's front end: 16 kHz, a 400-point transform, 80 bands.
const (
	sampleRate = 16000
	fftSize    = 400
	melBands   = 80
	melBins    = fftSize/2 + 1
)

// Slaney's mel scale: linear below 1 kHz (200/3 Hz a mel), logarithmic above
// (a factor of 6.4 in 27 mels). M. Slaney, Auditory Toolbox, 1998.
const (
	linearStep = 200.0 / 3
	breakHz    = 1000.0
	breakMel   = breakHz / linearStep
)

var logStep = math.Log(6.4) / 27

func hertz(mel float64) float64 {
	if mel < breakMel {
		return linearStep * mel
	}
	return breakHz * math.Exp(logStep*(mel-breakMel))
}

func mels(hz float64) float64 {
	if hz < breakHz {
		return hz / linearStep
	}
	return breakMel + math.Log(hz/breakHz)/logStep
}

// melFilters returns the triangular filters that Whisper was trained with
// (librosa's default bank), 80 rows of 201 columns, each row scaled to unit
// area: weight of spectrum bin j in band i at [i*201+j].
//
// Products are wrapped in float64() so that no compiler fuses them with the
// sum beside them: the file's hash must not depend on the processor.
func melFilters() []float32 {
	edges := make([]float64, melBands+2)
	top := mels(sampleRate / 2)
	for i := range edges {
		edges[i] = hertz(float64(top * float64(i) / float64(melBands+1)))
	}
	out := make([]float32, 0, melBands*melBins)
	for band := range melBands {
		low, centre, high := edges[band], edges[band+1], edges[band+2]
		for bin := range melBins {
			hz := float64(bin) * sampleRate / fftSize
			rise := float64((hz - low) / (centre - low))
			fall := float64((high - hz) / (high - centre))
			weight := math.Max(0, math.Min(rise, fall))
			out = append(out, float32(weight*2/(high-low)))
		}
	}
	return out
}
