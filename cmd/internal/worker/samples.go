package worker

import (
	"encoding/binary"
	"math"
)

// loudest is far beyond what a device or a voice gives. What lies above is no sound, and could become infinite in a
// filter.
const loudest = 8

// packSamples writes samples as little-endian float32.
func packSamples(samples []float32) []byte {
	b := make([]byte, 4*len(samples))
	for i, s := range samples {
		binary.LittleEndian.PutUint32(b[4*i:], math.Float32bits(s))
	}
	return b
}

// unpackSamples is the worker's side: the engine judges the values.
func unpackSamples(b []byte) ([]float32, bool) {
	if len(b)%4 != 0 {
		return nil, false
	}
	samples := make([]float32, len(b)/4)
	for i := range samples {
		samples[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return samples, true
}

// unpackSound is the kiosk's side: at most most samples, each a number that can be sound.
func unpackSound(b []byte, most int) ([]float32, error) {
	if len(b) > 4*most {
		return nil, errGarbage
	}
	samples, ok := unpackSamples(b)
	if !ok {
		return nil, errGarbage
	}
	for _, s := range samples {
		if !(s >= -loudest && s <= loudest) {
			return nil, errGarbage
		}
	}
	return samples, nil
}
