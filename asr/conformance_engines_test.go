//go:build engines

package asr_test

import (
	"testing"

	"tenin/asr"
	"tenin/asr/asrtest"
)

func TestWhisperConforms(t *testing.T) {
	speech, language := asr.ShortClip(t)
	asrtest.TestRecognizer(t, asr.OpenForTest, speech, language)
}
