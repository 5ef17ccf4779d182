package worker

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"

	"tenin/asr"
	"tenin/audio"
	"tenin/audio/speech"
	"tenin/cmd/internal/worker/pb"
	"tenin/llm"
	"tenin/llm/models"
)

func TestEverySentinelSurvivesTheWire(t *testing.T) {
	for name, c := range map[string]struct {
		list faults
		errs []error
	}{
		"open":  {openFaults, []error{asr.ErrNoEngine, models.ErrMissing, models.ErrDamaged, ErrSeal}},
		"asr":   {asrFaults, []error{asr.ErrClosed, asr.ErrTooLong, asr.ErrLanguage, asr.ErrSamples, context.Canceled, context.DeadlineExceeded}},
		"vad":   {vadFaults, []error{audio.ErrFrame, audio.ErrClosed}},
		"llm":   {llmFaults, []error{llm.ErrEmpty, llm.ErrClosed, llm.ErrTooLong, context.Canceled}},
		"voice": {voiceFaults, []error{speech.ErrNothingToSay, speech.ErrTooLong, speech.ErrLanguage, speech.ErrVoice, speech.ErrSpeed}},
		"sound": {soundFaults, []error{audio.ErrDeviceLost, audio.ErrNoMicrophone, audio.ErrNoSpeaker, audio.ErrClosed, audio.ErrNoEngines}},
	} {
		for _, want := range c.errs {
			code := c.list.code(fmt.Errorf("a shopper's words: %w", want))
			if got := c.list.err(ASR, code); !errors.Is(got, want) {
				t.Errorf("%s: %v arrives as %v", name, want, got)
			}
		}
	}
}

func TestAnErrorWithoutANameArrivesWithoutItsWords(t *testing.T) {
	got := asrFaults.err(ASR, asrFaults.code(errors.New("山田太郎 was heard")))
	if !errors.Is(got, ErrEngine) || got.Error() != "asr worker: the engine failed" {
		t.Error(got)
	}
}

func TestACodeThatIsNotInTheListIsGarbage(t *testing.T) {
	for _, code := range []pb.Fault{-1, 9999, pb.Fault_FAULT_NO_SPEAKER} {
		if err := asrFaults.err(ASR, code); !errors.Is(err, errGarbage) {
			t.Errorf("%d: %v", code, err)
		}
	}
}

func TestOnlySoundPassesAsSound(t *testing.T) {
	for _, bad := range []float32{float32(math.NaN()), float32(math.Inf(1)), -9} {
		if _, err := unpackSound(audio.PackSamples([]float32{0, bad}), 2); !errors.Is(err, errGarbage) {
			t.Errorf("%v: %v", bad, err)
		}
	}
	if _, err := unpackSound(make([]byte, 12), 2); err == nil {
		t.Error("more samples than asked for")
	}
	if _, err := unpackSound(make([]byte, 7), 2); err == nil {
		t.Error("a broken sample")
	}
}
