//go:build !engines

package speech

import (
	"context"
	"iter"

	"tenin/audio"
	"tenin/llm/reading"
)

// Kokoro needs the build tag "engines"; here it cannot be opened.
type Kokoro struct{}

var _ Synthesizer = (*Kokoro)(nil)

// OpenKokoro returns audio.ErrNoEngines.
func OpenKokoro(Paths, *reading.Analyzer, int) (*Kokoro, error) { return nil, audio.ErrNoEngines }

// LoadKokoro returns audio.ErrNoEngines.
func LoadKokoro(Paths, func() *reading.Analyzer, int) (*Kokoro, error) {
	return nil, audio.ErrNoEngines
}

// FrontEnd returns nil.
func (k *Kokoro) FrontEnd() *FrontEnd { return nil }

// Synthesize yields audio.ErrNoEngines.
func (k *Kokoro) Synthesize(context.Context, string, Options) iter.Seq2[audio.Clip, error] {
	return func(yield func(audio.Clip, error) bool) { yield(audio.Clip{}, audio.ErrNoEngines) }
}

// ID returns audio.ErrNoEngines.
func (k *Kokoro) ID() (string, error) { return "", audio.ErrNoEngines }

// Close does nothing.
func (k *Kokoro) Close() error { return nil }
