package asr_test

import (
	"testing"
	"time"

	"tenin/asr"
	"tenin/asr/asrtest"
)

func TestScriptedRecognizerConforms(t *testing.T) {
	asrtest.TestRecognizer(t, func(t *testing.T) asr.Recognizer {
		r := &asr.Scripted{Latency: 30 * time.Millisecond, Script: func([]float32, asr.Options) asr.Transcript {
			return asr.Transcript{Text: "営業時間を教えてください"}
		}}
		t.Cleanup(func() { r.Close() })
		return r
	}, asr.Tone(time.Second), "ja")
}
