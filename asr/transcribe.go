package asr

import (
	"context"
	"math"
	"strings"
	"time"
	"unicode"
)

// promptTokens is half of Whisper's text context: what the decoder grants to a prompt, its marker included.
const promptTokens = 224

// Thresholds on the geometric mean of the tokens' probabilities and on the model's no-speech probability at the start of
// text. Measured with Whisper base: real speech (9 clips, Japanese and English) has a confidence of 0.67-0.96 and a
// no-speech probability of 0.001-0.15; chime, till beeps, hiss, hum and a tone have 0.07-0.31 and 0.64-0.88.
const (
	lowConfidence   = 0.4
	doubtConfidence = 0.55
	doubtNoSpeech   = 0.3
	sureConfidence  = 0.5
	sureNoSpeech    = 0.5
	lowEntropy      = 1.8 // nats over the last 32 tokens; whisper.cpp's own limit of 2.4 would refuse repetitive speech
)

// silence is the peak below which a clip is empty without asking the engine: 16-bit sound's two lowest bits.
const silence = 1e-4

// shortest is the shortest clip that Whisper decodes; whisper.cpp stops at 100 ms.
const shortest = 200 * time.Millisecond

// attempt is one decode's settings.
type attempt struct {
	language, prompt   string
	context, maxTokens int
	aloud              bool // decoded.kana is wanted
}

// decoded is one decode's outcome.
type decoded struct {
	text           string
	kana           string  // the same speech as the decoder writes it when it may write kana alone; "" where that is not known
	tokens         []int32 // of the text
	logProb        float64 // sum over counted tokens
	counted        int
	least          float64 // the lowest probability of a token of the text
	looped         bool    // stopped by the engine's own loop guard; text holds the pattern once
	promptTokens   int
	encode, decode time.Duration
}

func (d decoded) confidence() float64 {
	if d.counted == 0 {
		return 0
	}
	return math.Exp(d.logProb / float64(d.counted))
}

// decoder is the engine as the guards see it.
type decoder interface {
	decode(ctx context.Context, samples []float32, a attempt) (decoded, error)
	// score returns the natural logarithm of the probability of each of texts, its end included, for the clip of the last
	// decode behind the prompt of a, without encoding it again. It may give up a text that is found to lie below its floor
	// and score it as impossible.
	score(ctx context.Context, a attempt, texts []string, floors []float64) ([]float64, error)
	// startOfText returns the probability that nobody spoke and that of Japanese against English, for the clip of the
	// last decode, without encoding it again.
	startOfText() (noSpeech, japanese float64, err error)
}

// transcribe decodes a clip that check has accepted, under the guards.
func transcribe(ctx context.Context, d decoder, samples []float32, lang string, o Options) (Transcript, error) {
	t := Transcript{Language: lang}
	auto := lang == "auto"
	if auto {
		t.Language = Languages[0]
	}
	if duration(len(samples)) < shortest || peak(samples) < silence {
		t.NoSpeech = 1
		return t, nil
	}
	run := func(a attempt) (decoded, error) {
		r, err := d.decode(ctx, samples, a)
		t.Timings.Encode += r.encode
		t.Timings.Decode += r.decode
		t.Timings.Tries++
		t.Timings.AudioContext = a.context
		t.Timings.Tokens = len(r.tokens)
		return r, err
	}
	a := attempt{t.Language, promptFor(t.Language, o.Prompt), audioContext(len(samples)), maxTokens(len(samples)), o.Words != nil && !o.Partial}
	r, err := run(a)
	if err != nil {
		return Transcript{}, err
	}
	t.Timings.PromptTokens = r.promptTokens
	var japanese float64
	if t.NoSpeech, japanese, err = d.startOfText(); err != nil {
		return Transcript{}, err
	}
	if noise(r, t.NoSpeech) {
		return empty(t, r), nil
	}
	if auto && japanese < 0.5 {
		t.Language = "en"
		a.language, a.prompt = "en", promptFor("en", o.Prompt)
		if r, err = run(a); err != nil {
			return Transcript{}, err
		}
	}
	why := suspect(r, a, len(samples))
	if why != "" && !o.Partial {
		b := attempt{t.Language, "", retryContext(len(samples)), maxTokens(len(samples)), o.Words != nil}
		second, err := run(b)
		if err != nil {
			return Transcript{}, err
		}
		if again := suspect(second, b, len(samples)); rank(again) < rank(why) ||
			again == why && second.confidence() > r.confidence() {
			r, why, a = second, again, b
		}
	}
	if o.Words != nil && !o.Partial && t.Language == "ja" {
		if r, err = listenAgain(ctx, d, o.Words, r, a, &t.Timings); err != nil {
			return Transcript{}, err
		}
	}
	t.Suspect = why
	t.Text = stripSounds(r.text)
	t.Confidence = r.confidence()
	if noise(r, t.NoSpeech) || why != "" && echoes(t.Text, o.Prompt) {
		return empty(t, r), nil
	}
	t.Segments = []Segment{{t.Text, 0, duration(len(samples))}}
	return t, nil
}

// noise tells whether a decode holds no words.
func noise(r decoded, noSpeech float64) bool {
	return hallucinated(stripSounds(r.text), noSpeech, r.confidence())
}

// empty is t without words; it is suspect when the decoder had written some.
func empty(t Transcript, r decoded) Transcript {
	if bare(stripSounds(r.text)) != "" {
		t.Suspect = SuspectNoSpeech
	}
	t.Text, t.Confidence, t.Segments = "", 0, nil
	return t
}

// promptFor drops Japanese words before English speech: they cost time, and made the decoder skip its first words.
func promptFor(language, prompt string) string {
	if language == "en" && strings.ContainsFunc(prompt, func(r rune) bool {
		return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana)
	}) {
		return ""
	}
	return prompt
}

// suspect names what speaks against a decode of n samples.
func suspect(r decoded, a attempt, n int) Suspicion {
	switch letters := len([]rune(bare(r.text))); {
	case r.looped || repeats(r.text) || len(r.tokens) >= 32 && entropy(r.tokens) < lowEntropy:
		return SuspectLoop
	case len(r.tokens) >= a.maxTokens || float64(letters) > 12+lettersPerSecond(a.language)*float64(n)/SampleRate:
		return SuspectRate
	case echoes(r.text, a.prompt) || r.confidence() < lowConfidence:
		return SuspectConfidence
	}
	return ""
}

// lettersPerSecond is about twice the speed of a hurried speaker.
func lettersPerSecond(language string) float64 {
	if language == "en" {
		return 32
	}
	return 16
}

func rank(s Suspicion) int {
	switch s {
	case SuspectLoop:
		return 3
	case SuspectRate:
		return 2
	case SuspectConfidence:
		return 1
	}
	return 0
}

func peak(samples []float32) float32 {
	top := float32(0)
	for _, s := range samples {
		top = max(top, s, -s)
	}
	return top
}
