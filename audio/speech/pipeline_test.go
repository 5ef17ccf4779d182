package speech

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestAChunkThatIsTooLoudKeepsItsShape(t *testing.T) {
	raw := []float32{0, 0.5, -1.25, 1, 0}
	out := finish(raw, 0)
	for i, x := range raw {
		if want := x / 1.25; math.Abs(float64(out[i]-want)) > 1e-6 {
			t.Errorf("sample %d is %g instead of %g", i, out[i], want)
		}
	}
	if out := finish([]float32{0.2, -0.9}, 0); out[0] != 0.2 || out[1] != -0.9 {
		t.Errorf("a chunk within full scale became %g", out)
	}
}

func TestWhatIsNoSoundIsSilentAndNothingIsLouderThanFullScale(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		odd := rapid.SampledFrom([]float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)), math.MaxFloat32, 0})
		raw := rapid.SliceOf(rapid.OneOf(rapid.Float32Range(-2, 2), odd)).Draw(t, "raw")
		for i, x := range finish(raw, 0.01) {
			if !(x >= -1 && x <= 1) {
				t.Fatalf("sample %d is %g", i, x)
			}
		}
	})
}
