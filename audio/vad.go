package audio

import (
	"errors"
	"fmt"
	"slices"
)

// VAD tells speech from everything else, frame by frame. It hears one stream and is used by one goroutine at a time.
type VAD interface {
	// Probabilities in [0, 1] that each frame of samples is speech, given the frames before it. samples are one or more
	// frames of FrameSamples at SampleRate and are not kept. It returns an error wrapping ErrFrame for another length and
	// ErrClosed after Close. Several frames at once give the same as one after the other.
	Probabilities(samples []float32) ([]float32, error)
	// Reset forgets the frames so far, as if the VAD were new.
	Reset()
	// Close frees the VAD. A second Close does nothing.
	Close() error
}

var (
	// ErrFrame is wrapped when samples are not whole frames.
	ErrFrame = errors.New("wrong length of a frame")
	// ErrClosed is returned by what was closed before.
	ErrClosed = errors.New("audio: already closed")
)

// eachFrame asks probability of each frame of samples.
func eachFrame(samples []float32, probability func(frame []float32) (float32, error)) ([]float32, error) {
	if err := CheckFrames(samples); err != nil {
		return nil, err
	}
	list := make([]float32, 0, len(samples)/FrameSamples)
	for frame := range slices.Chunk(samples, FrameSamples) {
		p, err := probability(frame)
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, nil
}

// CheckFrames returns an error wrapping ErrFrame unless samples are one or more whole frames.
func CheckFrames(samples []float32) error {
	if len(samples) == 0 || len(samples)%FrameSamples != 0 {
		return fmt.Errorf("%w: %d samples, want a multiple of %d", ErrFrame, len(samples), FrameSamples)
	}
	return nil
}
