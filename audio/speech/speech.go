package speech

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"tenin/audio"
)

// Rate is the sample rate of speech in Hz, given by the voice model.
const Rate = 24000

// MaxRunes is the longest text that one call speaks: about ten minutes.
const MaxRunes = 4000

const (
	minSpeed = 0.5
	maxSpeed = 2.0
)

var (
	// ErrNothingToSay is returned for text without a sound: empty, spaces, punctuation.
	ErrNothingToSay = errors.New("nothing to say: the text has no word that can be spoken")
	// ErrTooLong is returned for text of more than MaxRunes characters.
	ErrTooLong = fmt.Errorf("text is longer than %d characters: split it", MaxRunes)
	// ErrLanguage is returned for text that is not Japanese.
	ErrLanguage = errors.New("the voices speak Japanese only: show this text instead")
	// ErrVoice is wrapped by the error for an unknown voice; its text names the known ones.
	ErrVoice = errors.New("unknown voice")
	// ErrSpeed is wrapped by the error for a speed out of range.
	ErrSpeed = errors.New("speed out of range")
)

// DefaultVoice speaks where Options name none.
const DefaultVoice = "jf_alpha"

var voiceNames = []string{"jf_alpha", "jf_gongitsune", "jf_nezumi", "jf_tebukuro", "jm_kumo"}

// Voices returns the names of the five voices: four female (jf_) and one male (jm_).
func Voices() []string { return slices.Clone(voiceNames) }

// Options say how a text is spoken. The zero value is the default voice at its
// own speed in Japanese.
type Options struct {
	Voice    string  // one of Voices; "" is DefaultVoice
	Speed    float64 // 0.5 slow … 2 fast; 0 is 1
	Language string  // "ja" or ""; others are refused with ErrLanguage
}

// settled fills in the defaults and checks the rest.
func (o Options) settled() (Options, error) {
	if o.Voice == "" {
		o.Voice = DefaultVoice
	}
	if o.Speed == 0 {
		o.Speed = 1
	}
	if o.Language == "" {
		o.Language = "ja"
	}
	switch {
	case o.Language != "ja":
		return o, fmt.Errorf("language %q: %w", o.Language, ErrLanguage)
	case !slices.Contains(voiceNames, o.Voice):
		return o, fmt.Errorf("%w %q: use %s", ErrVoice, o.Voice, strings.Join(voiceNames, ", "))
	case !(o.Speed >= minSpeed && o.Speed <= maxSpeed):
		return o, fmt.Errorf("%w: %g is not between %g and %g", ErrSpeed, o.Speed, minSpeed, maxSpeed)
	}
	return o, nil
}

// A Synthesizer speaks text. The same text and options give the same samples.
type Synthesizer interface {
	// Synthesize yields the speech of text chunk by chunk: mono at Rate, each
	// chunk shorter than about five seconds and ending in the pause that belongs
	// behind it. It stops when the consumer stops or ctx ends; an error comes as
	// the last pair and wraps one of this package's sentinels or ctx's error.
	Synthesize(ctx context.Context, text string, o Options) iter.Seq2[audio.Clip, error]
	// ID names everything that decides the samples besides text and options:
	// model, runtime, front end. It is part of a cache key.
	ID() (string, error)
	Close() error
}

// Whole joins what a synthesizer yields into one clip.
func Whole(speech iter.Seq2[audio.Clip, error]) (audio.Clip, error) {
	out := audio.Clip{Rate: Rate}
	for chunk, err := range speech {
		if err != nil {
			return audio.Clip{}, err
		}
		out.Samples = append(out.Samples, chunk.Samples...)
	}
	return out, nil
}
