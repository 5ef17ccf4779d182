package asr

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"tenin/audio"
)

// SampleRate is the only rate that a Recognizer takes, in samples per second.
const SampleRate = audio.SampleRate

// MaxUtterance is the longest clip that Recognizer.Transcribe takes: Whisper sees 30 s at once (Radford et al. 2022, §2.2).
const MaxUtterance = 30 * time.Second

var (
	// ErrNoEngine is returned where the program was built without the C++ engines.
	ErrNoEngine = errors.New("speech recognition is not in this binary (built without engines): use make build")
	// ErrClosed is returned by a Recognizer after Close.
	ErrClosed = errors.New("the recogniser is closed")
	// ErrTooLong wraps the error for a clip beyond MaxUtterance.
	ErrTooLong = errors.New("clip is too long for one utterance")
	// ErrLanguage wraps the error for a language that is none of Languages.
	ErrLanguage = errors.New("unknown language")
	// ErrSamples wraps the error for samples that are not finite numbers.
	ErrSamples = errors.New("samples are not sound")
)

// Languages are the values of Options.Language, the default first.
var Languages = []string{"ja", "en", "auto"}

// A Recognizer transcribes one utterance at a time. It may be called from several goroutines; calls wait for each other.
type Recognizer interface {
	// Transcribe returns the words in samples (mono in [-1,1] at 16 kHz, at most MaxUtterance). Sound without words gives
	// an empty Text and no error. It returns ctx.Err() soon after ctx is done (50 ms), and errors wrapping ErrTooLong,
	// ErrLanguage, ErrSamples or ErrClosed.
	Transcribe(ctx context.Context, samples []float32, o Options) (Transcript, error)
	// Close frees the engine after the call under way has returned. It may be called twice.
	Close() error
}

// Options are the settings of one call.
type Options struct {
	// Language is "ja" (also when empty), "en", or "auto", which chooses between the two.
	Language string
	// Prompt is text that biases recognition towards its words; see Vocabulary.Prompt.
	Prompt string
	// Words, if not nil, are sought by sound in the text of a decode that is not Partial: where one may have been misheard
	// the decoder is asked once more for it, without encoding again. Prompt is separate: it may be Words.Prompt or
	// Words.Focus of what was heard before.
	Words *Lexicon
	// Partial asks for speed: the result will be replaced by a later one, so a doubtful decode is not tried again.
	Partial bool
}

// Transcript is what was heard.
type Transcript struct {
	// Text is NFC text without surrounding space; empty when no word was spoken.
	Text string
	// Language is "ja" or "en": the one asked for, or found when "auto" was asked for.
	Language string
	// Segments cover Text in order. One utterance has one segment, a long recording one for each stretch of speech.
	Segments []Segment
	// Suspect says why Text should not be trusted; empty when nothing speaks against it.
	Suspect Suspicion
	// Confidence is the geometric mean of the tokens' probabilities, in (0,1]; 0 when Text is empty.
	Confidence float64
	// NoSpeech is the model's own probability that nobody spoke, in [0,1].
	NoSpeech float64
	// Timings say where the time went.
	Timings Timings
}

// Segment is a stretch of text and where it lies, counted from the clip's first sample.
type Segment struct {
	Text       string
	Start, End time.Duration
}

// Suspicion is a reason to distrust a transcript.
type Suspicion string

// The reasons, the gravest first.
const (
	SuspectLoop       Suspicion = "loop"       // the decoder repeated itself and a second decode did too
	SuspectRate       Suspicion = "rate"       // more words than the clip has room for
	SuspectConfidence Suspicion = "confidence" // the model itself found these words unlikely
	SuspectNoSpeech   Suspicion = "no speech"  // the words are ones that Whisper writes for noise; Text is empty
)

// Timings of one call. Their sum is less than Total by the preparation and the waiting for the engine.
type Timings struct {
	Encode       time.Duration // the encoder, all tries
	Decode       time.Duration // the decoder, the prompt included, all tries
	Total        time.Duration // from call to return
	AudioContext int           // encoder positions of the last try, 50 a second
	Tokens       int           // text tokens of the last try
	PromptTokens int           // tokens of the prompt
	Tries        int           // decodes run: 1, more when a guard asked for another or the language had to be found
	Again        int           // tries among them that scored words by their sound, on the same encoding
}

// check validates what every Recognizer must refuse alike, and returns the language.
func check(samples []float32, o Options) (string, error) {
	lang := o.Language
	switch lang {
	case "":
		lang = Languages[0]
	case "ja", "en", "auto":
	default:
		return "", fmt.Errorf("%w %.20q: use ja, en or auto", ErrLanguage, lang)
	}
	if d := duration(len(samples)); d > MaxUtterance {
		return "", fmt.Errorf("%w: %.1f s, at most %.0f s: split it at pauses", ErrTooLong, d.Seconds(), MaxUtterance.Seconds())
	}
	for i, s := range samples {
		if f := float64(s); math.IsNaN(f) || math.IsInf(f, 0) {
			return "", fmt.Errorf("%w: sample %d is not a finite number", ErrSamples, i)
		}
	}
	return lang, nil
}

func duration(samples int) time.Duration {
	return time.Duration(samples) * time.Second / SampleRate
}

func samplesIn(d time.Duration) int {
	return int(d * SampleRate / time.Second)
}
