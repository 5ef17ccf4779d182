package audio

import (
	"errors"
	"fmt"
)

// VAD tells speech from everything else, frame by frame. It hears one stream and is used by one goroutine at a time.
type VAD interface {
	// Probability in [0, 1] that the frame is speech, given the frames before it. frame has FrameSamples samples at
	// SampleRate and is not kept. It returns an error wrapping ErrFrame for another length and ErrClosed after Close.
	Probability(frame []float32) (float32, error)
	// Reset forgets the frames so far, as if the VAD were new.
	Reset()
	// Close frees the VAD. A second Close does nothing.
	Close() error
}

var (
	// ErrFrame is wrapped when a frame does not have FrameSamples samples.
	ErrFrame = errors.New("wrong length of a frame")
	// ErrClosed is returned by what was closed before.
	ErrClosed = errors.New("audio: already closed")
)

func checkFrame(frame []float32) error {
	if len(frame) != FrameSamples {
		return fmt.Errorf("%w: %d samples, want %d", ErrFrame, len(frame), FrameSamples)
	}
	return nil
}
