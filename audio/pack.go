package audio

import (
	"encoding/binary"
	"math"
)

// PackSamples writes samples as little-endian float32, as they cross a socket between processes.
func PackSamples(samples []float32) []byte {
	b := make([]byte, PackedSample*len(samples))
	for i, s := range samples {
		binary.LittleEndian.PutUint32(b[PackedSample*i:], math.Float32bits(s))
	}
	return b
}

// PackedSample is the length of one of them in bytes.
const PackedSample = 4

// UnpackSamples reads what PackSamples wrote; false when b ends within a sample. Whether the values can be sound is for
// the caller to judge.
func UnpackSamples(b []byte) ([]float32, bool) {
	if len(b)%PackedSample != 0 {
		return nil, false
	}
	samples := make([]float32, len(b)/PackedSample)
	for i := range samples {
		samples[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[PackedSample*i:]))
	}
	return samples, true
}
