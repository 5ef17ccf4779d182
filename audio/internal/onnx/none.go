//go:build !engines

package onnx

import "context"

// Load returns ErrNoEngines.
func Load() error { return ErrNoEngines }

// Loaded reports nothing: there is no library in this build.
func Loaded() (Info, bool) { return Info{}, false }

// Session does not exist in this build.
type Session struct{}

// OpenSession returns ErrNoEngines.
func OpenSession(path string, inputs, outputs []string, o Options) (*Session, error) {
	return nil, ErrNoEngines
}

// NewSession returns ErrNoEngines.
func NewSession(model []byte, inputs, outputs []string, o Options) (*Session, error) {
	return nil, ErrNoEngines
}

// Run returns ErrNoEngines.
func (s *Session) Run(ctx context.Context, inputs ...Tensor) ([]Tensor, error) {
	return nil, ErrNoEngines
}

// Close does nothing.
func (s *Session) Close() error { return nil }
