package audio

import (
	"errors"
	"fmt"
	"time"
)

var (
	// ErrNotAudio is wrapped when the bytes are no sound file at all, or none at all.
	ErrNotAudio = errors.New("not a sound file")
	// ErrNoSamples is wrapped when there is a WAV header and nothing behind it.
	ErrNoSamples = errors.New("no sound in the file")
	// ErrTooLong is wrapped when reading would go beyond the Limits.
	ErrTooLong = errors.New("sound is too long")
	// ErrUnsupported is wrapped for sound in a form that is not read here: another format, coding, rate or number of channels.
	ErrUnsupported = errors.New("sound format is not supported")
)

// What is read from WAV files.
const (
	MinRate     = 4000
	MaxRate     = 384000
	MaxChannels = 8
)

// Limits of reading. The zero value sets the defaults.
type Limits struct {
	// MaxDuration of a clip; 0 is DefaultMaxDuration.
	MaxDuration time.Duration
	// MaxBytes of memory for the samples of a clip, 4 each; 0 is DefaultMaxBytes. High rates reach it before MaxDuration.
	MaxBytes int64
}

// Defaults of Limits: ten minutes are far beyond any turn, and 16 kHz needs 38 MB for them.
const (
	DefaultMaxDuration       = 10 * time.Minute
	DefaultMaxBytes    int64 = 512 << 20
)

// samples that a clip of this rate may have.
func (l Limits) samples(rate int) int64 {
	d, b := l.MaxDuration, l.MaxBytes
	if d <= 0 {
		d = DefaultMaxDuration
	}
	if b <= 0 {
		b = DefaultMaxBytes
	}
	byTime := int64(d/time.Second)*int64(rate) + int64(d%time.Second)*int64(rate)/int64(time.Second)
	return min(byTime, b/4)
}

// Info is what a file was before it became a Clip.
type Info struct {
	// Rate in samples a second, the number of Channels and the Bits of one sample in the file.
	Rate, Channels, Bits int
	// Labels are the named points of the file in order of time.
	Labels []Label
	// Notes are warnings for the user, one line each.
	Notes []string
}

// Label finds the first label of that name.
func (i Info) Label(name string) (sample int, ok bool) {
	for _, l := range i.Labels {
		if l.Name == name {
			return l.Sample, true
		}
	}
	return 0, false
}

// EndOfSpeech names the label at the first sample after the last one of speech.
const EndOfSpeech = "end-of-speech"

// Label is a named point in a WAV file: a cue point with its label in the associated data list.
type Label struct {
	Name string
	// Sample is an offset in samples of one channel from the start of the sound.
	Sample int
}

// formatError is one line for the user that is also one of the sentinels above.
type formatError struct {
	kind error
	text string
}

func (e *formatError) Error() string { return e.text }
func (e *formatError) Unwrap() error { return e.kind }

func refuse(kind error, format string, args ...any) error {
	return &formatError{kind, fmt.Sprintf(format, args...)}
}
