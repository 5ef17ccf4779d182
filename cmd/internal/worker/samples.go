package worker

import "tenin/audio"

// loudest is far beyond what a device or a voice gives. What lies above is no sound, and could become infinite in a
// filter.
const loudest = 8

// unpackSound is the kiosk's side: at most most samples, each a number that can be sound.
func unpackSound(b []byte, most int) ([]float32, error) {
	if len(b) > audio.PackedSample*most {
		return nil, errGarbage
	}
	samples, ok := audio.UnpackSamples(b)
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
