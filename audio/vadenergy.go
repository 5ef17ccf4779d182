package audio

import "math"

// EnergyVAD is a VAD that hears only loudness: how far a frame stands above the quietest of the last seconds. It needs
// no weights and no engine, so it serves tests and builds without engines. It cannot tell a chime from a word.
type EnergyVAD struct {
	recent [energyWindow]float64 // levels of the last frames in dB
	n      int
	closed bool
}

const (
	energyWindow = 96    // 3 s
	energyFloor  = -65.0 // dB of full scale; nothing below is speech
	energyMargin = 12.0  // dB above the floor where the probability is one half
	energySlope  = 2.0   // dB
	// energyBase is the most that is taken as background while the window fills: speech may come at once.
	energyBase = -45.0
)

// Probabilities rise from 0 to 1 around 12 dB above the background.
func (v *EnergyVAD) Probabilities(samples []float32) ([]float32, error) {
	if v.closed {
		return nil, ErrClosed
	}
	return eachFrame(samples, v.probability)
}

func (v *EnergyVAD) probability(frame []float32) (float32, error) {
	power := 1e-12
	for _, s := range frame {
		power += float64(s) * float64(s) / FrameSamples
	}
	level := 10 * math.Log10(power)
	v.recent[v.n%energyWindow] = level
	v.n++
	background := level
	if v.n < energyWindow {
		background = energyBase
	}
	for _, l := range v.recent[:min(v.n, energyWindow)] {
		background = min(background, l)
	}
	return float32(1 / (1 + math.Exp(-(level-max(background, energyFloor)-energyMargin)/energySlope))), nil
}

// Reset forgets the background.
func (v *EnergyVAD) Reset() { v.n = 0 }

// Close ends the VAD.
func (v *EnergyVAD) Close() error { v.closed = true; return nil }
