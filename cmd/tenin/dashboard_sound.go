package main

import (
	"context"
	"fmt"
	"math"
	"os"
	"sync"

	"tenin/audio"
	"tenin/cmd/internal/config"
	"tenin/cmd/internal/kiosk/office"
)

// counterSounds are a dashboard's way to be heard: this machine's loudspeaker, and the terminal's bell where there is none.
type counterSounds struct {
	settings config.Config
	bell     *os.File
	ringing  sync.Mutex // one chime at a time
}

// Play implements office.Player.
func (s *counterSounds) Play(ctx context.Context, clip audio.Clip) error {
	speaker, err := audio.OpenSpeaker(ctx, audio.DeviceOptions{Name: s.settings.Audio.Loudspeaker})
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("%w: %w", office.ErrNoPlayer, err)
	}
	defer speaker.Close()
	_, err = speaker.Play(ctx, clip)
	return err
}

// Chime rings, unless it rings already.
func (s *counterSounds) Chime(ctx context.Context) {
	if !s.ringing.TryLock() {
		return
	}
	defer s.ringing.Unlock()
	if s.Play(ctx, chime()) != nil {
		ringBell(s.bell)
	}
}

// chime is a bell of two tones, a falling third, 1.4 s long: it is heard across a shop floor and says nothing.
func chime() audio.Clip {
	const rate = 24000
	clip := audio.Clip{Samples: make([]float32, rate*14/10), Rate: rate}
	for _, tone := range []struct{ at, hz float64 }{{0, 1046.5}, {0.35, 830.6}} {
		for i := range clip.Samples {
			t := float64(i)/rate - tone.at
			if t < 0 {
				continue
			}
			// The second and third partial make it a bell; the start is softened, so that it does not click.
			wave := math.Sin(2*math.Pi*tone.hz*t) + 0.4*math.Sin(4*math.Pi*tone.hz*t) + 0.15*math.Sin(6*math.Pi*tone.hz*t)
			clip.Samples[i] += float32(0.22 * wave * math.Exp(-4*t) * min(t/0.004, 1))
		}
	}
	return clip
}
