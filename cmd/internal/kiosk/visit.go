package kiosk

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"tenin/asr"
	"tenin/audio"
	"tenin/llm/dialogue"
	"tenin/llm/redact"
	"tenin/storage"
)

// A Visit is one shopper in front of the clerk. Nothing of it is kept unless it was begun with a source that may be.
type Visit struct {
	clerk   *Clerk
	keeps   *storage.SessionMeta // nil: nothing is kept
	session *storage.Session     // begun with the first turn that is kept
	manner  manner
	// prefers is the language that the shopper has chosen meanwhile; a turn's steps read it beside the runner.
	prefers atomic.Pointer[string]
}

// Begin starts a visit that is kept in the vault from its first answer on. Sound from a microphone needs the shopper's
// consent, which is a part of the source.
func (c *Clerk) Begin(source storage.Source) (*Visit, error) {
	if c.vault == nil {
		return nil, fmt.Errorf("a visit is to be kept, but the vault is not open")
	}
	return &Visit{clerk: c, keeps: &storage.SessionMeta{Started: time.Now(), Source: source}}, nil
}

// BeginUnkept starts a visit of which nothing is kept, neither words nor sound nor a summary.
func (c *Clerk) BeginUnkept() *Visit { return &Visit{clerk: c} }

// Session returns the name of the visit's session, or "" while nothing is kept.
func (v *Visit) Session() string {
	if v.session == nil {
		return ""
	}
	return v.session.ID().String()
}

// Close ends the visit.
func (v *Visit) Close() error {
	if v.session == nil {
		return nil
	}
	return v.session.Close()
}

// Turn is one question and its answer.
type Turn struct {
	// Transcript is what was heard or typed; empty when nobody spoke.
	Transcript string
	// Language of the question: "ja" or "en".
	Language string
	// Suspect says why the transcript should not be trusted; empty when nothing speaks against it.
	Suspect asr.Suspicion
	Reply   dialogue.Reply
	Timings Timings
	// Speech is how long the shopper spoke; 0 for typed questions.
	Speech time.Duration
	// Clip numbers the shopper's voice in the session; 0 when it is not kept.
	Clip int
}

// Timings of a turn. Time zero is the end of speech, or the call for a typed question.
type Timings struct {
	// VAD, ASR, Retrieve and Generate are what those parts cost; a part that was not used is 0.
	VAD, ASR, Retrieve, Generate time.Duration
	// Endpoint is the wait after the last speech until the turn was taken to be over.
	Endpoint time.Duration
	// AfterEndpoint is the time from there until the transcript was there: near 0 when it was ready before.
	AfterEndpoint time.Duration
	// FirstAudio is when the first sound of the answer was ready; 0 when nothing was spoken.
	FirstAudio time.Duration
	// Total is when all of the answer was there.
	Total time.Duration
	// zero is time zero.
	zero time.Time
}

// exchange is a turn on its way, with what is kept of it beside its words.
type exchange struct {
	Turn
	voice   audio.Clip
	channel redact.Channel
	shop    *shop // what was known when the reply was found; nil before
}

// AskText answers a typed question. When speak is not nil, it is given the spoken answer chunk by chunk.
func (v *Visit) AskText(ctx context.Context, text string, speak Speak) (Turn, error) {
	return v.answer(ctx, v.read(text), speak)
}

func (v *Visit) read(text string) exchange {
	a := exchange{Turn: Turn{Transcript: text, Language: languageOf(text, v.language())}, channel: redact.Text}
	a.Timings.zero = time.Now()
	return a
}

// Listen hears one question from a microphone, or from a file that is fed as one, and answers it. Nobody having spoken is
// no error: Transcript is empty and the reply is dialogue.None. partial, if not nil, is told the words while the shopper
// speaks.
func (v *Visit) Listen(ctx context.Context, source asr.Frames, partial func(string), speak Speak) (Turn, error) {
	a, err := v.hear(ctx, source, v.clerk.patientConfig(partial))
	if err != nil || a.Transcript == "" {
		return a.Turn, err
	}
	return v.answer(ctx, a, speak)
}

// ListenRecording is Listen for a whole recording of one question: no pause in it ends the question.
func (v *Visit) ListenRecording(ctx context.Context, clip audio.Clip, speak Speak) (Turn, error) {
	a, err := v.hear(ctx, audio.NewFileSource(clip, false), v.clerk.wholeConfig())
	if err != nil || a.Transcript == "" {
		return a.Turn, err
	}
	return v.answer(ctx, a, speak)
}

func (c *Clerk) listenerConfig() asr.ListenerConfig {
	expected := c.expected.Load()
	return asr.ListenerConfig{Language: c.options.Language, Prompt: expected.prompt, Words: expected.words, Known: expected.known}
}

// hear hears one question. Its transcript is empty when nobody spoke.
func (v *Visit) hear(ctx context.Context, source asr.Frames, config asr.ListenerConfig) (exchange, error) {
	heard, err := asr.NewListener(v.clerk.recognizer, v.clerk.vad, config).Listen(ctx, source)
	if err != nil {
		return exchange{}, err
	}
	t := heard.Transcript
	a := exchange{Turn: Turn{Transcript: t.Text, Language: t.Language, Suspect: t.Suspect, Speech: heard.Speech.Duration()}, channel: redact.Voice}
	a.Timings = Timings{VAD: heard.Timings.VAD, ASR: t.Timings.Total, Endpoint: heard.EndpointWait, AfterEndpoint: heard.Timings.AfterEnd}
	if t.Text != "" {
		a.voice, a.Timings.zero = heard.Speech, heard.EndOfSpeech
	}
	return a, nil
}

// answer finds the reply, speaks it and keeps the turn. What was answered is kept however its speech ended: the shopper
// has seen it.
func (v *Visit) answer(ctx context.Context, a exchange, speak Speak) (Turn, error) {
	if err := v.reply(ctx, &a); err != nil {
		return a.Turn, err
	}
	var err error
	if speak != nil {
		err = v.say(ctx, a.Reply, func() { a.Timings.FirstAudio = time.Since(a.Timings.zero) }, speak)
	}
	a.Timings.Total = time.Since(a.Timings.zero)
	if a.Reply.Kind == dialogue.None {
		return a.Turn, err
	}
	return a.Turn, errors.Join(err, v.keep(&a))
}

// reply finds what is to be said.
func (v *Visit) reply(ctx context.Context, a *exchange) error {
	start := time.Now()
	// The answer's sources are named in the knowledge that it comes from, whatever is imported meanwhile.
	a.shop = v.clerk.shop.Load()
	err := v.clerk.permit.during(ctx, false, func() (err error) {
		a.Reply, err = a.shop.dialogue.Respond(ctx, a.Transcript, a.Language)
		return err
	})
	if err == nil {
		a.Timings.Retrieve = time.Since(start)
	}
	return err
}

// say speaks the reply; first is called when its first sound is there.
func (v *Visit) say(ctx context.Context, reply dialogue.Reply, first func(), speak Speak) error {
	if reply.Text == "" || v.manner.mute {
		return nil
	}
	// What the shop says to everybody may stay in the speech cache. A product's place was asked for by this shopper, and
	// its sound would outlive the session's key.
	forAll := reply.Kind == dialogue.Approved || reply.Kind == dialogue.HandOff || reply.Kind == Clarify
	return v.clerk.say(ctx, reply.Text, reply.Language, forAll && v.keeps != nil, first, speak)
}
