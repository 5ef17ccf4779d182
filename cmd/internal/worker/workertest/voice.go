package workertest

import (
	"context"
	"iter"
	"sync"

	"tenin/audio"
	"tenin/audio/speech"
	"tenin/llm/reading"
)

// voice is speech.Fake, which opens its dictionary when it first speaks.
type voice struct{ fake func() *speech.Fake }

func newVoice() voice {
	return voice{sync.OnceValue(func() *speech.Fake { return speech.NewFake(reading.Default()) })}
}

// Synthesize obeys the text, or speaks it.
func (v voice) Synthesize(ctx context.Context, text string, o speech.Options) iter.Seq2[audio.Clip, error] {
	return func(yield func(audio.Clip, error) bool) {
		obey(text)
		v.fake().Synthesize(ctx, text, o)(yield)
	}
}

// ID names the fake and the front end.
func (v voice) ID() (string, error) { return v.fake().ID() }

// Close does nothing.
func (v voice) Close() error { return nil }
