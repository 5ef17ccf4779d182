package kiosk

import (
	"context"
	"errors"
	"iter"

	"tenin/audio"
	"tenin/audio/speech"
)

// Speak takes the spoken answer chunk by chunk, in order.
type Speak func(audio.Clip) error

// say speaks an approved text: from the cache when it was rendered before, else as it is synthesised. first is called when
// the first sound is there. A language that the voices do not speak stays silent, which is no error: the text is shown.
// Without keep nothing is added to the cache, where a new clip would tell what was asked.
func (c *Clerk) say(ctx context.Context, text, language string, keep bool, first func(), out Speak) error {
	if c.voice == nil || language != "ja" {
		return nil
	}
	known := c.Rendered(speech.Approve(text))
	text = c.aloud(text)
	voice, approved := permittedVoice{c.voice, c.permit, false}, speech.Approve(text)
	spoken := voice.Synthesize(ctx, text, c.speechOptions())
	if c.cache != nil && (keep || known) {
		spoken = c.cache.Speak(ctx, voice, approved, c.speechOptions())
	}
	silent := true
	for chunk, err := range spoken {
		if err != nil {
			return err
		}
		if silent {
			silent = false
			first()
		}
		if err := out(chunk); err != nil {
			return err
		}
	}
	return nil
}

func (c *Clerk) speechOptions() speech.Options {
	return speech.Options{Voice: c.options.Config.Speech.Voice, Speed: c.options.Config.Speech.Speed}
}

// Render speaks every approved answer that the cache does not hold yet, so that no shopper waits for the voice. It goes
// on where it was stopped, and turns go before it.
func (c *Clerk) Render(ctx context.Context) error {
	return c.render(ctx, func(done, total int) { c.options.Progress("speaking the approved answers", done, total) })
}

// RenderQuietly is Render without progress, for beside a running kiosk.
func (c *Clerk) RenderQuietly(ctx context.Context) error { return c.render(ctx, func(int, int) {}) }

func (c *Clerk) render(ctx context.Context, progress func(done, total int)) error {
	if c.voice == nil || c.shop.Load() == nil {
		return errors.New("rendering needs the voice and the knowledge")
	}
	if c.cache == nil {
		return nil
	}
	texts := c.shop.Load().approved(c.policy())
	for i, text := range texts {
		texts[i] = speech.Approve(c.aloud(text.Text()))
	}
	_, err := c.cache.Render(ctx, permittedVoice{c.voice, c.permit, true}, texts, c.speechOptions(), func(p speech.Progress) {
		progress(p.Done, p.Total)
	})
	return err
}

// Unrendered returns how many approved answers the cache does not hold yet.
func (c *Clerk) Unrendered() int {
	if c.cache == nil {
		return 0
	}
	missing := 0
	for _, text := range c.shop.Load().approved(c.policy()) {
		if !c.Rendered(text) {
			missing++
		}
	}
	return missing
}

// Say speaks text that the shop's staff typed, whole. voice is one of speech.Voices; empty is the settings' own.
func (c *Clerk) Say(ctx context.Context, text, voice string) (audio.Clip, error) {
	if c.voice == nil {
		return audio.Clip{}, errors.New("the voice is not open")
	}
	options := c.speechOptions()
	if voice != "" {
		options.Voice = voice
	}
	return speech.Whole(permittedVoice{c.voice, c.permit, false}.Synthesize(ctx, c.aloud(text), options))
}

// SayApproved is Say for text that comes with the program or the shop's knowledge: it is kept, and not made twice.
func (c *Clerk) SayApproved(ctx context.Context, text speech.Approved, voice string) (audio.Clip, error) {
	options := c.speechOptions()
	if voice != "" {
		options.Voice = voice
	}
	own := permittedVoice{c.voice, c.permit, false}
	text = speech.Approve(c.aloud(text.Text()))
	if c.cache == nil {
		return speech.Whole(own.Synthesize(ctx, text.Text(), options))
	}
	return speech.Whole(c.cache.Speak(ctx, own, text, options))
}

// permittedVoice is a voice that takes the permit for each chunk, so that a long text does not hold up a turn.
type permittedVoice struct {
	speech.Synthesizer
	permit     *permit
	background bool
}

func (v permittedVoice) Synthesize(ctx context.Context, text string, o speech.Options) iter.Seq2[audio.Clip, error] {
	return func(yield func(audio.Clip, error) bool) {
		if err := v.permit.take(ctx, v.background); err != nil {
			yield(audio.Clip{}, err)
			return
		}
		held := true
		defer func() {
			if held {
				v.permit.give()
			}
		}()
		for chunk, err := range v.Synthesizer.Synthesize(ctx, text, o) {
			v.permit.give()
			held = false
			if !yield(chunk, err) || err != nil {
				return
			}
			if err := v.permit.take(ctx, v.background); err != nil {
				yield(audio.Clip{}, err)
				return
			}
			held = true
		}
	}
}
