package main

import (
	"context"
	"fmt"
	"time"

	"tenin/audio"
	"tenin/cmd/internal/config"
)

// soundDevices is the way in and out of the machine. [audio.FakeDevices] are some too.
type soundDevices interface {
	DefaultMicrophone() (audio.Device, error)
	OpenMicrophone(context.Context, audio.DeviceOptions) (*audio.Microphone, error)
	OpenSpeaker(context.Context, audio.DeviceOptions) (*audio.Speaker, error)
}

// systemSound are the machine's own devices.
type systemSound struct{}

func (systemSound) DefaultMicrophone() (audio.Device, error) { return audio.DefaultMicrophone() }

func (systemSound) OpenMicrophone(ctx context.Context, o audio.DeviceOptions) (*audio.Microphone, error) {
	return audio.OpenMicrophone(ctx, o)
}

func (systemSound) OpenSpeaker(ctx context.Context, o audio.DeviceOptions) (*audio.Speaker, error) {
	return audio.OpenSpeaker(ctx, o)
}

// closeLimit is how long a stopped playback is waited for. A loudspeaker stops in 50 ms; one whose sound server hangs may
// not come back, and the end of the program frees it as well.
const closeLimit = 700 * time.Millisecond

// playback plays an answer chunk by chunk while later chunks are still being made.
type playback struct {
	chunks chan audio.Clip
	stop   context.CancelFunc
	ended  chan struct{}
	err    error // set when ended is closed
}

// startPlayback opens the loudspeaker at once, beside the caller: by the time that there is something to play, it is
// open. Nothing but silence comes from it until then.
func startPlayback(ctx context.Context, open func(context.Context) (*audio.Speaker, error)) *playback {
	ctx, stop := context.WithCancel(ctx)
	// An answer has a few chunks; there is room for them all, so that their making never waits for their playing.
	p := &playback{chunks: make(chan audio.Clip, 256), stop: stop, ended: make(chan struct{})}
	go func() {
		defer close(p.ended)
		p.err = p.play(ctx, open)
	}()
	return p
}

func (p *playback) play(ctx context.Context, open func(context.Context) (*audio.Speaker, error)) error {
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

// add takes the next chunk; it does not wait for it to be played.
func (p *playback) add(chunk audio.Clip) {
	select {
	case p.chunks <- chunk:
	case <-p.ended:
	}
}

// finish waits until all that was added is played, or until stop. It is called once, after the last add.
func (p *playback) finish() error {
	close(p.chunks)
	<-p.ended
	p.stop()
	return p.err
}

// silence stops at once and frees the loudspeaker.
func (p *playback) silence() {
	p.stop()
	limit := time.NewTimer(closeLimit)
	defer limit.Stop()
	select {
	case <-p.ended:
	case <-limit.C:
	}
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
