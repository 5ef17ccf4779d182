package kiosk

import (
	"context"
	"iter"
	"time"

	"tenin/asr"
	"tenin/audio"
	"tenin/audio/speech"
	"tenin/llm/dialogue"
	"tenin/llm/models"
	"tenin/llm/reading"
)

// What follows lets a measurement call the parts of a turn one by one, as a chain without a kiosk would. A visit is how
// shoppers are answered.

// Zero is the moment that the timings count from: when the frame with the last speech arrived, or the call for a typed
// question. It is the zero time when nobody spoke.
func (t Timings) Zero() time.Time { return t.zero }

// Hear decodes a clip of one question as a turn does, the shop's words expected, but whole and at once: no VAD, no partial
// transcripts, no speculation. clip is at most asr.MaxUtterance.
func (c *Clerk) Hear(ctx context.Context, clip audio.Clip) (asr.Transcript, error) {
	expected := c.expected.Load()
	return c.recognizer.Transcribe(ctx, audio.Resample(clip, audio.SampleRate).Samples, asr.Options{Language: c.options.Language, Prompt: expected.prompt, Words: expected.words})
}

// TranscribeAs is Transcribe in a language of the caller's ("ja", "en" or "auto"), with or without the expected words.
func (c *Clerk) TranscribeAs(ctx context.Context, clip audio.Clip, language string, expecting bool) (asr.Transcript, error) {
	o := asr.Options{Language: language}
	if expecting {
		expected := c.expected.Load()
		o.Prompt, o.Words = expected.prompt, expected.words
	}
	return asr.TranscribeLong(ctx, c.recognizer, c.vad, audio.Resample(clip, audio.SampleRate).Samples, o, nil)
}

// Reply finds what would be said to a question, and says and keeps nothing.
func (c *Clerk) Reply(ctx context.Context, text, language string) (reply dialogue.Reply, err error) {
	err = c.permit.during(ctx, false, func() error {
		reply, err = c.shop.Load().dialogue.Respond(ctx, text, language)
		return err
	})
	return reply, err
}

// Synthesize speaks text in the clerk's own voice, chunk by chunk, past the cache.
func (c *Clerk) Synthesize(ctx context.Context, text string) iter.Seq2[audio.Clip, error] {
	return permittedVoice{c.voice, c.permit, false}.Synthesize(ctx, c.aloud(text), c.speechOptions())
}

// Rendered says whether the cache holds text in the clerk's own voice.
func (c *Clerk) Rendered(text speech.Approved) bool {
	if c.cache == nil {
		return false
	}
	key, err := speech.KeyOf(c.voice, speech.Approve(c.aloud(text.Text())), c.speechOptions())
	if err != nil {
		return false
	}
	_, ok := c.cache.Get(key)
	return ok
}

// SpeechOptions are the voice and the speed that the clerk speaks with.
func (c *Clerk) SpeechOptions() speech.Options { return c.speechOptions() }

// Threads is how many threads the recogniser and the voice compute with.
func (c *Clerk) Threads() int { return c.threads() }

// Weights is where the models lie.
func (c *Clerk) Weights() models.Store { return *c.options.Weights }

// Analyzer is the clerk's dictionary of words and readings.
func (c *Clerk) Analyzer() *reading.Analyzer { return reading.Default() }
