package audio_test

import (
	"context"
	"testing"
	"time"

	"tenin/audio"
	"tenin/audio/audiotest/conformance"
)

func TestEnergyVADConforms(t *testing.T) {
	conformance.TestVAD(t, func(*testing.T) audio.VAD { return &audio.EnergyVAD{} })
}

func TestFakeDevicesConform(t *testing.T) {
	conformance.TestDevices(t, func(t *testing.T) conformance.Devices {
		f := &audio.FakeDevices{}
		return conformance.Devices{
			Microphone: func(ctx context.Context, o audio.DeviceOptions) (conformance.Microphone, error) {
				return f.OpenMicrophone(ctx, o)
			},
			Speaker: func(ctx context.Context, o audio.DeviceOptions) (audio.Player, error) { return f.OpenSpeaker(ctx, o) },
			Kill:    f.Unplug,
		}
	})
}

func TestWhatIsSaidInTheFakeRoomIsHeard(t *testing.T) {
	f := &audio.FakeDevices{}
	m, err := f.OpenMicrophone(t.Context(), audio.DeviceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	sound := conformance.Chirp(16000, 4800)
	f.Say(sound)
	stop, heard := conformance.Record(t, m)
	time.Sleep(500 * time.Millisecond)
	close(stop)
	if c := conformance.Correlation(<-heard, sound.Samples); c < 0.99 {
		t.Errorf("correlation %.4f", c)
	}
}
