// Package speechtest has the conformance suite that every synthesizer passes, fakes and engines alike.
package speechtest

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"tenin/audio/speech"
)

// TestSynthesizer holds what every speech.Synthesizer promises.
func TestSynthesizer(t *testing.T, s speech.Synthesizer) {
	ctx := context.Background()
	const text = "はい、こちらは3階です。お手洗いの隣にございます。"

	t.Run("chunks are short, in range and at the model's rate", func(t *testing.T) {
		n := 0
		for c, err := range s.Synthesize(ctx, text+strings.Repeat("営業時間は午前9時から午後8時30分までですので、お気をつけてお越しください。", 2), speech.Options{}) {
			if err != nil {
				t.Fatal(err)
			}
			n++
			if c.Rate != speech.Rate || len(c.Samples) == 0 {
				t.Fatalf("chunk %d: %d samples at %d Hz", n, len(c.Samples), c.Rate)
			}
			if d := c.Duration().Seconds(); d > 6 {
				t.Errorf("chunk %d lasts %.1f s", n, d)
			}
			for _, x := range c.Samples {
				if !(x >= -1 && x <= 1) {
					t.Fatalf("chunk %d has the sample %f", n, x)
				}
			}
		}
		if n < 4 {
			t.Errorf("only %d chunks", n)
		}
	})

	t.Run("the same text gives the same samples", func(t *testing.T) {
		a, err := speech.Whole(s.Synthesize(ctx, text, speech.Options{Voice: "jm_kumo"}))
		if err != nil {
			t.Fatal(err)
		}
		b, err := speech.Whole(s.Synthesize(ctx, text, speech.Options{Voice: "jm_kumo", Speed: 1, Language: "ja"}))
		if err != nil || !slices.Equal(a.Samples, b.Samples) {
			t.Errorf("second run differs (%v)", err)
		}
		c, err := speech.Whole(s.Synthesize(ctx, text, speech.Options{Voice: "jf_nezumi"}))
		if err != nil || slices.Equal(a.Samples, c.Samples) {
			t.Errorf("another voice sounds the same (%v)", err)
		}
	})

	t.Run("speed changes the length", func(t *testing.T) {
		slow, err := speech.Whole(s.Synthesize(ctx, "ありがとうございます。", speech.Options{Speed: 0.5}))
		if err != nil {
			t.Fatal(err)
		}
		fast, err := speech.Whole(s.Synthesize(ctx, "ありがとうございます。", speech.Options{Speed: 2}))
		if err != nil {
			t.Fatal(err)
		}
		if slow.Duration() < 2*fast.Duration() {
			t.Errorf("half speed lasts %v, double speed %v", slow.Duration(), fast.Duration())
		}
	})

	t.Run("the consumer may stop after a chunk", func(t *testing.T) {
		n := 0
		for range s.Synthesize(ctx, text, speech.Options{}) {
			n++
			break
		}
		if n != 1 {
			t.Errorf("%d chunks", n)
		}
	})

	t.Run("cancelling ends the speech with the context's error", func(t *testing.T) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		var last error
		n := 0
		for _, err := range s.Synthesize(ctx, text, speech.Options{}) {
			n++
			last = err
			cancel()
		}
		if !errors.Is(last, context.Canceled) || n != 2 {
			t.Errorf("%d pairs, the last error is %v", n, last)
		}
	})

	for name, c := range map[string]struct {
		text string
		o    speech.Options
		want error
	}{
		"empty text":           {"", speech.Options{}, speech.ErrNothingToSay},
		"punctuation":          {"。、！？「」…　\n", speech.Options{}, speech.ErrNothingToSay},
		"control characters":   {"\x00\x01\x1b\u200b\ufeff", speech.Options{}, speech.ErrNothingToSay},
		"100,000 characters":   {strings.Repeat("あ", 100_000), speech.Options{}, speech.ErrTooLong},
		"English":              {"The restroom is on the third floor.", speech.Options{}, speech.ErrLanguage},
		"English by option":    {"はい", speech.Options{Language: "en"}, speech.ErrLanguage},
		"Russian":              {"Где туалет?", speech.Options{}, speech.ErrLanguage},
		"an unknown voice":     {text, speech.Options{Voice: "alloy"}, speech.ErrVoice},
		"a speed of zero-ish":  {text, speech.Options{Speed: 0.1}, speech.ErrSpeed},
		"a speed not a number": {text, speech.Options{Speed: math.NaN()}, speech.ErrSpeed},
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			_, err := speech.Whole(s.Synthesize(ctx, c.text, c.o))
			if !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), "\n") {
				t.Errorf("the error is more than a line: %q", err)
			}
		})
	}

	t.Run("the unknown voice's error names the five voices", func(t *testing.T) {
		_, err := speech.Whole(s.Synthesize(ctx, text, speech.Options{Voice: "x"}))
		for _, v := range speech.Voices() {
			if err == nil || !strings.Contains(err.Error(), v) {
				t.Errorf("%v does not name %s", err, v)
			}
		}
	})

	t.Run("long words and long numbers are spoken", func(t *testing.T) {
		c, err := speech.Whole(s.Synthesize(ctx, strings.Repeat("ア", 80)+"、"+strings.Repeat("7", 40), speech.Options{Speed: 2}))
		if err != nil || c.Duration().Seconds() < 3 {
			t.Errorf("%v, %v", c.Duration(), err)
		}
	})

	t.Run("the ID is stable and not empty", func(t *testing.T) {
		a, err := s.ID()
		b, _ := s.ID()
		if err != nil || a == "" || a != b || !strings.Contains(a, speech.FrontEndVersion()) {
			t.Errorf("%q, %q, %v", a, b, err)
		}
	})
}
