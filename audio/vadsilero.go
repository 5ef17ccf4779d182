package audio

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"tenin/audio/internal/onnx"
)

const (
	// sileroContext is the end of the previous frame that the model wants before each frame.
	sileroContext = 64
	sileroState   = 2 * 1 * 128
)

// OpenSilero opens Silero VAD v6 (ONNX) from the file at path. One frame costs about 0.1 ms of one core.
// It returns ErrNoEngines in a build without engines, and an error wrapping fs.ErrNotExist when the weights are missing.
func OpenSilero(path string) (VAD, error) {
	s, err := onnx.OpenSession(path, []string{"input", "state", "sr"}, []string{"output", "stateN"}, onnx.Options{Threads: 1})
	switch {
	case errors.Is(err, onnx.ErrNoEngines):
		return nil, ErrNoEngines
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("voice activity weights are missing: run `tenin models pull` (%w)", err)
	case err != nil:
		return nil, fmt.Errorf("voice activity: %w", err)
	}
	v := &silero{session: s}
	v.Reset()
	return v, nil
}

type silero struct {
	session *onnx.Session
	input   []float32 // context, then frame
	state   []float32
}

func (v *silero) Probabilities(samples []float32) ([]float32, error) {
	if v.session == nil {
		return nil, ErrClosed
	}
	return eachFrame(samples, v.probability)
}

func (v *silero) probability(frame []float32) (float32, error) {
	copy(v.input[sileroContext:], frame)
	out, err := v.session.Run(context.Background(),
		onnx.Tensor{Shape: []int64{1, sileroContext + FrameSamples}, Float32: v.input},
		onnx.Tensor{Shape: []int64{2, 1, 128}, Float32: v.state},
		onnx.Tensor{Int64: []int64{SampleRate}})
	if err != nil {
		return 0, fmt.Errorf("voice activity: %w", err)
	}
	if len(out[0].Float32) != 1 || len(out[1].Float32) != sileroState {
		return 0, fmt.Errorf("voice activity: outputs of shape %v and %v: these are not the weights of Silero VAD v6", out[0].Shape, out[1].Shape)
	}
	v.state = out[1].Float32
	copy(v.input, v.input[FrameSamples:])
	return out[0].Float32[0], nil
}

func (v *silero) Reset() {
	v.input = make([]float32, sileroContext+FrameSamples)
	v.state = make([]float32, sileroState)
}

func (v *silero) Close() error {
	if v.session == nil {
		return nil
	}
	s := v.session
	v.session = nil
	return s.Close()
}
