package main

import (
	"context"
	"fmt"

	"tenin/audio"
	"tenin/cmd/internal/config"
	"tenin/cmd/internal/kiosk"
	"tenin/storage"
)

// roomSound is the microphone and the loudspeaker of the room that the kiosk stands in.
type roomSound struct {
	devices  soundDevices
	settings config.Audio
	// played is told how a sound ended, unless there was none to play or it was stopped.
	played func(error)
}

// Listen implements kiosk.Device.
func (r *roomSound) Listen(ctx context.Context, from storage.SourceKind) (kiosk.Ear, error) {
	if from != storage.Microphone {
		return nil, fmt.Errorf("a room brings no %s", from)
	}
	return r.devices.OpenMicrophone(ctx, audio.DeviceOptions{Name: r.settings.Microphone})
}

// Speak implements kiosk.Device.
func (r *roomSound) Speak(ctx context.Context) kiosk.Mouth {
	return startPlayback(ctx, r.open, r.played)
}

// Play plays a clip to its end.
func (r *roomSound) Play(ctx context.Context, clip audio.Clip) error {
	speaker, err := r.open(ctx)
	if err != nil {
		return err
	}
	defer speaker.Close()
	_, err = speaker.Play(ctx, clip)
	return err
}

func (r *roomSound) open(ctx context.Context) (audio.Player, error) {
	return r.devices.OpenSpeaker(ctx, audio.DeviceOptions{Name: r.settings.Loudspeaker})
}
