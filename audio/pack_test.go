package audio

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestSamplesComeBackAsTheyWerePacked(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		samples := rapid.SliceOf(rapid.Float32()).Draw(t, "samples")
		packed := PackSamples(samples)
		got, whole := UnpackSamples(packed)
		if !whole || !slices.Equal(got, samples) {
			t.Fatalf("%v became %v", samples, got)
		}
		if _, whole := UnpackSamples(append(packed, 0)); whole {
			t.Fatal("a sample that is cut was taken")
		}
	})
}
