package speech

import (
	"context"
	"iter"
	"math"
	"slices"

	"tenin/audio"
	"tenin/llm/reading"
)

// Fake speaks in tones: one pitch a voice, a beat of 0.13 s for each mora. It
// stands in for the voice model in tests and in builds without engines.
type Fake struct {
	front *FrontEnd
}

var _ Synthesizer = (*Fake)(nil)

// NewFake makes a fake that cuts text as the real synthesizer does.
func NewFake(a *reading.Analyzer) *Fake {
	return &Fake{front: &FrontEnd{words: a, known: map[string]bool{}}}
}

// Synthesize yields tones of the length that speech would have.
func (f *Fake) Synthesize(ctx context.Context, text string, o Options) iter.Seq2[audio.Clip, error] {
	return speak(ctx, f.front, tones, text, o)
}

const beat = 0.13 // seconds of a mora at speed 1, 0.132 measured over 12 sentences of jf_alpha

func tones(ctx context.Context, c chunk, o Options) ([]float32, error) {
	pitch := 180 + 40*float64(slices.Index(voiceNames, o.Voice))
	each := int(beat * Rate / o.Speed)
	out := make([]float32, c.morae*each)
	for i := range out {
		// Each beat swells and fades, so that beats can be counted.
		envelope := math.Sin(math.Pi * float64(i%each) / float64(each))
		out[i] = float32(0.4 * envelope * math.Sin(2*math.Pi*pitch*float64(i)/Rate))
	}
	return out, ctx.Err()
}

// ID names the fake and the front end.
func (f *Fake) ID() (string, error) { return "fake front-end " + FrontEndVersion(), nil }

// Close does nothing.
func (f *Fake) Close() error { return nil }
