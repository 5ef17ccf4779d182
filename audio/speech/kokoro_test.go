//go:build engines

package speech

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"tenin/audio/internal/onnx"
	"tenin/llm/models"
	"tenin/llm/reading"
)

// TestMain starts the tests again with the runtime's telemetry off, which must
// be so before the process begins.
func TestMain(m *testing.M) {
	if os.Getenv(onnx.TelemetryVariable) != "1" {
		again := exec.Command(os.Args[0], os.Args[1:]...)
		again.Env = append(os.Environ(), onnx.TelemetryVariable+"=1")
		again.Stdin, again.Stdout, again.Stderr = os.Stdin, os.Stdout, os.Stderr
		if err := again.Run(); err != nil {
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// weights returns the folder with the real weights and fails without them.
func weights(t testing.TB) string {
	dir := models.DefaultDir()
	if _, err := os.Stat(PathsIn(dir).Model); err != nil {
		t.Fatalf("no weights: set TENIN_MODELS or run `tenin models pull` (%v)", err)
	}
	return dir
}

func openKokoro(t testing.TB, threads int) *Kokoro {
	k, err := OpenKokoro(PathsIn(weights(t)), reading.Default(), threads)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { k.Close() })
	return k
}

// OpenForTest opens the real engine for the conformance test from outside.
func OpenForTest(t *testing.T) Synthesizer { return openKokoro(t, 2) }

func TestKokoroSoundsTheSameOnOneThreadAndTwo(t *testing.T) {
	const text = "少々お待ちください。"
	a, err := Whole(openKokoro(t, 1).Synthesize(context.Background(), text, Options{}))
	if err != nil {
		t.Fatal(err)
	}
	b, err := Whole(openKokoro(t, 2).Synthesize(context.Background(), text, Options{}))
	if err != nil || !slices.Equal(a.Samples, b.Samples) {
		t.Errorf("samples differ (%v)", err)
	}
}

func TestEveryPhonemeOfJapaneseIsInTheModelsVocabulary(t *testing.T) {
	vocab, err := readVocab(PathsIn(weights(t)).Vocab)
	if err != nil {
		t.Fatal(err)
	}
	for kana, phonemes := range phonemeTable {
		for _, r := range phonemes {
			if _, ok := vocab[r]; !ok {
				t.Errorf("%s has %q, which the model does not know", kana, r)
			}
		}
	}
}

func TestGoldenPhonemesWithTheModelsWordList(t *testing.T) {
	f, err := PathsIn(weights(t)).frontEnd(reading.Default())
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range golden {
		if got := f.Phonemes(text); got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
}

func TestMissingAndBrokenWeightsAreNamed(t *testing.T) {
	good := PathsIn(weights(t))
	junk := filepath.Join(t.TempDir(), "junk")
	if err := os.WriteFile(junk, []byte("junk"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Paths, string){
		"model":      func(p *Paths, s string) { p.Model = s },
		"voices":     func(p *Paths, s string) { p.Voices = s },
		"vocabulary": func(p *Paths, s string) { p.Vocab = s },
	} {
		for _, path := range []string{junk, filepath.Join(t.TempDir(), "missing")} {
			p := good
			change(&p, path)
			if k, err := OpenKokoro(p, reading.Default(), 1); err == nil {
				k.Close()
				t.Errorf("%s %s was accepted", name, path)
			}
		}
	}
}

func TestCancellingStopsTheModelInsideAChunk(t *testing.T) {
	k := openKokoro(t, 1)
	ctx, cancel := context.WithCancel(context.Background())
	stop := time.AfterFunc(20*time.Millisecond, cancel) // a chunk takes half a second at least
	defer stop.Stop()
	_, err := Whole(k.Synthesize(ctx, "営業時間は午前10時から午後8時までです。", Options{}))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
