package setup

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tenin/audio"
)

const (
	// settle is how long devices are open before anything is measured: the first blocks of many are not sound yet.
	settle = 500 * time.Millisecond
	// after is how long is listened after the sound has ended: more than any delay that could be used.
	after = 1500 * time.Millisecond
)

// recording is what the microphone heard while something was played.
type recording struct {
	microphone, speaker string
	samples             []float32 // at audio.SampleRate
	// began is the sample at which the sound was given to the loudspeaker. The microphone's samples get their time from
	// the frames that arrived soonest, so that a busy machine moves it by little.
	began int
}

// playAndHear plays a clip and records from before it until after it.
func (s *Setup) playAndHear(ctx context.Context, part Part, clip audio.Clip) (r recording, f Finding, ok bool) {
	ear, err := s.openEar(ctx)
	if err != nil {
		f = earFinding(err)
		f.Part = part
		return r, f, false
	}
	defer ear.Close()
	speaker, err := s.openSpeaker(ctx)
	if err != nil {
		return r, speakerFinding(part, err), false
	}
	defer speaker.Close()
	r.microphone, r.speaker = nameOf(ear), nameOf(speaker)

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	heard := make(chan error, 1)
	var first time.Time // of sample 0, as the earliest frames tell it
	stop := make(chan struct{})
	go func() {
		for {
			select {
			case <-stop:
				heard <- nil
				return
			default:
			}
			frame, err := ear.Read(ctx)
			if err != nil {
				heard <- err
				return
			}
			r.samples = append(r.samples, frame...)
			at := time.Now().Add(-samplesTime(len(r.samples)))
			if first.IsZero() || at.Before(first) {
				first = at
			}
		}
	}()
	wait := func(d time.Duration) error {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
			return nil
		case err := <-heard:
			heard <- err
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	err = wait(settle)
	began := time.Now()
	if err == nil {
		if _, perr := speaker.Play(ctx, clip); perr != nil {
			cancel()
			<-heard
			return r, speakerFinding(part, perr), false
		}
		err = wait(after)
	}
	close(stop)
	if herr := <-heard; err == nil {
		err = herr
	}
	if err != nil {
		f = earFinding(err)
		f.Part = part
		return r, f, false
	}
	r.began = int(began.Sub(first).Seconds() * audio.SampleRate)
	return r, f, true
}

func samplesTime(n int) time.Duration { return time.Duration(n) * time.Second / audio.SampleRate }

func speakerFinding(part Part, err error) Finding {
	switch {
	case errors.Is(err, audio.ErrNoSpeaker):
		return found(part, Bad, LoudspeakerNone, err.Error(), "plug one in")
	case errors.Is(err, audio.ErrDeviceLost):
		return found(part, Bad, DeviceLost, err.Error(), "plug it in again, or look whether the sound server runs")
	}
	return failedTest(part, fmt.Errorf("loudspeaker: %w", err), "look at `tenin doctor audio`")
}
