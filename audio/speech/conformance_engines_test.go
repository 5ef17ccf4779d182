//go:build engines

package speech_test

import (
	"testing"

	"tenin/audio/speech"
	"tenin/audio/speech/speechtest"
)

func TestKokoroIsASynthesizer(t *testing.T) {
	speechtest.TestSynthesizer(t, speech.OpenForTest(t))
}
