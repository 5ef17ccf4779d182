// Package audio is sound in and out: WAV files, devices, resampling, voice activity, the end of a turn, playback.
//
// Everything between the rooms is a [Clip] or a frame: mono float32 in [-1, 1]. Speech is handled at [SampleRate],
// in frames of [FrameSamples]. A [Source] gives frames (a file, a microphone), a [VAD] gives each frame the probability
// that it is speech, and an [Endpointer] turns the probabilities into the events of a turn.
//
// Devices and the neural VAD need the build tag "engines"; without it they return [ErrNoEngines], and their
// pure-Go counterparts ([FakeDevices], [EnergyVAD]), which pass the same tests, still work.
package audio

import (
	"errors"
	"time"
)

// SampleRate of speech in samples a second: what the recogniser and the VAD were trained on.
const SampleRate = 16000

// FrameSamples is the length of a frame at SampleRate: 32 ms, the window of the VAD.
const FrameSamples = 512

// FrameDuration is the time that a frame lasts.
const FrameDuration = time.Second * FrameSamples / SampleRate

// ErrNoEngines is returned by what needs a C library in a program built without the tag "engines".
var ErrNoEngines = errors.New("audio: built without engines: use make build")

// Clip is sound in memory.
type Clip struct {
	// Samples are mono, in [-1, 1].
	Samples []float32
	// Rate in samples a second.
	Rate int
}

// Duration of the clip; 0 when it has no rate.
func (c Clip) Duration() time.Duration { return samplesDuration(len(c.Samples), c.Rate) }

// Cut returns the samples from start to end, both limited to the clip. It shares the clip's memory.
func (c Clip) Cut(start, end int) Clip {
	end = min(max(end, 0), len(c.Samples))
	start = min(max(start, 0), end)
	return Clip{Samples: c.Samples[start:end:end], Rate: c.Rate}
}

// samplesDuration splits seconds from the rest so that days of samples do not overflow.
func samplesDuration(n, rate int) time.Duration {
	if rate <= 0 {
		return 0
	}
	return time.Duration(n/rate)*time.Second + time.Duration(n%rate)*time.Second/time.Duration(rate)
}
