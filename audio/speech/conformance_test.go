package speech_test

import (
	"testing"

	"tenin/audio/speech"
	"tenin/audio/speech/speechtest"
	"tenin/llm/reading"
)

func TestTheFakeIsASynthesizer(t *testing.T) {
	speechtest.TestSynthesizer(t, speech.NewFake(reading.Default()))
}
