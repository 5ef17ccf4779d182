package audio

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

func tone(hz float64, rate, samples int, amplitude float64) Clip {
	c := Clip{Rate: rate, Samples: make([]float32, samples)}
	for i := range c.Samples {
		c.Samples[i] = float32(amplitude * math.Sin(2*math.Pi*hz*float64(i)/float64(rate)))
	}
	return c
}

func rms(samples []float32) float64 {
	sum := 0.0
	for _, s := range samples {
		sum += float64(s) * float64(s)
	}
	return math.Sqrt(sum / float64(max(len(samples), 1)))
}

// middle drops the ends, where the sound begins and stops at once.
func middle(samples []float32) []float32 { return samples[len(samples)/5 : len(samples)*4/5] }

var anyRate = rapid.OneOf(rapid.SampledFrom([]int{8000, 11025, 16000, 22050, 24000, 44100, 48000, 96000}), rapid.IntRange(MinRate, 100000))

func TestResamplingGivesTheLengthThatTheRatesSay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from, to, n := anyRate.Draw(t, "from"), anyRate.Draw(t, "to"), rapid.IntRange(0, 3000).Draw(t, "n")
		got := Resample(Clip{Rate: from, Samples: make([]float32, n)}, to)
		if want := (n*to + from - 1) / from; len(got.Samples) != want || got.Rate != to {
			t.Fatalf("%d samples at %d, want %d at %d", len(got.Samples), got.Rate, want, to)
		}
	})
}

func TestResamplingKeepsAConstantConstant(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from, to := anyRate.Draw(t, "from"), anyRate.Draw(t, "to")
		level := float32(rapid.Float64Range(-1, 1).Draw(t, "level"))
		c := Clip{Rate: from, Samples: make([]float32, from/10+400)}
		for i := range c.Samples {
			c.Samples[i] = level
		}
		for i, s := range middle(Resample(c, to).Samples) {
			if math.Abs(float64(s-level)) > 1e-4 {
				t.Fatalf("sample %d: %v, want %v", i, s, level)
			}
		}
	})
}

func TestResamplingKeepsAToneInTheBandAndItsPlaceInTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from, to := anyRate.Draw(t, "from"), anyRate.Draw(t, "to")
		hz := rapid.Float64Range(50, 0.4*float64(min(from, to))).Draw(t, "hz")
		got := Resample(tone(hz, from, from/5, 0.5), to).Samples
		want := tone(hz, to, len(got), 0.5).Samples
		for i := len(got) / 5; i < len(got)*4/5; i++ {
			if math.Abs(float64(got[i]-want[i])) > 1e-3 {
				t.Fatalf("%d to %d, %.0f Hz: sample %d is %v, want %v", from, to, hz, i, got[i], want[i])
			}
		}
	})
}

func TestWhatIsBeyondTheLowerRateDoesNotComeBackAsAnAlias(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from, to := rapid.SampledFrom([]int{22050, 44100, 48000, 96000}).Draw(t, "from"), rapid.SampledFrom([]int{8000, 16000}).Draw(t, "to")
		hz := rapid.Float64Range(0.502*float64(to), 0.49*float64(from)).Draw(t, "hz")
		got := Resample(tone(hz, from, from/4, 0.5), to).Samples
		if level := 20 * math.Log10(rms(middle(got))/(0.5/math.Sqrt2)); level > -75 {
			t.Fatalf("%d to %d: %.0f Hz comes back at %.0f dB", from, to, hz, level)
		}
	})
}

func TestAStreamResamplesLikeTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from, to := anyRate.Draw(t, "from"), anyRate.Draw(t, "to")
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		c := Clip{Rate: from, Samples: make([]float32, rapid.IntRange(1, 2000).Draw(t, "n"))}
		for i := range c.Samples {
			c.Samples[i] = float32(random.Float64()*2 - 1)
		}
		want := Resample(c, to).Samples
		r := NewResampler(from, to)
		for range 2 { // the second time after Flush, as new
			var got []float32
			for rest := c.Samples; len(rest) > 0; {
				n := min(1+random.IntN(300), len(rest))
				got, rest = r.Push(got, rest[:n]), rest[n:]
			}
			got = r.Flush(got)
			if len(got) != len(want) {
				t.Fatalf("%d samples, want %d", len(got), len(want))
			}
			for i := range got {
				if got[i] != want[i] {
					t.Fatalf("sample %d: %v, want %v", i, got[i], want[i])
				}
			}
		}
	})
}

func BenchmarkResampleAMinuteOf48kHz(b *testing.B) {
	c := tone(440, 48000, 60*48000, 0.5)
	for b.Loop() {
		Resample(c, SampleRate)
	}
}
