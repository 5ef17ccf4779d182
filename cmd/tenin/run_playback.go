package main

import (
	"context"
	"fmt"
	"time"

	"tenin/audio"
	"tenin/cmd/internal/config"
)

// soundDevices is the way in and out of the machine: the process that may reach it, or devices of this one.
type soundDevices interface {
	DefaultMicrophone() (audio.Device, error)
	OpenMicrophone(context.Context, audio.DeviceOptions) (audio.Source, error)
	OpenSpeaker(context.Context, audio.DeviceOptions) (audio.Player, error)
}

// closeLimit is how long a stopped playback is waited for. A loudspeaker stops in 50 ms; one whose sound server hangs may
// not come back, and the end of the program frees it as well.
const closeLimit = 700 * time.Millisecond

// playback plays an answer chunk by chunk while later chunks are still being made.
type playback struct {
	chunks  chan audio.Clip
	ctx     context.Context
	stop    context.CancelFunc
	played  func(error)
	sounded bool // something was added
	ended   chan struct{}
	err     error // set when ended is closed
}

// startPlayback opens the loudspeaker at once, beside the caller: by the time that there is something to play, it is
// open. Nothing but silence comes from it until then. played is told how the sound ended, unless there was none to play or
// it was stopped.
func startPlayback(ctx context.Context, open func(context.Context) (audio.Player, error), played func(error)) *playback {
	ctx, stop := context.WithCancel(ctx)
	// An answer has a few chunks; there is room for them all, so that their making never waits for their playing.
	p := &playback{chunks: make(chan audio.Clip, 256), ctx: ctx, stop: stop, played: played, ended: make(chan struct{})}
	go func() {
		defer close(p.ended)
		p.err = p.play(ctx, open)
	}()
	return p
}

func (p *playback) play(ctx context.Context, open func(context.Context) (audio.Player, error)) error {
	speaker, err := open(ctx)
	if err != nil {
		return err
	}
	defer speaker.Close()
	for {
		select {
		case chunk, more := <-p.chunks:
			if !more {
				return nil
			}
			if _, err := speaker.Play(ctx, chunk); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Add implements kiosk.Mouth.
func (p *playback) Add(chunk audio.Clip) {
	p.sounded = true
	select {
	case p.chunks <- chunk:
	case <-p.ended:
	}
}

// Stop implements kiosk.Mouth.
func (p *playback) Stop() { p.stop() }

// Finish implements kiosk.Mouth.
func (p *playback) Finish() {
	close(p.chunks)
	select {
	case <-p.ended:
		if p.sounded && p.ctx.Err() == nil {
			p.played(p.err)
		}
	case <-p.ctx.Done():
		limit := time.NewTimer(closeLimit)
		defer limit.Stop()
		select {
		case <-p.ended:
		case <-limit.C:
		}
	}
	p.stop()
}

// playAloud plays one clip to its end.
func playAloud(ctx context.Context, settings config.Config, clip audio.Clip) error {
	speaker, err := audio.OpenSpeaker(ctx, audio.DeviceOptions{Name: settings.Audio.Loudspeaker})
	if err != nil {
		return fmt.Errorf("%w: write a file with --output FILE.wav", err)
	}
	defer speaker.Close()
	_, err = speaker.Play(ctx, clip)
	return err
}
