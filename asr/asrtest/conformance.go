// Package asrtest has the conformance suite that every recogniser passes, fakes and engines alike.
package asrtest

import (
	"context"
	"errors"
	"math"
	"sync"
	"testing"
	"time"

	"tenin/asr"
)

// TestRecognizer is what every asr.Recognizer must do. open returns a new one; speech is a clip with words of the language.
func TestRecognizer(t *testing.T, open func(t *testing.T) asr.Recognizer, speech []float32, language string) {
	ctx := context.Background()
	t.Run("speech gives words, a segment and the language", func(t *testing.T) {
		r := open(t)
		got, err := r.Transcribe(ctx, speech, asr.Options{Language: language})
		if err != nil {
			t.Fatal(err)
		}
		if got.Text == "" || got.Language != language || len(got.Segments) != 1 || got.Segments[0].Text != got.Text {
			t.Errorf("got %d letters, language %q, %d segments", len(got.Text), got.Language, len(got.Segments))
		}
		if s := got.Segments[0]; s.Start != 0 || s.End != time.Duration(len(speech))*time.Second/asr.SampleRate {
			t.Errorf("the segment lies at %v to %v", s.Start, s.End)
		}
		if got.Timings.Tries < 1 {
			t.Error("no decode was counted")
		}
	})
	t.Run("the same clip gives the same words", func(t *testing.T) {
		r := open(t)
		a, errA := r.Transcribe(ctx, speech, asr.Options{Language: language})
		b, errB := r.Transcribe(ctx, speech, asr.Options{Language: language})
		if errA != nil || errB != nil || a.Text != b.Text {
			t.Errorf("texts equal: %v, errors %v and %v", a.Text == b.Text, errA, errB)
		}
	})
	t.Run("nothing, a few samples and silence give an empty text", func(t *testing.T) {
		r := open(t)
		for _, n := range []int{0, 1, 150, asr.SampleRate / 10, 3 * asr.SampleRate} {
			got, err := r.Transcribe(ctx, make([]float32, n), asr.Options{})
			if err != nil || got.Text != "" || got.Language != "ja" || len(got.Segments) != 0 {
				t.Errorf("%d samples: %+v, error %v", n, got, err)
			}
		}
	})
	t.Run("a clip beyond 30 s, an unknown language and samples that are not numbers are refused", func(t *testing.T) {
		r := open(t)
		for _, c := range []struct {
			samples []float32
			o       asr.Options
			want    error
		}{
			{make([]float32, 31*asr.SampleRate), asr.Options{}, asr.ErrTooLong},
			{speech, asr.Options{Language: "xx"}, asr.ErrLanguage},
			{[]float32{float32(math.NaN())}, asr.Options{}, asr.ErrSamples},
			{[]float32{float32(math.Inf(1))}, asr.Options{}, asr.ErrSamples},
		} {
			if _, err := r.Transcribe(ctx, c.samples, c.o); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		}
	})
	t.Run("a done context stops the call, and the next call works", func(t *testing.T) {
		r := open(t)
		done, cancel := context.WithCancel(ctx)
		cancel()
		if _, err := r.Transcribe(done, speech, asr.Options{}); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		for _, after := range []time.Duration{time.Millisecond, 20 * time.Millisecond, 60 * time.Millisecond} {
			soon, cancel := context.WithTimeout(ctx, after)
			if _, err := r.Transcribe(soon, speech, asr.Options{Language: language}); err != nil && !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("after %v: %v", after, err)
			}
			cancel()
		}
		if got, err := r.Transcribe(ctx, speech, asr.Options{Language: language}); err != nil || got.Text == "" {
			t.Errorf("the call after a cancelled one gave %d letters, error %v", len(got.Text), err)
		}
	})
	t.Run("calls from several goroutines wait for each other", func(t *testing.T) {
		r := open(t)
		var wg sync.WaitGroup
		texts := make([]string, 3)
		for i := range texts {
			wg.Go(func() {
				got, err := r.Transcribe(ctx, speech, asr.Options{Language: language})
				if err != nil {
					t.Error(err)
				}
				texts[i] = got.Text
			})
		}
		wg.Wait()
		if texts[0] != texts[1] || texts[1] != texts[2] {
			t.Error("they disagree")
		}
	})
	t.Run("after Close, which may come twice, calls are refused", func(t *testing.T) {
		r := open(t)
		if err := errors.Join(r.Close(), r.Close()); err != nil {
			t.Error(err)
		}
		if _, err := r.Transcribe(ctx, speech, asr.Options{}); !errors.Is(err, asr.ErrClosed) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("Close waits for the call under way", func(t *testing.T) {
		r := open(t)
		returned := make(chan error, 1)
		go func() {
			_, err := r.Transcribe(ctx, speech, asr.Options{Language: language})
			returned <- err
		}()
		time.Sleep(5 * time.Millisecond)
		r.Close()
		if err := <-returned; err != nil && !errors.Is(err, asr.ErrClosed) {
			t.Error(err)
		}
	})
}
