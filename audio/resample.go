package audio

import "math"

const (
	// zeroCrossings of the sinc on each side, at the lower of the two rates.
	zeroCrossings = 32
	// kaiserBeta for 80 dB of attenuation: 0.1102 (A - 8.7) (Kaiser 1974).
	kaiserBeta = 7.857
	// rolloff puts the band's edge so that the 80 dB are reached at the Nyquist frequency of the lower rate:
	// the transition is (A - 7.95) / (2.285 · 2 · zeroCrossings) / π = 0.157 of it wide, half of that lies above the edge.
	rolloff = 0.92
	// kernelSteps between two zero crossings of the tabulated kernel; read with linear interpolation (error below 1e-6).
	kernelSteps = 1024
	// maxCachedTaps bounds the memory of the polyphase table (4 MB); rates with a tiny common divisor compute each phase.
	maxCachedTaps = 1 << 20
)

// Resample returns the clip at another rate, band-limited (a Kaiser windowed sinc, 80 dB). It has
// ceil(len · rate / clip.Rate) samples and is not delayed: sample 0 stays at time 0.
// It panics when a rate is not positive, unless the clip is empty.
func Resample(c Clip, rate int) Clip {
	if len(c.Samples) == 0 {
		return Clip{Rate: rate}
	}
	r := NewResampler(c.Rate, rate)
	out := make([]float32, 0, len(c.Samples)*r.up/r.down+1)
	out = r.Push(out, c.Samples)
	return Clip{Samples: r.Flush(out), Rate: rate}
}

// Resampler is Resample for a stream: what it gives does not depend on how the input was cut into pieces.
// It lags behind its input by zeroCrossings samples of the lower rate (2 ms at 16 kHz).
type Resampler struct {
	up, down int // the ratio of the rates in lowest terms
	half     int // taps on each side

	kernel []float32   // the right half of the kernel, kernelSteps a zero crossing
	scale  float64     // zero crossings in an input sample
	phases [][]float32 // taps by phase; nil where there are too many
	taps   []float32   // the phase computed last when phases is nil

	buf   []float32
	at    int // index in buf of the input sample at or before the next output
	phase int // of the next output, in 1/up of an input sample
}

// NewResampler converts from one rate to another. It panics when one is not positive.
func NewResampler(from, to int) *Resampler {
	if from <= 0 || to <= 0 {
		panic("audio: resample between rates that are not positive")
	}
	d := gcd(from, to)
	r := &Resampler{up: to / d, down: from / d}
	if r.up == r.down {
		return r
	}
	r.scale = rolloff * math.Min(1, float64(to)/float64(from))
	r.half = int(math.Ceil(zeroCrossings / r.scale))
	r.kernel = kernel()
	r.taps = make([]float32, 2*r.half)
	if r.up*2*r.half <= maxCachedTaps {
		r.phases = make([][]float32, r.up)
	}
	r.Reset()
	return r
}

// Reset forgets the input so far.
func (r *Resampler) Reset() {
	r.buf = append(r.buf[:0], make([]float32, r.half)...)
	r.at, r.phase = r.half, 0
}

// Push appends to dst what can be said after in, and returns it.
func (r *Resampler) Push(dst, in []float32) []float32 {
	if r.up == r.down {
		return append(dst, in...)
	}
	r.buf = append(r.buf, in...)
	for r.at+r.half < len(r.buf) {
		window := r.buf[r.at-r.half+1 : r.at+r.half+1]
		var sum float32
		for i, t := range r.tapsOf(r.phase)[:len(window)] {
			sum += t * window[i]
		}
		dst = append(dst, sum)
		r.phase += r.down
		r.at += r.phase / r.up
		r.phase %= r.up
	}
	// After a large step down, at may lie beyond what has come in.
	drop := min(r.at-r.half+1, len(r.buf))
	r.buf = r.buf[:copy(r.buf, r.buf[drop:])]
	r.at -= drop
	return dst
}

// Flush appends what was held back, as if silence followed, and resets.
func (r *Resampler) Flush(dst []float32) []float32 {
	if r.up == r.down {
		return dst
	}
	dst = r.Push(dst, make([]float32, r.half))
	r.Reset()
	return dst
}

func (r *Resampler) tapsOf(phase int) []float32 {
	if r.phases == nil {
		return r.compute(r.taps, phase)
	}
	if r.phases[phase] == nil {
		r.phases[phase] = r.compute(make([]float32, 2*r.half), phase)
	}
	return r.phases[phase]
}

// compute fills taps so that their sum is 1: a constant stays what it is in every phase.
func (r *Resampler) compute(taps []float32, phase int) []float32 {
	offset := float64(phase)/float64(r.up) + float64(r.half-1)
	sum := 0.0
	for i := range taps {
		x := math.Abs(offset-float64(i)) * r.scale * kernelSteps
		n := int(x)
		if n >= len(r.kernel)-1 {
			taps[i] = 0
			continue
		}
		f := float32(x - float64(n))
		taps[i] = r.kernel[n]*(1-f) + r.kernel[n+1]*f
		sum += float64(taps[i])
	}
	for i := range taps {
		taps[i] = float32(float64(taps[i]) / sum)
	}
	return taps
}

// kernel tabulates sinc(x) · kaiser(x / zeroCrossings) for x in [0, zeroCrossings].
func kernel() []float32 {
	k := make([]float32, zeroCrossings*kernelSteps+1)
	for i := range k {
		x := float64(i) / kernelSteps
		sinc := 1.0
		if x > 0 {
			sinc = math.Sin(math.Pi*x) / (math.Pi * x)
		}
		u := x / zeroCrossings
		k[i] = float32(sinc * besselI0(kaiserBeta*math.Sqrt(1-u*u)) / besselI0(kaiserBeta))
	}
	return k
}

// besselI0 is the modified Bessel function of order 0 by its power series (Abramowitz & Stegun 9.6.12).
func besselI0(x float64) float64 {
	sum, term := 1.0, 1.0
	for k := 1.0; term > sum*1e-12; k++ {
		term *= (x / 2 / k) * (x / 2 / k)
		sum += term
	}
	return sum
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// wipe forgets the input so far for good.
func (r *Resampler) wipe() {
	clear(r.buf[:cap(r.buf)])
	if r.up != r.down {
		r.Reset()
	}
}
