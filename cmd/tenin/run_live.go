package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"tenin/audio"
	"tenin/cmd/internal/config"
	"tenin/cmd/internal/kiosk"
	"tenin/storage"
)

// consentNotice is what a person agrees to; its version is kept with each session. A changed text is a new version.
const (
	consentNotice = `この会話（声と文字）を、応対の改善のために、この端末の中だけに暗号化して%d日間保存してもよろしいですか。
保存しなくてもお答えします。  May we keep this conversation on this machine for %d days?
  y Enter: はい yes    Enter: いいえ no  `
	consentVersion = "2026-11-headless"
)

// interactive is the kiosk in a terminal: Enter opens the microphone, and stops an answer that is being spoken.
func (r *headlessRun) interactive(ctx context.Context, in io.Reader) error {
	render, stop := context.WithCancel(ctx)
	rendered := make(chan error, 1)
	go func() { rendered <- r.clerk.Render(render) }()
	defer func() { stop(); <-rendered }()

	keys := readKeys(in)
	for {
		fmt.Fprintln(r.out, "\nEnter: 話す speak    q Enter: 終わる leave")
		key, ok := nextKey(ctx, keys)
		if !ok || key == "q" {
			return ctx.Err()
		}
		if err := r.shopper(ctx, keys); err != nil {
			return err
		}
	}
}

// shopper serves one person until they leave.
func (r *headlessRun) shopper(ctx context.Context, keys <-chan string) error {
	days := r.settings.Retention.Days
	fmt.Fprintf(r.out, consentNotice, days, days)
	key, ok := nextKey(ctx, keys)
	if !ok {
		return ctx.Err()
	}
	visit := r.clerk.BeginUnkept()
	if strings.EqualFold(key, "y") || key == "はい" {
		consent, err := storage.GrantConsent(storage.Grant{Notice: consentVersion, By: storage.ByKey, At: time.Now()})
		if err != nil {
			return err
		}
		if visit, err = r.clerk.Begin(storage.FromMicrophone(consent)); err != nil {
			return err
		}
	}
	defer visit.Close()
	for {
		if err := r.liveTurn(ctx, visit, keys); err != nil {
			return err
		}
		fmt.Fprintln(r.out, "\nEnter: もう一つ聞く ask again    n Enter: 次の方 next shopper")
		if key, ok := nextKey(ctx, keys); !ok || key != "" {
			return ctx.Err()
		}
	}
}

// liveTurn opens the microphone for one question only, and speaks the answer.
func (r *headlessRun) liveTurn(ctx context.Context, visit *kiosk.Visit, keys <-chan string) error {
	microphone, err := audio.OpenMicrophone(ctx, audio.DeviceOptions{Name: r.settings.Audio.Microphone})
	if err != nil {
		return err
	}
	defer microphone.Close()
	fmt.Fprintln(r.out, "● どうぞお話しください speak now")
	var playback *playback
	var spoken audio.Clip
	turn, err := visit.Listen(ctx, microphone, func(words string) { r.flags.say("… %s", words) }, func(chunk audio.Clip) error {
		if playback == nil {
			// The microphone is closed before the loudspeaker opens: until echo is cancelled the kiosk is half duplex.
			microphone.Close()
			if playback, err = startPlayback(ctx, r.settings); err != nil {
				return err
			}
		}
		playback.add(chunk)
		return collect(&spoken)(chunk)
	})
	if err != nil {
		return err
	}
	if err := r.show(turn, visit, spoken); err != nil || playback == nil {
		return err
	}
	return playback.wait(keys)
}

// playback plays chunks in order while later ones are being synthesised.
type playback struct {
	queue chan audio.Clip
	done  chan error
	stop  context.CancelFunc
}

func startPlayback(ctx context.Context, settings config.Config) (*playback, error) {
	speaker, err := audio.OpenSpeaker(ctx, audio.DeviceOptions{Name: settings.Audio.Loudspeaker})
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	// A turn has a few chunks; the queue holds them all, so that synthesis never waits for the loudspeaker.
	p := &playback{queue: make(chan audio.Clip, 256), done: make(chan error, 1), stop: stop}
	go func() {
		defer speaker.Close()
		for chunk := range p.queue {
			if _, err := speaker.Play(ctx, chunk); err != nil {
				p.done <- err
				return
			}
		}
		p.done <- nil
	}()
	return p, nil
}

func (p *playback) add(chunk audio.Clip) {
	select {
	case p.queue <- chunk:
	case err := <-p.done:
		p.done <- err
	}
}

// wait returns when all was played, or when a key stopped it.
func (p *playback) wait(keys <-chan string) error {
	defer p.stop()
	close(p.queue)
	select {
	case err := <-p.done:
		return err
	case <-keys:
		p.stop()
		if err := <-p.done; err != nil && !errors.Is(err, context.Canceled) {
			return err
		}
		return nil
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

// readKeys gives each line of in; the channel closes at its end. The reader lives as long as the process: a terminal
// cannot be asked to stop.
func readKeys(in io.Reader) <-chan string {
	keys := make(chan string)
	go func() {
		defer close(keys)
		for lines := bufio.NewScanner(in); lines.Scan(); {
			keys <- strings.TrimSpace(lines.Text())
		}
	}()
	return keys
}

// nextKey waits for a line; ok is false at the end of the input or of ctx.
func nextKey(ctx context.Context, keys <-chan string) (key string, ok bool) {
	select {
	case key, ok = <-keys:
		return key, ok
	case <-ctx.Done():
		return "", false
	}
}
