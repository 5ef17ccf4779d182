package speech

import (
	"context"
	"fmt"
	"iter"
	"math"
	"unicode/utf8"

	"tenin/audio"
)

// A renderer makes the raw samples of one chunk, at Rate.
type renderer func(ctx context.Context, c chunk, o Options) ([]float32, error)

// speak checks text and options, cuts the text and yields each chunk's sound.
func speak(ctx context.Context, front *FrontEnd, render renderer, text string, o Options) iter.Seq2[audio.Clip, error] {
	return func(yield func(audio.Clip, error) bool) {
		fail := func(err error) { yield(audio.Clip{}, err) }
		o, err := o.settled()
		if err != nil {
			fail(err)
			return
		}
		if n := utf8.RuneCountInString(text); n > MaxRunes {
			fail(fmt.Errorf("%w (it has %d)", ErrTooLong, n))
			return
		}
		if looksForeign(text) {
			fail(ErrLanguage)
			return
		}
		chunks := front.chunks(text)
		if len(chunks) == 0 {
			fail(ErrNothingToSay)
			return
		}
		for _, c := range chunks {
			if err := ctx.Err(); err != nil {
				fail(err)
				return
			}
			raw, err := render(ctx, c, o)
			if err != nil {
				fail(err)
				return
			}
			clip := audio.Clip{Samples: finish(raw, c.pause/o.Speed), Rate: Rate}
			if !yield(clip, nil) {
				return
			}
		}
	}
}

const (
	silenceLevel = 0.01        // below it the model's output is breath and noise floor
	edgePadding  = Rate * 0.03 // samples kept around speech so that plosives stay whole
)

// finish trims the silence around speech, limits it to [-1, 1] and adds pause
// seconds of silence.
func finish(raw []float32, pause float64) []float32 {
	first, last := len(raw), 0
	for i, x := range raw {
		if math.Abs(float64(x)) > silenceLevel {
			first = min(first, i)
			last = i + 1
		}
	}
	if first >= last {
		return nil
	}
	first, last = max(0, first-edgePadding), min(len(raw), last+edgePadding)
	silence := int(math.Round(pause * Rate))
	out := make([]float32, last-first, last-first+silence)
	for i, x := range raw[first:last] {
		if x != x {
			x = 0
		}
		out[i] = min(1, max(-1, x))
	}
	return append(out, make([]float32, silence)...)
}
