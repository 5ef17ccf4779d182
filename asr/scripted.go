package asr

import (
	"context"
	"sync"
	"time"
)

// Scripted is a Recognizer without an engine, for tests and for builds that have none: it obeys the same contract and
// says what its script says.
type Scripted struct {
	// Script returns the transcript of a clip that is not silent; nil gives an empty one.
	Script func(samples []float32, o Options) Transcript
	// Latency is how long a decode takes; a done context cuts it short.
	Latency time.Duration

	init   sync.Once
	once   sync.Once
	turn   chan struct{} // full while a call is under way
	closed chan struct{}
}

func (s *Scripted) start() {
	s.init.Do(func() {
		s.turn = make(chan struct{}, 1)
		s.closed = make(chan struct{})
	})
}

// Transcribe implements Recognizer.
func (s *Scripted) Transcribe(ctx context.Context, samples []float32, o Options) (Transcript, error) {
	s.start()
	begin := time.Now()
	lang, err := check(samples, o)
	if err != nil {
		return Transcript{}, err
	}
	if lang == "auto" {
		lang = Languages[0]
	}
	if err := ctx.Err(); err != nil {
		return Transcript{}, err
	}
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return Transcript{}, ctx.Err()
	}
	select {
	case <-s.closed:
		return Transcript{}, ErrClosed
	default:
	}
	if s.Latency > 0 {
		timer := time.NewTimer(s.Latency)
		defer timer.Stop()
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
	}
	if err := ctx.Err(); err != nil {
		return Transcript{}, err
	}
	t := Transcript{Language: lang, NoSpeech: 1}
	if duration(len(samples)) >= shortest && peak(samples) >= silence && s.Script != nil {
		t = s.Script(samples, o)
		if t.Language == "" {
			t.Language = lang
		}
		if t.Text != "" && len(t.Segments) == 0 {
			t.Segments = []Segment{{t.Text, 0, duration(len(samples))}}
		}
		t.Timings.Tries = 1
	}
	t.Timings.Total = time.Since(begin)
	return t, nil
}

// Close implements Recognizer.
func (s *Scripted) Close() error {
	s.start()
	s.once.Do(func() { close(s.closed) })
	s.turn <- struct{}{}
	<-s.turn
	return nil
}
