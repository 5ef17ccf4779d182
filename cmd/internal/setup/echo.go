package setup

import (
	"context"
	"fmt"
	"math"
	"time"

	"tenin/audio"
)

// The sweep that is played: through the band of speech, for long enough to be found under the noise of a shop.
const (
	sweepFrom  = 300.0  // Hz
	sweepTo    = 5000.0 // Hz
	sweepFor   = 500 * time.Millisecond
	sweepLevel = 0.35
	// longestDelay is what is looked for. A delay above lateDelay makes every answer seem late.
	longestDelay = 1200 * time.Millisecond
	lateDelay    = 400 * time.Millisecond
	// leastLikeness tells an echo from chance: the best of 19,200 places in noise alone reaches about 0.05 here.
	leastLikeness = 0.12
	// speakingLevel is the level of the kiosk's voice, dB below full scale, and audible how far its echo may stand above the
	// room before the recogniser takes it for somebody.
	speakingLevel = -20.0
	audible       = 6.0
)

// MeasureEcho plays a sweep and finds it in what the microphone hears: how late and how loud it comes back, and whether
// the kiosk would hear itself. There is no echo canceller, so a kiosk that would has to speak and hear in turns.
func (s *Setup) MeasureEcho(ctx context.Context) EchoResult {
	played := sweep()
	r, f, ok := s.playAndHear(ctx, Echo, played)
	if !ok {
		return EchoResult{Finding: f}
	}
	room := stretchLevel(r.samples[:min(max(r.began, 0), len(r.samples))])
	e := correlate(played.Samples, r.samples, r.began)
	e.Finding = judgeEcho(&e, room)
	return e
}

// judgeEcho says what follows; room is the level of the microphone while nothing was played.
func judgeEcho(e *EchoResult, room float64) Finding {
	// Until it is measured otherwise, the kiosk speaks and hears in turns.
	e.HalfDuplex = true
	if !e.Heard {
		return found(Echo, Bad, EchoUnheard, fmt.Sprintf("the microphone did not hear the sweep (likeness %.2f)", e.Likeness),
			"turn the loudspeaker up and measure again; with a handset this is as it should be")
	}
	comes := speakingLevel - e.Attenuation
	e.HalfDuplex = comes > max(room, -60)+audible
	text := fmt.Sprintf("it comes back after %.0f ms, %.1f dB softer (likeness %.2f)", float64(e.Delay)/1e6, e.Attenuation, e.Likeness)
	switch {
	case e.Attenuation < -3:
		return found(Echo, Bad, EchoLoud, text, "turn the loudspeaker or the microphone down, or move them apart")
	case e.Delay > lateDelay:
		return found(Echo, Fair, EchoLate, text, "use a device with less delay than one over Bluetooth or a network")
	case e.HalfDuplex:
		return found(Echo, Good, HalfDuplex, text+"; so the kiosk speaks and hears in turns, and a touch interrupts it", "")
	}
	return found(Echo, Good, Fine, text+"; the microphone hardly hears it", "")
}

// sweep is a sine whose frequency rises exponentially, so that each octave sounds for as long (A. Farina, Simultaneous
// measurement of impulse response and distortion with a swept-sine technique, AES 2000).
func sweep() audio.Clip {
	n := int(sweepFor.Seconds() * audio.SampleRate)
	samples := make([]float32, n)
	rate := math.Log(sweepTo / sweepFrom)
	for i := range samples {
		t := float64(i) / float64(n)
		phase := 2 * math.Pi * sweepFrom * sweepFor.Seconds() / rate * (math.Exp(t*rate) - 1)
		samples[i] = float32(sweepLevel * fade(i, n) * math.Sin(phase))
	}
	return audio.Clip{Samples: samples, Rate: audio.SampleRate}
}

// correlate finds played in heard, at began or up to longestDelay later. Likeness is the normalised cross-correlation at
// its highest place, and the attenuation follows from the least-squares gain there.
func correlate(played, heard []float32, began int) (e EchoResult) {
	own := energy(played)
	// The clock of the two devices is known to about a frame: an echo may seem to begin a little before the sound.
	first := max(began-audio.FrameSamples, 0)
	last := min(began+int(longestDelay.Seconds()*audio.SampleRate), len(heard)-len(played))
	if own == 0 || last < first {
		return e
	}
	window := energy(heard[first : first+len(played)])
	best, at, gain := 0.0, first, 0.0
	for i := first; i <= last; i++ {
		if i > first {
			out, in := float64(heard[i-1]), float64(heard[i+len(played)-1])
			window += in*in - out*out
		}
		if window < 1e-9 {
			continue
		}
		sum := dot(played, heard[i:i+len(played)])
		if likeness := math.Abs(sum) / math.Sqrt(own*window); likeness > best {
			best, at, gain = likeness, i, math.Abs(sum)/own
		}
	}
	e.Likeness = min(best, 1)
	if best < leastLikeness {
		return e
	}
	e.Heard = true
	e.Delay = samplesTime(max(at-began, 0))
	e.Attenuation = -20 * math.Log10(gain)
	return e
}

func energy(s []float32) (e float64) {
	for _, v := range s {
		e += float64(v) * float64(v)
	}
	return e
}

// dot sums in four lanes: one addition need not wait for the one before.
func dot(a, b []float32) float64 {
	b = b[:len(a)]
	var s0, s1, s2, s3 float32
	i := 0
	for ; i+4 <= len(a); i += 4 {
		s0 += a[i] * b[i]
		s1 += a[i+1] * b[i+1]
		s2 += a[i+2] * b[i+2]
		s3 += a[i+3] * b[i+3]
	}
	for ; i < len(a); i++ {
		s0 += a[i] * b[i]
	}
	return float64(s0) + float64(s1) + float64(s2) + float64(s3)
}

// stretchLevel is the level of samples in dB below full scale.
func stretchLevel(s []float32) float64 { return decibel(energy(s) / float64(max(len(s), 1))) }
