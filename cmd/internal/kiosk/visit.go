package kiosk

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"tenin/asr"
	"tenin/audio"
	"tenin/llm/dialogue"
	"tenin/llm/redact"
	"tenin/storage"
)

// A Visit is one shopper in front of the clerk. Nothing of it is kept unless it was begun with a source that may be.
type Visit struct {
	// Replied, if not nil, is called when the reply to a question is known, before it is spoken or kept.
	Replied func(Turn)

	clerk   *Clerk
	keeps   *storage.SessionMeta // nil: nothing is kept
	session *storage.Session     // begun with the first turn that is kept

	mu   sync.Mutex
	hush context.CancelFunc // stops the speech that is being made; nil while there is none
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

// Hush stops the answer that is being spoken to Speak, within the voice's reach: the turn goes on without sound and is
// kept. It may be called at any time from any goroutine.
func (v *Visit) Hush() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.hush != nil {
		v.hush()
	}
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

// AskText answers a typed question. When speak is not nil, it is given the spoken answer chunk by chunk.
func (v *Visit) AskText(ctx context.Context, text string, speak Speak) (Turn, error) {
	turn := Turn{Transcript: text, Language: languageOf(text, v.clerk.options.Language)}
	turn.Timings.zero = time.Now()
	return v.answer(ctx, turn, audio.Clip{}, redact.Text, speak)
}

// Listen hears one question from a microphone, or from a file that is fed as one, and answers it. Nobody having spoken is
// no error: Transcript is empty and the reply is dialogue.None. partial, if not nil, is told the words while the shopper
// speaks.
func (v *Visit) Listen(ctx context.Context, source asr.Frames, partial func(string), speak Speak) (Turn, error) {
	c := v.clerk
	config := c.listenerConfig()
	config.Endpoint.NoSpeech = time.Duration(c.options.Config.Audio.QuietSeconds * float64(time.Second))
	config.OnPartial = func(t asr.Transcript) {
		if partial != nil {
			partial(t.Text)
		}
	}
	return v.hear(ctx, source, config, speak)
}

// ListenRecording is Listen for a whole recording of one question: no pause in it ends the question.
func (v *Visit) ListenRecording(ctx context.Context, clip audio.Clip, speak Speak) (Turn, error) {
	config := v.clerk.listenerConfig()
	config.PartialEvery = -1
	config.Endpoint.EndWhole, config.Endpoint.EndUnknown, config.Endpoint.EndBrokenOff = asr.MaxUtterance, asr.MaxUtterance, asr.MaxUtterance
	return v.hear(ctx, audio.NewFileSource(clip, false), config, speak)
}

func (c *Clerk) listenerConfig() asr.ListenerConfig {
	expected := c.expected.Load()
	return asr.ListenerConfig{Language: c.options.Language, Prompt: expected.prompt, Words: expected.words, Known: expected.known}
}

func (v *Visit) hear(ctx context.Context, source asr.Frames, config asr.ListenerConfig, speak Speak) (Turn, error) {
	c := v.clerk
	listener := asr.NewListener(c.recognizer, c.vad, config)
	heard, err := listener.Listen(ctx, source)
	if err != nil {
		return Turn{}, err
	}
	t := heard.Transcript
	turn := Turn{Transcript: t.Text, Language: t.Language, Suspect: t.Suspect, Speech: heard.Speech.Duration()}
	turn.Timings = Timings{
		VAD: heard.Timings.VAD, ASR: t.Timings.Total, Endpoint: heard.EndpointWait,
		AfterEndpoint: heard.Timings.AfterEnd, zero: heard.EndOfSpeech,
	}
	if t.Text == "" {
		turn.Timings.zero = time.Time{}
		return turn, nil
	}
	return v.answer(ctx, turn, heard.Speech, redact.Voice, speak)
}

// answer finds the reply, speaks it and keeps the turn. What was answered is kept however its speech ended: the shopper
// has seen it.
func (v *Visit) answer(ctx context.Context, turn Turn, voice audio.Clip, channel redact.Channel, speak Speak) (Turn, error) {
	c := v.clerk
	start := time.Now()
	// The answer's sources are named in the knowledge that it comes from, whatever is imported meanwhile.
	shop := c.shop.Load()
	err := c.permit.during(ctx, false, func() (err error) {
		turn.Reply, err = shop.dialogue.Respond(ctx, turn.Transcript, turn.Language)
		return err
	})
	if err != nil {
		return turn, err
	}
	turn.Timings.Retrieve = time.Since(start)

	err = v.say(ctx, &turn, speak)
	turn.Timings.Total = time.Since(turn.Timings.zero)
	if v.keeps == nil || turn.Reply.Kind == dialogue.None {
		return turn, err
	}
	turn, unkept := v.keep(shop, turn, voice, channel)
	if unkept != nil {
		unkept = fmt.Errorf("the answer was given, but not kept: %w", unkept)
	}
	return turn, errors.Join(err, unkept)
}

// say speaks the reply to speak until it is over or Hush was called.
func (v *Visit) say(ctx context.Context, turn *Turn, speak Speak) error {
	speaking, hush := context.WithCancel(ctx)
	v.setHush(hush)
	defer func() { v.setHush(nil); hush() }()
	if v.Replied != nil {
		v.Replied(*turn)
	}
	if speak == nil || turn.Reply.Text == "" {
		return nil
	}
	first := func() { turn.Timings.FirstAudio = time.Since(turn.Timings.zero) }
	// What the shop says to everybody may stay in the speech cache. A product's place was asked for by this shopper, and
	// its sound would outlive the session's key.
	forAll := turn.Reply.Kind == dialogue.Approved || turn.Reply.Kind == dialogue.HandOff
	err := v.clerk.say(speaking, turn.Reply.Text, turn.Reply.Language, forAll && v.keeps != nil, first, speak)
	if speaking.Err() != nil && ctx.Err() == nil {
		return nil
	}
	return err
}

func (v *Visit) setHush(stop context.CancelFunc) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.hush = stop
}
