//go:build engines

package asr

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"tenin/audio"
)

// weights are in TENIN_MODELS, else in the user's cache. Without them these tests fail: the tag says that they are there.
func weights(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("TENIN_MODELS")
	if dir == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			t.Fatal(err)
		}
		dir = filepath.Join(home, ".cache", "tenin", "models")
	}
	path := filepath.Join(dir, "whisper-base.bin")
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("Whisper's weights are missing (%v): run `tenin models pull` or set TENIN_MODELS", err)
	}
	return path
}

func openWhisper(t testing.TB) *Whisper {
	t.Helper()
	w, err := OpenWhisper(weights(t), WhisperOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

// spoken is a clip of speech named in a folder of recordings, which the project does not carry.
type spoken struct {
	File, Lang, Text string
	samples          []float32
}

func recordings(t *testing.T) []spoken {
	dir := os.Getenv("TENIN_SPEECH")
	if dir == "" {
		t.Skip("no recorded speech: set TENIN_SPEECH to a folder of WAV files with a manifest.jsonl (file, lang, text)")
	}
	f, err := os.Open(filepath.Join(dir, "manifest.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []spoken
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var s spoken
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			t.Fatal(err)
		}
		c, _, err := audio.ReadFile(filepath.Join(dir, s.File), audio.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		s.samples = audio.Resample(c, SampleRate).Samples
		all = append(all, s)
	}
	return all
}

// ShortClip is a recording of at most 5 s and its language, for the conformance test from outside.
func ShortClip(t *testing.T) (samples []float32, language string) {
	t.Helper()
	for _, s := range recordings(t) {
		if s.Text != "" && len(s.samples) < 5*SampleRate {
			return s.samples, s.Lang
		}
	}
	t.Fatal("no clip of speech is shorter than 5 s")
	return nil, ""
}

// OpenForTest opens the real engine for it.
func OpenForTest(t *testing.T) Recognizer { return openWhisper(t) }

func TestRecordedSpeechIsTranscribedAndOtherSoundGivesNoWord(t *testing.T) {
	w := openWhisper(t)
	for _, s := range recordings(t) {
		t.Run(s.File, func(t *testing.T) {
			lang := s.Lang
			if s.Text == "" {
				lang = "ja"
			}
			got, err := w.Transcribe(context.Background(), s.samples, Options{Language: lang})
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("character error rate %.2f, %+v", CER(s.Text, got.Text), got.Timings)
			if s.Text == "" && got.Text != "" {
				t.Errorf("sound without speech gave %q", got.Text)
			}
			if s.Text != "" && CER(s.Text, got.Text) > 0.4 {
				t.Errorf("got %q, want %q", got.Text, s.Text)
			}
		})
	}
}

func TestAutoFindsTheLanguageOfSpeech(t *testing.T) {
	w := openWhisper(t)
	for _, s := range recordings(t) {
		if s.Text == "" || len(s.samples) > 7*SampleRate {
			continue
		}
		got, err := w.Transcribe(context.Background(), s.samples, Options{Language: "auto", Prompt: "営業時間、駐車場。"})
		if err != nil || got.Language != s.Lang {
			t.Errorf("%s: %q, error %v", s.File, got.Language, err)
		}
	}
}

func TestWhisperWritesNothingForSoundsWithoutSpeech(t *testing.T) {
	w := openWhisper(t)
	rng := rand.New(rand.NewPCG(1, 2))
	made := func(f func(i int) float64) []float32 {
		s := make([]float32, 3*SampleRate)
		for i := range s {
			s[i] = float32(f(i))
		}
		return s
	}
	sounds := map[string][]float32{
		"faint hiss": made(func(int) float64 { return 0.002 * rng.NormFloat64() }),
		"hiss":       made(func(int) float64 { return 0.05 * rng.NormFloat64() }),
		"hum":        made(func(i int) float64 { return 0.1 * math.Sin(float64(i)*2*math.Pi*50/SampleRate) }),
		"tone":       tone(3 * time.Second),
		"beeps": made(func(i int) float64 {
			if i/4000%2 == 0 {
				return 0
			}
			return 0.3 * math.Sin(float64(i)*2*math.Pi*2000/SampleRate)
		}),
	}
	for name, s := range sounds {
		for _, prompt := range []string{"", "営業時間、駐車場、返品、トイレ、クレジットカード、免税、授乳室、領収書。"} {
			got, err := w.Transcribe(context.Background(), s, Options{Prompt: prompt})
			if err != nil || got.Text != "" {
				t.Errorf("%s with a prompt of %d bytes: %q, error %v", name, len(prompt), got.Text, err)
			}
		}
	}
}

func TestCancellingStopsTheEncoderItself(t *testing.T) {
	w := openWhisper(t)
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		time.Sleep(30 * time.Millisecond)
		cancel()
	}()
	noise := tone(29 * time.Second)
	_, err := w.Transcribe(ctx, noise, Options{})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	if w.run.encoded_us != 0 {
		t.Error("the encoder ran to its end although the call was cancelled while it worked")
	}
}

func TestAPromptIsCountedInTokens(t *testing.T) {
	w := openWhisper(t)
	short, long := w.Tokens("営業時間"), w.Tokens("営業時間、駐車場、返品")
	if short < 1 || long <= short {
		t.Errorf("%d and %d tokens", short, long)
	}
	if e := estimateTokens("営業時間、駐車場、返品"); e < long {
		t.Errorf("estimated %d tokens, counted %d", e, long)
	}
}

func TestTwoWhispersMayWorkAtOnce(t *testing.T) {
	a, b := openWhisper(t), openWhisper(t)
	done := make(chan error, 2)
	for _, w := range []*Whisper{a, b} {
		go func() {
			_, err := w.Transcribe(context.Background(), tone(time.Second), Options{Partial: true})
			done <- err
		}()
	}
	if err := errors.Join(<-done, <-done); err != nil {
		t.Error(err)
	}
}
