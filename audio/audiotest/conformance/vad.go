package conformance

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"tenin/audio"
)

// TestVAD is the contract of every audio.VAD.
func TestVAD(t *testing.T, open func(*testing.T) audio.VAD) {
	use := func(t *testing.T) audio.VAD {
		v := open(t)
		t.Cleanup(func() { v.Close() })
		return v
	}
	t.Run("silence and a quiet room are not speech", func(t *testing.T) {
		v := use(t)
		for name, c := range map[string]audio.Clip{"silence": Silence(2), "a quiet room": Noise(2, 0.0005)} {
			v.Reset()
			for i, p := range Probabilities(t, v, c) {
				if !(p >= 0) || p >= 0.35 {
					t.Errorf("%s: frame %d is speech with %.2f", name, i, p)
				}
			}
		}
	})
	t.Run("a voice is speech and the silence around it is not", func(t *testing.T) {
		v := use(t)
		c := audio.Clip{Rate: audio.SampleRate}
		for _, part := range []audio.Clip{Silence(1), Speech(2), Silence(1)} {
			c.Samples = append(c.Samples, part.Samples...)
		}
		e := audio.NewEndpointer(audio.EndpointConfig{})
		events := []audio.EndpointEvent{}
		for _, p := range Probabilities(t, v, c) {
			if !(p >= 0 && p <= 1) {
				t.Fatalf("probability %v", p)
			}
			if event := e.Feed(p); event == audio.SpeechStarted || event == audio.Ended {
				events = append(events, event)
			}
		}
		start, end := e.Speech()
		if len(events) != 2 || start < audio.SampleRate/2 || start > audio.SampleRate*3/2 || end < audio.SampleRate*5/2 || end > audio.SampleRate*7/2 {
			t.Errorf("%v from %d to %d", events, start, end)
		}
	})
	t.Run("after Reset it hears the same as when it was new", func(t *testing.T) {
		v := use(t)
		first := Probabilities(t, v, Speech(1))
		v.Reset()
		for i, p := range Probabilities(t, v, Speech(1)) {
			if p != first[i] {
				t.Fatalf("frame %d: %v, then %v", i, first[i], p)
			}
		}
	})
	t.Run("many frames at once give the same as one after the other", func(t *testing.T) {
		v := use(t)
		c := Speech(7)
		want := Probabilities(t, v, c)
		whole := c.Samples[:len(want)*audio.FrameSamples]
		for _, n := range []int{2, 3, 64, 65, len(want)} {
			v.Reset()
			var got []float32
			for part := range slices.Chunk(whole, n*audio.FrameSamples) {
				list, err := v.Probabilities(part)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, list...)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%d at once: other probabilities", n)
			}
		}
	})
	t.Run("it does not keep the caller's frame", func(t *testing.T) {
		a, b := use(t), use(t)
		frame := make([]float32, audio.FrameSamples)
		c := Speech(1)
		for i := 0; i+audio.FrameSamples <= len(c.Samples); i += audio.FrameSamples {
			copy(frame, c.Samples[i:])
			p, err := a.Probabilities(frame)
			clear(frame)
			q, err2 := b.Probabilities(c.Samples[i : i+audio.FrameSamples])
			if err != nil || err2 != nil || len(p) != 1 || !slices.Equal(p, q) {
				t.Fatalf("%v %v, %v %v", p, q, err, err2)
			}
		}
	})
	t.Run("samples that are not whole frames and a closed audio.VAD are errors", func(t *testing.T) {
		v := use(t)
		for _, n := range []int{0, 1, audio.FrameSamples - 1, audio.FrameSamples + 1, 5*audio.FrameSamples - 1} {
			if _, err := v.Probabilities(make([]float32, n)); !errors.Is(err, audio.ErrFrame) {
				t.Errorf("%d samples: %v", n, err)
			}
		}
		for range 2 {
			if err := v.Close(); err != nil {
				t.Error(err)
			}
		}
		if _, err := v.Probabilities(make([]float32, audio.FrameSamples)); !errors.Is(err, audio.ErrClosed) {
			t.Errorf("closed: %v", err)
		}
	})
}

// Probabilities are those of the whole frames of c.
func Probabilities(t *testing.T, v audio.VAD, c audio.Clip) (all []float32) {
	t.Helper()
	for i := 0; i+audio.FrameSamples <= len(c.Samples); i += audio.FrameSamples {
		p, err := v.Probabilities(c.Samples[i : i+audio.FrameSamples])
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p...)
	}
	return all
}

// Silence is digital silence.
func Silence(seconds float64) audio.Clip {
	return audio.Clip{Rate: audio.SampleRate, Samples: make([]float32, int(seconds*audio.SampleRate))}
}

// Noise is white, of that standard deviation.
func Noise(seconds, amplitude float64) audio.Clip {
	c, random := Silence(seconds), rand.New(rand.NewPCG(1, 2))
	for i := range c.Samples {
		c.Samples[i] = float32(random.NormFloat64() * amplitude)
	}
	return c
}

// Speech says aiueo over and over: a glottal pulse train with a falling pitch through the formants of Japanese vowels,
// five syllables a second.
func Speech(seconds float64) audio.Clip {
	vowels := [][3]float64{{800, 1200, 2500}, {300, 2300, 3000}, {350, 1300, 2300}, {480, 1900, 2500}, {480, 850, 2500}}
	c := Silence(seconds)
	random := rand.New(rand.NewPCG(3, 4))
	phase := 0.0
	var y1, y2 [3]float64
	for i := range c.Samples {
		at := float64(i) / audio.SampleRate
		syllable := at * 5
		within := syllable - math.Floor(syllable)
		phase += (140 - 15*at + 6*math.Sin(2*math.Pi*5.5*at)) / audio.SampleRate
		x := 0.01 * random.NormFloat64()
		if phase >= 1 {
			phase--
			x += 1
		}
		a, b := vowels[int(syllable)%5], vowels[(int(syllable)+1)%5]
		sum := 0.0
		for k, bandwidth := range []float64{80, 100, 150} {
			hz := a[k] + (b[k]-a[k])*math.Max(0, within-0.7)/0.3
			r := math.Exp(-math.Pi * bandwidth / audio.SampleRate)
			y := x + 2*r*math.Cos(2*math.Pi*hz/audio.SampleRate)*y1[k] - r*r*y2[k]
			y2[k], y1[k] = y1[k], y
			sum += y / float64(k+1)
		}
		c.Samples[i] = float32(0.04 * sum * (0.35 + 0.65*math.Sin(math.Pi*within)))
	}
	return c
}
