//go:build !engines

package asr

import "context"

// Whisper is a Recognizer in programs built with the tag engines, and cannot be opened in this one.
type Whisper struct{}

// OpenWhisper returns ErrNoEngine, or what is wrong with the weights at path.
func OpenWhisper(path string, _ WhisperOptions) (*Whisper, error) {
	if _, err := CheckWeights(path); err != nil {
		return nil, err
	}
	return nil, ErrNoEngine
}

// Transcribe returns ErrNoEngine.
func (*Whisper) Transcribe(context.Context, []float32, Options) (Transcript, error) {
	return Transcript{}, ErrNoEngine
}

// Tokens returns 0.
func (*Whisper) Tokens(string) int { return 0 }

// Close does nothing.
func (*Whisper) Close() error { return nil }
