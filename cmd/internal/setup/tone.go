package setup

import (
	"context"
	"fmt"
	"math"
	"time"

	"tenin/audio"
)

// The tone of a loudspeaker's test: in the middle of speech, and at a level that nobody jumps at.
const (
	toneHz    = 1000.0
	toneLevel = 0.25
	toneFor   = time.Second
	// toneAbove is how far the microphone has to hear it above what it heard at that frequency before, in dB.
	toneAbove = 10.0
)

// CheckLoudspeaker plays a tone and listens for it with the microphone. That a person hears it as well is theirs to say.
func (s *Setup) CheckLoudspeaker(ctx context.Context) Tone {
	r, f, ok := s.playAndHear(ctx, Loudspeaker, tone())
	if !ok {
		return Tone{Finding: f, Before: silence, Level: silence}
	}
	t := Tone{Device: r.speaker, Before: silence, Level: silence}
	if r.speaker == "the microphone" {
		t.Device = "the loudspeaker"
	}
	before := r.samples[:min(max(r.began, 0), len(r.samples))]
	t.Before = loudestAt(before, toneHz)
	t.Level = loudestAt(r.samples[len(before):], toneHz)
	text := fmt.Sprintf("%s: a tone of %.0f Hz arrives at %.0f dB, %.0f dB above what was there", t.Device, toneHz, t.Level, t.Level-t.Before)
	if t.Level-t.Before < toneAbove || t.Level <= silence {
		t.Finding = found(Loudspeaker, Bad, ToneUnheard, "the microphone did not hear the tone: "+text, "if nobody heard it: turn the loudspeaker up, look at its cable and the chosen device; if somebody did: look at the microphone")
		return t
	}
	t.Finding = found(Loudspeaker, Good, Fine, text, "")
	return t
}

// tone is a sine that begins and ends softly.
func tone() audio.Clip {
	n := int(toneFor.Seconds() * audio.SampleRate)
	samples := make([]float32, n)
	for i := range samples {
		samples[i] = float32(toneLevel * fade(i, n) * math.Sin(2*math.Pi*toneHz*float64(i)/audio.SampleRate))
	}
	return audio.Clip{Samples: samples, Rate: audio.SampleRate}
}

// fade is a raised cosine of 20 ms at both ends.
func fade(i, n int) float64 {
	const ramp = audio.SampleRate / 50
	if edge := min(i, n-1-i); edge < ramp {
		return 0.5 - 0.5*math.Cos(math.Pi*float64(edge)/ramp)
	}
	return 1
}

// loudestAt is the highest level of a frequency in any 100 ms, in dB below full scale, by Goertzel's algorithm.
func loudestAt(samples []float32, hz float64) float64 {
	const window = audio.SampleRate / 10
	best := silence
	for start := 0; start+window <= len(samples); start += window / 2 {
		k := 2 * math.Cos(2*math.Pi*hz/audio.SampleRate)
		a, b := 0.0, 0.0
		for _, v := range samples[start : start+window] {
			a, b = float64(v)+k*a-b, a
		}
		// A sine of amplitude A gives (A·window/2)², and has the power A²/2.
		power := (a*a + b*b - k*a*b) * 2 / (window * window)
		best = max(best, decibel(power))
	}
	return best
}
