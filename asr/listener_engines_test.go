//go:build engines

package asr

import (
	"context"
	"path/filepath"
	"testing"

	"tenin/audio"
)

func TestARecordingFedAsAMicrophoneIsHeardWithRealEngines(t *testing.T) {
	w := openWhisper(t)
	vad, err := audio.OpenSilero(filepath.Join(filepath.Dir(weights(t)), "silero-vad-v6.onnx"))
	if err != nil {
		t.Fatal(err)
	}
	defer vad.Close()
	for _, s := range recordings(t) {
		if len(s.samples) > 8*SampleRate {
			continue
		}
		t.Run(s.File, func(t *testing.T) {
			lang := s.Lang
			if s.Text == "" {
				lang = "ja"
			}
			src := audio.NewFileSource(audio.Clip{Samples: append(s.samples, make([]float32, 2*SampleRate)...), Rate: SampleRate}, true)
			defer src.Close()
			h, err := NewListener(w, vad, ListenerConfig{Language: lang}).Listen(context.Background(), src)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("wait %v, after the end %v, %+v", h.EndpointWait, h.Timings.AfterEnd, h.Timings)
			if s.Text == "" && h.Transcript.Text != "" {
				t.Errorf("sound without speech was heard as %q", h.Transcript.Text)
			}
			if s.Text != "" && h.Transcript.Text == "" {
				t.Error("speech was not heard")
			}
		})
	}
}
