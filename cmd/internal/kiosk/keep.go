package kiosk

import (
	"errors"
	"fmt"
	"time"

	"tenin/llm/dialogue"
	"tenin/llm/redact"
	"tenin/storage"
)

// ErrNotKept means that a question has its answer, and that the vault did not take it. The answer stands beside the error.
var ErrNotKept = errors.New("the answer was given, but not kept")

// keep seals the turn in the vault and leaves a summary in the outbox. Of an unkept visit nothing is kept.
func (v *Visit) keep(a *exchange) error {
	if v.keeps == nil {
		return nil
	}
	if err := v.seal(a); err != nil {
		return fmt.Errorf("%w: %w", ErrNotKept, err)
	}
	return nil
}

func (v *Visit) seal(turn *exchange) error {
	c := v.clerk
	if v.session == nil {
		meta := *v.keeps
		meta.Language = turn.Language
		session, err := c.vault.Begin(meta)
		if err != nil {
			return err
		}
		v.session = session
	}
	if c.options.Config.Retention.Audio && len(turn.voice.Samples) > 0 {
		clip, err := v.session.NewClip()
		if err != nil {
			return err
		}
		if err := clip.Write(pcm16(turn.voice.Samples)); err != nil {
			return err
		}
		if err := clip.Close(); err != nil {
			return err
		}
		turn.Clip = clip.Number()
	}
	t := turn.Timings
	err := v.session.Append(storage.Turn{
		At:         time.Now(),
		Transcript: turn.Transcript,
		Language:   turn.Language,
		Answer:     turn.Reply.Text,
		Detail:     turn.Reply.Detail,
		Kind:       string(turn.Reply.Kind),
		Sources:    turn.Reply.Sources,
		Score:      turn.Reply.Score,
		Clip:       turn.Clip,
		Timings: storage.Timings{
			VAD: t.VAD, ASR: t.ASR, Retrieve: t.Retrieve, Generate: t.Generate, FirstAudio: t.FirstAudio, Total: t.Total,
		},
	})
	if err != nil {
		return err
	}
	shop := turn.shop
	if shop == nil { // nothing was looked for
		shop = c.shop.Load()
	}
	summary, err := shop.summarise(turn.Turn, turn.channel)
	if err != nil {
		return err
	}
	return c.vault.Outbox().Put(summary.ID(), summary.Encode())
}

// summarise makes what may leave the shop: no field of it can hold a word of the shopper.
func (s *shop) summarise(turn Turn, channel redact.Channel) (redact.Summary, error) {
	kind, err := redact.ParseKind(string(turn.Reply.Kind))
	if err != nil {
		return redact.Summary{}, err
	}
	facts := redact.Facts{
		At: time.Now(), Kind: kind, Language: redact.LanguageOf(turn.Language), Channel: channel,
		FirstAudio: turn.Timings.FirstAudio, Speech: turn.Speech, Total: turn.Timings.Total,
	}
	// A hand-off has a score too, but nothing was answered with it.
	if turn.Reply.Kind != dialogue.HandOff {
		facts.Score = turn.Reply.Score
	}
	for _, id := range turn.Reply.Sources {
		known, err := s.ids.ID(id)
		if err != nil {
			return redact.Summary{}, err
		}
		facts.Sources = append(facts.Sources, known)
	}
	return redact.NewSummary(facts)
}

// pcm16 rounds samples in [-1, 1] to 16 bits.
func pcm16(samples []float32) []int16 {
	out := make([]int16, len(samples))
	for i, s := range samples {
		out[i] = int16(max(-32768, min(32767, s*32767)))
	}
	return out
}
