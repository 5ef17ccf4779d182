//go:build engines

package audio_test

import (
	"context"
	"testing"

	"tenin/audio"
	"tenin/audio/audiotest/conformance"
)

func TestPortAudioConforms(t *testing.T) {
	conformance.TestDevices(t, func(t *testing.T) conformance.Devices {
		kill := audio.StartSoundServer(t)
		named := func(o audio.DeviceOptions) audio.DeviceOptions { o.Name = "pulse"; return o }
		return conformance.Devices{
			Microphone: func(ctx context.Context, o audio.DeviceOptions) (conformance.Microphone, error) {
				return audio.OpenMicrophone(ctx, named(o))
			},
			Speaker: func(ctx context.Context, o audio.DeviceOptions) (audio.Player, error) {
				return audio.OpenSpeaker(ctx, named(o))
			},
			Kill: kill,
		}
	})
}
