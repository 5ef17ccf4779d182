//go:build !engines

package audio

import (
	"errors"
	"testing"
)

func TestABuildWithoutEnginesSaysSo(t *testing.T) {
	_, list := Devices()
	_, found := DefaultMicrophone()
	_, microphone := OpenMicrophone(t.Context(), DeviceOptions{})
	_, speaker := OpenSpeaker(t.Context(), DeviceOptions{})
	_, vad := OpenSilero("silero-vad-v6.onnx")
	for _, err := range []error{list, found, microphone, speaker, vad} {
		if !errors.Is(err, ErrNoEngines) {
			t.Errorf("got %v", err)
		}
	}
}
