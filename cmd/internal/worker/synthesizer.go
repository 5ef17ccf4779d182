package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"
	"unicode/utf8"

	"tenin/audio"
	"tenin/audio/speech"
	"tenin/cmd/internal/worker/pb"
)

// Synthesizer is the voice of a pool's voice worker.
type Synthesizer struct {
	slot *slot
	none error
	life
}

var _ speech.Synthesizer = (*Synthesizer)(nil)

// errVoiceClosed is for a synthesizer after Close; package speech has no sentinel for it.
var errVoiceClosed = errors.New("the voice is closed")

// Voice returns a synthesizer. Closing it leaves the worker to the others.
func (p *Pool) Voice() *Synthesizer {
	s, err := p.slot(Voice)
	return &Synthesizer{slot: s, none: err}
}

// What an honest voice stays below: a chunk lasts about 5 s, twice that at half speed, and each has a character at least.
const (
	longestChunk = 30 * speech.Rate
	mostChunks   = speech.MaxRunes
)

// Synthesize implements speech.Synthesizer. Errors may also wrap ErrLost.
func (v *Synthesizer) Synthesize(ctx context.Context, text string, o speech.Options) iter.Seq2[audio.Clip, error] {
	return func(yield func(audio.Clip, error) bool) {
		if !v.begin() {
			yield(audio.Clip{}, errVoiceClosed)
			return
		}
		defer v.end()
		if v.none != nil {
			yield(audio.Clip{}, v.none)
			return
		}
		if n := utf8.RuneCountInString(text); n > speech.MaxRunes {
			// What is refused anyway need not cross.
			yield(audio.Clip{}, fmt.Errorf("%w (it has %d)", speech.ErrTooLong, n))
			return
		}
		if err := v.speak(ctx, text, o, func(c audio.Clip) bool { return yield(c, nil) }); err != nil {
			yield(audio.Clip{}, explained(err, o))
		}
	}
}

func (v *Synthesizer) speak(ctx context.Context, text string, o speech.Options, yield func(audio.Clip) bool) error {
	request := &pb.SynthesizeRequest{Text: []byte(text), Voice: []byte(o.Voice), Speed: o.Speed, Language: []byte(o.Language)}
	// The consumer may take its time with a chunk, so the stream has no limit; each wait for a chunk has.
	stoppable, stop := context.WithCancel(ctx)
	defer stop()
	return v.slot.do(ctx, noLimit, func(_ context.Context, p *process) error {
		p.heard.Store(true)
		stream, err := pb.NewVoiceClient(p.conn).Synthesize(stoppable, request)
		if err != nil {
			return err
		}
		for n := 0; ; n++ {
			hung := time.AfterFunc(v.slot.limits.chunk, func() { p.kill(Hung) })
			reply, err := stream.Recv()
			hung.Stop()
			switch {
			case ctx.Err() != nil:
				// What lies here already, or the end, is not for somebody who has cancelled.
				return ctx.Err()
			case err == io.EOF:
				return nil
			case err != nil:
				return err
			}
			if err := voiceFaults.err(Voice, reply.GetFault()); err != nil {
				return err
			}
			samples, err := unpackSound(reply.GetSamples(), longestChunk)
			if err != nil || n == mostChunks {
				return errGarbage
			}
			if !yield(audio.Clip{Samples: samples, Rate: speech.Rate}) {
				stop()
				v.slot.settle(p)
				return nil
			}
		}
	})
}

// noLimit is for a call whose waits are bounded one by one.
const noLimit = 24 * time.Hour

// explained gives an error the details that its code could not carry.
func explained(err error, o speech.Options) error {
	switch {
	case errors.Is(err, speech.ErrVoice):
		return fmt.Errorf("%w %q: use %s", speech.ErrVoice, o.Voice, strings.Join(speech.Voices(), ", "))
	case errors.Is(err, speech.ErrSpeed):
		return fmt.Errorf("%w: %g", err, o.Speed)
	}
	return err
}

// ID implements speech.Synthesizer.
func (v *Synthesizer) ID() (string, error) {
	if v.none != nil {
		return "", v.none
	}
	p, err := v.slot.ready(context.Background(), v.slot.limits.wait)
	if err != nil {
		return "", err
	}
	return p.facts.GetVoice(), nil
}

// Close implements speech.Synthesizer. The worker goes on.
func (v *Synthesizer) Close() error {
	v.shut()
	return nil
}
