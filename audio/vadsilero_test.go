//go:build engines

package audio_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tenin/audio"
	"tenin/audio/audiotest/conformance"
)

// sileroPath finds the weights where the program keeps them.
func sileroPath(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("TENIN_MODELS")
	if dir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			t.Fatal(err)
		}
		dir = filepath.Join(cache, "tenin", "models")
	}
	path := filepath.Join(dir, "silero-vad-v6.onnx")
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("the weights are missing: run `tenin models pull`, or set TENIN_MODELS: %v", err)
	}
	return path
}

func TestSileroConforms(t *testing.T) {
	path := sileroPath(t)
	conformance.TestVAD(t, func(t *testing.T) audio.VAD {
		v, err := audio.OpenSilero(path)
		if err != nil {
			t.Fatal(err)
		}
		return v
	})
}

func TestSileroTellsAVoiceFromTones(t *testing.T) {
	v, err := audio.OpenSilero(sileroPath(t))
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	beep := conformance.Tone(2000, audio.SampleRate, audio.SampleRate, 0.3)
	chord := conformance.Tone(523, audio.SampleRate, 2*audio.SampleRate, 0.1)
	for _, hz := range []float64{659, 784} {
		for i, v := range conformance.Tone(hz, audio.SampleRate, 2*audio.SampleRate, 0.1).Samples {
			chord.Samples[i] += v
		}
	}
	for name, c := range map[string]audio.Clip{"a beep": beep, "a chord": chord, "hiss": conformance.Noise(2, 0.05)} {
		v.Reset()
		e := audio.NewEndpointer(audio.EndpointConfig{})
		for i, p := range conformance.Probabilities(t, v, c) {
			if event := e.Feed(p); event != audio.None {
				t.Errorf("%s: %v at frame %d", name, event, i)
			}
		}
	}
}

func TestMissingOrWrongWeightsAreOneClearLine(t *testing.T) {
	_, err := audio.OpenSilero(filepath.Join(t.TempDir(), "none.onnx"))
	if err == nil || !strings.Contains(err.Error(), "tenin models pull") || strings.Contains(err.Error(), "\n") {
		t.Errorf("missing: %v", err)
	}
	wrong := filepath.Join(t.TempDir(), "wrong.onnx")
	if err := os.WriteFile(wrong, []byte("wrong"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := audio.OpenSilero(wrong); err == nil || strings.Contains(err.Error(), "\n") {
		t.Errorf("wrong: %v", err)
	}
}
