package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tenin/asr"
	"tenin/audio"
	"tenin/audio/speech"
	"tenin/cmd/internal/worker"
	"tenin/cmd/internal/worker/sandbox"
	"tenin/cmd/internal/worker/workertest"
	"tenin/llm"
	"tenin/llm/models"
	"tenin/llm/redact/canary"
)

// The program whose tests these are is started as a whole: launcher, kiosk, workers, uplink. Where the folder of weights
// has this name, or the build has no engines, its workers compute with fakes; what they hear is told by the pitch of the sound.
const fakeWeights = "weights-of-fakes"

// canarySeed and canarySessions say who the shoppers are.
const (
	canarySeed     = 20261122
	canarySessions = 200
)

func init() {
	// What package sandbox starts as a worker; the kiosk and the uplink are the program's own.
	pools := []string{string(worker.ASR), string(worker.LLM), string(worker.Voice), string(worker.Audio)}
	if len(os.Args) != 3 || os.Args[0] != "tenin" || os.Args[1] != "worker" || !slices.Contains(pools, os.Args[2]) {
		return
	}
	if role, ok := sandbox.Child(); ok {
		os.Exit(worker.Serve(role, fakesOrReal()))
	}
}

// makeFakeWeights makes a folder of weights that hold nothing and have the right size.
func makeFakeWeights(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), fakeWeights)
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, item := range models.Open(dir).List() {
		f, err := os.Create(item.Path)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Truncate(item.Model.Size); err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
	return dir
}

// fakesOrReal are engines that look at the folder of the weights before they choose what they are.
func fakesOrReal() worker.Engines {
	real, fakes := worker.RealEngines(), workertest.Engines()
	fakes.Recognizer = func(worker.Settings) (asr.Recognizer, error) { return newPitchRecognizer() }
	return worker.Engines{
		Recognizer: choose(real.Recognizer, fakes.Recognizer),
		VAD:        choose[audio.VAD](real.VAD, fakes.VAD),
		Reading:    fakes.Reading,
		Embedder:   choose[llm.Embedder](real.Embedder, fakes.Embedder),
		Voice:      choose[speech.Synthesizer](real.Voice, fakes.Voice),
		Devices:    choose[worker.Devices](real.Devices, fakes.Devices),
	}
}

func choose[E any](real, fake func(worker.Settings) (E, error)) func(worker.Settings) (E, error) {
	return func(s worker.Settings) (E, error) {
		if !hasEngines || filepath.Base(s.Weights.Dir()) == fakeWeights {
			return fake(s)
		}
		return real(s)
	}
}

// pitchRecognizer hears what the shopper with the number of the pitch says.
type pitchRecognizer struct {
	obedient asr.Recognizer // crashes when its prompt says so
	shoppers []canary.Session
	*asr.Scripted
}

func newPitchRecognizer() (asr.Recognizer, error) {
	obedient, err := workertest.Engines().Recognizer(worker.Settings{})
	r := &pitchRecognizer{obedient: obedient, shoppers: canary.Sessions(canarySeed, canarySessions)}
	r.Scripted = &asr.Scripted{Script: func(samples []float32, _ asr.Options) asr.Transcript {
		s := r.shoppers[pitchOf(samples)]
		return asr.Transcript{Text: s.Text, Language: s.Language, Confidence: 0.9}
	}}
	return r, err
}

// Transcribe hears a shopper; above the highest pitch of one it dies of what the shopper said.
func (r *pitchRecognizer) Transcribe(ctx context.Context, samples []float32, o asr.Options) (asr.Transcript, error) {
	for kind, end := range map[int]string{1: workertest.Fault, 2: workertest.Panic} {
		if i := pitchOf(samples) - kind*canarySessions; i >= 0 && i < canarySessions {
			return r.obedient.Transcribe(ctx, samples, asr.Options{Prompt: r.shoppers[i].Text + end})
		}
	}
	if i := pitchOf(samples); i < 0 || i >= canarySessions {
		return r.obedient.Transcribe(ctx, samples, o)
	}
	return r.Scripted.Transcribe(ctx, samples, o)
}

// Tokens counts letters.
func (r *pitchRecognizer) Tokens(text string) int { return len([]rune(text)) }

// The pitches lie this far apart, from the lowest one on, all below 4 kHz.
const (
	lowestPitch = 200.0
	pitchStep   = 6.0
)

// pitchOf returns the number of a hum, -1 for what is none.
func pitchOf(samples []float32) int {
	first, last, rises := -1.0, -1.0, 0
	for i := 1; i < len(samples); i++ {
		// The room's noise rises through zero too, but not from one loud half wave to the next.
		if a, b := float64(samples[i-1]), float64(samples[i]); a < 0 && b >= 0 && b-a > 0.01 {
			at := float64(i) - b/(b-a)
			if first < 0 {
				first = at
			} else {
				rises++
			}
			last = at
		}
	}
	if rises < 20 {
		return -1
	}
	pitch := float64(rises) * audio.SampleRate / (last - first)
	return int((pitch-lowestPitch)/pitchStep + 0.5)
}

func TestAShopperIsKnownByThePitch(t *testing.T) {
	for i := range 3 * canarySessions {
		clip := hum(i, 0.7)
		if got := pitchOf(clip.Samples); got != i {
			t.Errorf("shopper %d is taken for %d", i, got)
		}
		if got := pitchOf(clip.Samples[3000 : len(clip.Samples)-2000]); got != i {
			t.Errorf("a part of shopper %d is taken for %d", i, got)
		}
	}
	if pitchOf(make([]float32, 16000)) != -1 || !strings.Contains(fakeWeights, "fakes") {
		t.Error("silence has a pitch")
	}
}
