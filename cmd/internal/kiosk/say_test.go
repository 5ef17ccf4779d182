package kiosk

import (
	"context"
	"math"
	"testing"
	"time"

	"tenin/audio"
	"tenin/audio/speech"
	"tenin/llm/dialogue"
	"tenin/storage"
)

func TestARenderedAnswerIsNotSpokenTwice(t *testing.T) {
	clerk, f := openFake(t, "", nil)
	if clerk.Unrendered() != 5 {
		t.Errorf("%d texts to render: two answers, the hand-off and two sentences of the kiosk are there", clerk.Unrendered())
	}
	if err := clerk.Render(t.Context()); err != nil {
		t.Fatal(err)
	}
	if clerk.Unrendered() != 0 || !clerk.Rendered(speech.Approve(parkingAnswer)) {
		t.Error("rendering is not complete")
	}
	made := len(f.voice.texts)
	var spoken time.Duration
	for range 2 {
		if _, err := clerk.BeginUnkept().AskText(t.Context(), parking, func(chunk audio.Clip) error { spoken += chunk.Duration(); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	if len(f.voice.texts) != made || spoken == 0 {
		t.Errorf("the voice made %d more texts, %v were heard", len(f.voice.texts)-made, spoken)
	}
}

func TestRenderingGoesOnWhereItWasStopped(t *testing.T) {
	clerk, f := openFake(t, "", nil)
	ctx, cancel := context.WithCancel(t.Context())
	f.voice.began = func() {
		if len(f.voice.texts) == 2 {
			cancel()
		}
	}
	if err := clerk.RenderQuietly(ctx); err == nil {
		t.Fatal("it was not stopped")
	}
	f.voice.began = nil
	if err := clerk.RenderQuietly(t.Context()); err != nil {
		t.Fatal(err)
	}
	if clerk.Unrendered() != 0 || len(f.voice.texts) != 6 {
		t.Errorf("%d are missing, the voice was asked %d times for five texts and one that was cut off", clerk.Unrendered(), len(f.voice.texts))
	}
}

func TestATurnIsAnsweredInTheMiddleOfRendering(t *testing.T) {
	clerk, f := openFake(t, "", nil)
	asked := make(chan error, 1)
	f.voice.began = func() {
		if len(f.voice.texts) != 1 {
			return
		}
		// The permit is taken: the turn waits for this text, and no other is rendered before it.
		go func() {
			_, err := clerk.BeginUnkept().AskText(context.Background(), parking, nil)
			asked <- err
		}()
		for waits := false; !waits; time.Sleep(time.Millisecond) {
			clerk.permit.mu.Lock()
			waits = clerk.permit.waiting[rankTurn] > 0
			clerk.permit.mu.Unlock()
		}
	}
	rendered := make(chan error, 1)
	go func() { rendered <- clerk.RenderQuietly(t.Context()) }()
	for _, done := range []chan error{asked, rendered} {
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
		case <-time.After(hold):
			t.Fatal("it hangs")
		}
	}
}

func TestAnEnglishAnswerIsShownAndNotSpoken(t *testing.T) {
	clerk, f := openFake(t, "", nil)
	turn, err := begin(t, clerk, storage.FromText()).AskText(t.Context(), "Please tell me about quantum physics", func(audio.Clip) error { t.Error("it speaks"); return nil })
	if err != nil || turn.Reply.Kind != dialogue.HandOff || turn.Reply.Language != "en" || turn.Timings.FirstAudio != 0 {
		t.Errorf("%+v, %v", turn, err)
	}
	if len(f.voice.texts) != 0 {
		t.Errorf("the voice made %q", f.voice.texts)
	}
}

func TestAClerkWithoutAVoiceAnswersSilently(t *testing.T) {
	clerk, _ := openFake(t, "", func(o *Options) { o.Parts = Knowing | Keeping })
	turn, err := begin(t, clerk, storage.FromText()).AskText(t.Context(), parking, func(audio.Clip) error { t.Error("it speaks"); return nil })
	if err != nil || turn.Reply.Text != parkingAnswer {
		t.Errorf("%+v, %v", turn, err)
	}
	if err := clerk.RenderQuietly(t.Context()); err == nil {
		t.Error("it renders without a voice")
	}
}

func TestARecordingOfAQuestionIsTheSameEachTimeToSixteenBits(t *testing.T) {
	clerk, f := openFake(t, "", nil)
	first, err := clerk.Record(t.Context(), parking, "jm_kumo")
	if err != nil {
		t.Fatal(err)
	}
	made := len(f.voice.texts)
	second, err := clerk.Record(t.Context(), parking, "jm_kumo")
	if err != nil || len(f.voice.texts) != made {
		t.Fatalf("%v; the voice was asked again: %v", err, len(f.voice.texts) != made)
	}
	if first.EndOfSpeech != second.EndOfSpeech || len(first.Clip.Samples) != len(second.Clip.Samples) {
		t.Fatalf("speech ends at %d and %d", first.EndOfSpeech, second.EndOfSpeech)
	}
	for i, s := range first.Clip.Samples {
		if math.Abs(float64(s-second.Clip.Samples[i])) > 1.0/32000 {
			t.Fatalf("sample %d is %g and %g", i, s, second.Clip.Samples[i])
		}
	}
	if rest := len(first.Clip.Samples) - first.EndOfSpeech; rest != 2*audio.SampleRate {
		t.Errorf("%d samples follow the speech", rest)
	}
}
