package kiosk

import (
	"context"
	"math"
	"math/rand/v2"

	"tenin/audio"
	"tenin/audio/speech"
)

// A Recording is a question as a microphone would bring it: spoken by one of our voices, in a quiet room.
type Recording struct {
	// Clip at audio.SampleRate: a moment of the room, the question, and room until any turn is over.
	Clip audio.Clip
	// EndOfSpeech is the first sample after the last one of speech.
	EndOfSpeech int
}

const (
	leadSeconds  = 0.4
	trailSeconds = 2.0
	// roomLevel is the noise of a quiet room, -60 dBFS: digital silence would flatter the VAD.
	roomLevel = 0.001
	// speechFloor is what counts as the last sound of speech: -40 dBFS.
	speechFloor = 0.01
)

// Record speaks a question that comes with the program and puts it into a quiet room. The same text and voice give the
// same samples to 16 bits.
func (c *Clerk) Record(ctx context.Context, text, voice string) (Recording, error) {
	spoken, err := c.SayApproved(ctx, speech.Approve(text), voice)
	if err != nil {
		return Recording{}, err
	}
	spoken = audio.Resample(spoken, audio.SampleRate)
	last := len(spoken.Samples)
	for last > 0 && math.Abs(float64(spoken.Samples[last-1])) < speechFloor {
		last--
	}
	spoken.Samples = spoken.Samples[:last]

	lead := int(leadSeconds * audio.SampleRate)
	samples := make([]float32, lead+last+int(trailSeconds*audio.SampleRate))
	copy(samples[lead:], spoken.Samples)
	noise := rand.New(rand.NewPCG(uint64(len(text)), 1))
	for i := range samples {
		samples[i] += roomLevel * float32(noise.NormFloat64())
	}
	return Recording{Clip: audio.Clip{Samples: samples, Rate: audio.SampleRate}, EndOfSpeech: lead + last}, nil
}

// Write saves the recording as a WAV file with the end of speech labelled in it.
func (r Recording) Write(path string) error {
	return audio.WriteFile(path, r.Clip, audio.Label{Name: audio.EndOfSpeech, Sample: r.EndOfSpeech})
}
