package asr

import (
	"context"
	"errors"
	"io"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"tenin/audio"
)

// paced gives frames in real time (of the test's clock): loud where speech says so, silent elsewhere.
type paced struct {
	speech []bool
	at     int
}

func (p *paced) Read(ctx context.Context) ([]float32, error) {
	if p.at == len(p.speech) {
		return nil, io.EOF
	}
	timer := time.NewTimer(audio.FrameDuration)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-timer.C:
	}
	p.at++
	return p.frame(p.at - 1), nil
}

func (p *paced) frame(at int) []float32 {
	f := make([]float32, audio.FrameSamples)
	if p.speech[at] {
		for i := range f {
			f[i] = 0.5
		}
	}
	return f
}

// level takes loud frames for speech.
type level struct{ err error }

func (l level) Probabilities(samples []float32) (list []float32, _ error) {
	for f := range slices.Chunk(samples, audio.FrameSamples) {
		p := float32(0.01)
		if f[0] > 0.1 {
			p = 0.95
		}
		list = append(list, p)
	}
	return list, l.err
}
func (level) Reset() {}

// say makes frames: positive counts are speech, negative ones silence, in frames of 32 ms.
func say(counts ...int) *paced {
	p := &paced{}
	for _, n := range counts {
		for range max(n, -n) {
			p.speech = append(p.speech, n > 0)
		}
	}
	return p
}

// echoScript names the seconds of loud sound it was given.
func always(text string) func([]float32, Options) Transcript {
	return func([]float32, Options) Transcript { return Transcript{Text: text} }
}

func TestTheTranscriptIsReadyWhenTheTurnEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &Scripted{Script: always("トイレはどこですか"), Latency: 200 * time.Millisecond}
		defer r.Close()
		begin := time.Now()
		h, err := NewListener(r, level{}, ListenerConfig{}).Listen(context.Background(), say(-20, 60, -60))
		if err != nil {
			t.Fatal(err)
		}
		if h.Transcript.Text != "トイレはどこですか" || h.Timings.AfterEnd != 0 || h.Timings.Speculative != 1 {
			t.Errorf("text %q, %+v", h.Transcript.Text, h.Timings)
		}
		if want := 80 * audio.FrameSamples; h.End != want {
			t.Errorf("speech ends at sample %d, want %d", h.End, want)
		}
		if got, want := h.EndOfSpeech.Sub(begin), 80*audio.FrameDuration; got != want {
			t.Errorf("speech ended after %v, want %v", got, want)
		}
		if h.EndpointWait < 300*time.Millisecond || h.EndpointWait > 500*time.Millisecond {
			t.Errorf("a whole question waited %v", h.EndpointWait)
		}
		if h.Speech.Rate != SampleRate || h.Speech.Duration() < 60*audio.FrameDuration {
			t.Errorf("the speech lasts %v", h.Speech.Duration())
		}
	})
}

func TestWordsThatBreakOffAreGivenMoreTime(t *testing.T) {
	wait := func(text string) time.Duration {
		var h Heard
		synctest.Test(t, func(t *testing.T) {
			r := &Scripted{Script: always(text), Latency: 100 * time.Millisecond}
			defer r.Close()
			var err error
			if h, err = NewListener(r, level{}, ListenerConfig{}).Listen(context.Background(), say(-5, 40, -90)); err != nil {
				t.Fatal(err)
			}
		})
		return h.EndpointWait
	}
	whole, unknown, broken := wait("駐車場はありますか"), wait("駐車場"), wait("駐車場と")
	if !(whole < unknown && unknown < broken) {
		t.Errorf("waits: whole %v, unknown %v, broken off %v", whole, unknown, broken)
	}
}

func TestSpeechThatGoesOnDiscardsTheSpeculation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var lengths []time.Duration
		r := &Scripted{Latency: 50 * time.Millisecond, Script: func(s []float32, o Options) Transcript {
			if !o.Partial {
				lengths = append(lengths, duration(len(s)))
			}
			return Transcript{Text: "えっと"}
		}}
		defer r.Close()
		h, err := NewListener(r, level{}, ListenerConfig{}).Listen(context.Background(), say(-5, 30, -10, 30, -90))
		if err != nil {
			t.Fatal(err)
		}
		if h.Timings.Speculative != 2 || h.Timings.Discarded != 1 || len(lengths) != 2 || lengths[1] < 70*audio.FrameDuration {
			t.Errorf("%+v, final clips of %v", h.Timings, lengths)
		}
	})
}

func TestPartialTranscriptsComeWhileTheShopperSpeaks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &Scripted{Script: always("営業"), Latency: 90 * time.Millisecond}
		defer r.Close()
		var at []time.Time
		begin := time.Now()
		c := ListenerConfig{OnPartial: func(Transcript) { at = append(at, time.Now()) }}
		if _, err := NewListener(r, level{}, c).Listen(context.Background(), say(100, -60)); err != nil {
			t.Fatal(err)
		}
		if len(at) < 4 || at[0].Sub(begin) > time.Second {
			t.Errorf("%d partials, the first after %v", len(at), at[0].Sub(begin))
		}
	})
}

func TestASlowPartialDoesNotDelayTheFinalDecode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &slowPartials{}
		h, err := NewListener(r, level{}, ListenerConfig{}).Listen(context.Background(), say(30, -60))
		if err != nil || h.Transcript.Text != "final" || h.Timings.AfterEnd > 0 {
			t.Errorf("%q, %+v, error %v", h.Transcript.Text, h.Timings, err)
		}
	})
}

// slowPartials needs an hour for a partial transcript unless it is cancelled.
type slowPartials struct{}

func (slowPartials) Transcribe(ctx context.Context, _ []float32, o Options) (Transcript, error) {
	if !o.Partial {
		return Transcript{Text: "final", Language: "ja"}, nil
	}
	select {
	case <-ctx.Done():
		return Transcript{}, ctx.Err()
	case <-time.After(time.Hour):
		return Transcript{Text: "partial"}, nil
	}
}
func (slowPartials) Close() error { return nil }

func TestNobodySpeakingGivesAnEmptyTranscript(t *testing.T) {
	for name, src := range map[string]*paced{"a timeout": say(-500), "the end of the file": say(-20), "an empty file": say(), "a click": say(-5, 2, -10)} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := &Scripted{Script: always("あ")}
				defer r.Close()
				c := ListenerConfig{Endpoint: audio.EndpointConfig{NoSpeech: 5 * time.Second}}
				h, err := NewListener(r, level{}, c).Listen(context.Background(), src)
				if err != nil || h.Transcript.Text != "" || h.Transcript.Language != "ja" || !h.EndOfSpeech.IsZero() {
					t.Errorf("%+v, error %v", h, err)
				}
			})
		})
	}
}

func TestSoundWithoutWordsDoesNotEndTheTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &Scripted{Script: func(s []float32, _ Options) Transcript {
			if duration(len(s)) > 1500*time.Millisecond {
				return Transcript{Text: "返品したいです"}
			}
			return Transcript{}
		}}
		defer r.Close()
		h, err := NewListener(r, level{}, ListenerConfig{}).Listen(context.Background(), say(-5, 20, -60, 60, -60))
		if err != nil || h.Transcript.Text != "返品したいです" || h.Timings.Ignored != 1 {
			t.Errorf("%q, %+v, error %v", h.Transcript.Text, h.Timings, err)
		}
	})
}

func TestSpeechCutByTheEndOfTheFileIsStillTranscribed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &Scripted{Script: always("駐車場"), Latency: 100 * time.Millisecond}
		defer r.Close()
		h, err := NewListener(r, level{}, ListenerConfig{}).Listen(context.Background(), say(-5, 40))
		if err != nil || h.Transcript.Text != "駐車場" {
			t.Errorf("%q, error %v", h.Transcript.Text, err)
		}
	})
}

func TestACancelledTurnReturnsAtOnceAndLeavesNoDecodeBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &slowPartials{}
		ctx, cancel := context.WithTimeout(context.Background(), 1500*time.Millisecond)
		defer cancel()
		begin := time.Now()
		_, err := NewListener(r, level{}, ListenerConfig{}).Listen(ctx, say(200))
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) > 1550*time.Millisecond {
			t.Errorf("after %v: %v", time.Since(begin), err)
		}
	})
}

func TestErrorsOfTheDetectorAndTheRecogniserReachTheCaller(t *testing.T) {
	broken := errors.New("broken")
	synctest.Test(t, func(t *testing.T) {
		r := &Scripted{Script: always("あ")}
		if _, err := NewListener(r, level{broken}, ListenerConfig{}).Listen(context.Background(), say(5)); !errors.Is(err, broken) {
			t.Errorf("got %v", err)
		}
		r.Close()
		if _, err := NewListener(r, level{}, ListenerConfig{}).Listen(context.Background(), say(40, -60)); !errors.Is(err, ErrClosed) {
			t.Errorf("got %v", err)
		}
	})
}

func TestAutoFindsTheLanguageAnewSinceAnEarlyDecodeHeardTooLittle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		decodes := 0
		r := &Scripted{Script: func(samples []float32, o Options) Transcript {
			decodes++
			if o.Language != "auto" {
				t.Errorf("decode %d was asked for %q", decodes, o.Language)
			}
			if len(samples) < 50*audio.FrameSamples {
				return Transcript{Text: "Baby Girl", Language: "en"}
			}
			return Transcript{Text: "ベビーカーを借りたいんですけど", Language: "ja"}
		}}
		defer r.Close()
		h, err := NewListener(r, level{}, ListenerConfig{Language: "auto"}).Listen(context.Background(), say(60, -60))
		if err != nil || h.Transcript.Language != "ja" || decodes < 2 {
			t.Errorf("%q after %d decodes, error %v", h.Transcript.Language, decodes, err)
		}
	})
}

func TestAnyRowOfSpeechAndSilenceEndsWithAConsistentResult(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		counts := rapid.SliceOfN(rapid.IntRange(-60, 60), 0, 12).Draw(rt, "frames")
		latency := rapid.IntRange(0, 900).Draw(rt, "latency")
		synctest.Test(t, func(t *testing.T) {
			r := &Scripted{Script: always("はい"), Latency: time.Duration(latency) * time.Millisecond}
			defer r.Close()
			src := say(counts...)
			h, err := NewListener(r, level{}, ListenerConfig{}).Listen(context.Background(), src)
			if err != nil {
				t.Fatal(err)
			}
			if h.Transcript.Text == "" {
				return
			}
			if h.Start < 0 || h.Start >= h.End || h.End > len(src.speech)*audio.FrameSamples || len(h.Speech.Samples) < h.End-h.Start {
				t.Errorf("speech from %d to %d of %d, clip of %d", h.Start, h.End, len(src.speech)*audio.FrameSamples, len(h.Speech.Samples))
			}
			if h.EndpointWait < 0 || h.Timings.AfterEnd < 0 || h.Timings.Discarded > h.Timings.Speculative {
				t.Errorf("%+v", h)
			}
		})
	})
}

// known is a source that knows what comes next, at once.
type known struct{ *paced }

func (k known) Read(context.Context) ([]float32, error) {
	if k.at == len(k.speech) {
		return nil, io.EOF
	}
	k.at++
	return k.frame(k.at - 1), nil
}

func (k known) Ahead(frames int) (ahead []float32) {
	for i := k.at; i < min(k.at+frames, len(k.speech)); i++ {
		ahead = append(ahead, k.frame(i)...)
	}
	return ahead
}

func TestARecordingHeardAheadGivesTheSameTurns(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		counts := rapid.SliceOfN(rapid.IntRange(-120, 120), 1, 6).Draw(t, "frames")
		r := &Scripted{Script: func(s []float32, _ Options) Transcript { return Transcript{Text: "はい", Confidence: 0.5} }}
		defer r.Close()
		turns := func(src Frames) (bounds [][2]int) {
			for {
				heard, err := NewListener(r, level{}, ListenerConfig{PartialEvery: -1}).Listen(context.Background(), src)
				if err != nil {
					t.Fatal(err)
				}
				if heard.Transcript.Text == "" {
					return bounds
				}
				bounds = append(bounds, [2]int{heard.Start, heard.End})
			}
		}
		one := known{say(counts...)}
		if a, b := turns(struct{ Frames }{one}), turns(known{say(counts...)}); !slices.Equal(a, b) {
			t.Fatalf("one by one the turns lie at %v, ahead at %v", a, b)
		}
	})
}
