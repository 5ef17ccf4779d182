//go:build engines

package setup

import (
	"math"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tenin/audio"
	"tenin/audio/audiotest"
)

// TestOnARealSoundServerToneEchoAndVoiceAreHeard plays on a null sink whose monitor is the microphone.
func TestOnARealSoundServerToneEchoAndVoiceAreHeard(t *testing.T) {
	server := audiotest.Start(t, "counter")
	for _, v := range server.Env("counter", "counter.monitor") {
		name, value, _ := strings.Cut(v, "=")
		t.Setenv(name, value)
	}
	s, err := New(Options{Home: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	w := s.ShopSettings()
	w.Microphone, w.Loudspeaker = "pulse", "pulse"
	if err := s.SetShop(w); err != nil {
		t.Fatal(err)
	}
	tone := s.CheckLoudspeaker(t.Context())
	t.Logf("%+v", tone)
	if tone.State != Good {
		t.Errorf("%+v", tone)
	}
	e := s.MeasureEcho(t.Context())
	t.Logf("%+v", e)
	if !e.Heard || !e.HalfDuplex || math.Abs(e.Attenuation) > 1 || e.Delay <= 0 || e.Likeness < 0.9 {
		t.Errorf("%+v", e)
	}

	voice := filepath.Join(t.TempDir(), "voice.wav")
	said := join(noise(time.Second, -70), noise(2*time.Second, -20))
	if err := audio.WriteFile(voice, said); err != nil {
		t.Fatal(err)
	}
	spoke := make(chan error, 1)
	asked := false
	h := s.CheckMicrophone(t.Context(), func(l Level) {
		if l.Phase == Speak && !asked {
			asked = true
			go func() { spoke <- server.Play(voice, "counter") }()
		}
	})
	t.Logf("%+v", h)
	if err := <-spoke; err != nil {
		t.Fatal(err)
	}
	if h.State != Good || math.Abs(h.Speech+20) > 2 {
		t.Errorf("%+v", h)
	}
}
