package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"tenin/audio"
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

// shopperPatience is how long a shopper who touches no key is taken to be still there. Whoever comes later is somebody
// else and is asked anew.
const shopperPatience = time.Minute

// live is the kiosk in a terminal: Enter opens the microphone, and stops an answer that is being spoken.
type live struct {
	*headlessRun
	devices  soundDevices
	console  *console
	keys     keyboard
	patience time.Duration
	render   *idleWork
	// mute is set while the loudspeaker is known to be missing, so that it is said once.
	mute bool
}

func newLive(run *headlessRun, in io.Reader, devices soundDevices, console *console) *live {
	return &live{
		headlessRun: run, devices: devices, console: console, keys: readKeys(in), patience: shopperPatience,
		render: &idleWork{work: run.clerk.RenderQuietly, failed: func(err error) {
			console.say("the approved answers could not be spoken ahead: %s", oneLine(err.Error()))
		}},
	}
}

// serve serves one shopper after the other until somebody leaves: by a key, at the end of the input or of ctx.
func (l *live) serve(ctx context.Context) {
	defer l.render.close()
	for {
		l.console.hint("\nEnter: 話す speak    q Enter: 終わる leave")
		switch l.next(ctx, 0) {
		case keyLeave:
			l.console.hint("")
			return
		case keyEnter:
			if l.shopper(ctx) == keyLeave {
				l.console.hint("")
				return
			}
		}
	}
}

// next waits for a key, and speaks approved answers ahead in the meantime.
func (l *live) next(ctx context.Context, patience time.Duration) key {
	l.render.resume(ctx)
	defer l.render.pause()
	return l.keys.next(ctx, patience)
}

// shopper serves one person, from the question whether the conversation may be kept until they leave.
func (l *live) shopper(ctx context.Context) key {
	visit, pressed := l.welcome(ctx)
	if visit == nil {
		return pressed
	}
	defer func() {
		if err := visit.Close(); err != nil {
			l.console.say("the conversation was not closed well: %s", oneLine(err.Error()))
		}
	}()
	for {
		if pressed := l.turn(ctx, visit); pressed != keyEnter {
			return pressed
		}
	choose:
		l.console.hint("\nEnter: もう一つ聞く ask again    n Enter: 次の方 next shopper    q Enter: 終わる leave")
		switch pressed := l.next(ctx, l.patience); pressed {
		case keyEnter:
		case keyNext, keyLeave:
			return pressed
		case keyGone:
			l.console.hint("しばらく操作がないので、会話を終わります nobody has touched a key: the conversation is over")
			return pressed
		default:
			goto choose
		}
	}
}

// welcome asks whether the conversation may be kept. Only a yes that was typed after the question is one. The visit is
// nil when the person left instead.
func (l *live) welcome(ctx context.Context) (*kiosk.Visit, key) {
	if l.keys.forget() {
		return nil, keyLeave
	}
	days := l.settings.Retention.Days
	l.console.ask(fmt.Sprintf(consentNotice, days, days))
	pressed := l.keys.next(ctx, l.patience)
	switch pressed {
	case keyLeave, keyGone:
		return nil, pressed
	case "y", "yes", "はい":
	default:
		return l.clerk.BeginUnkept(), keyEnter
	}
	visit, err := l.keptVisit()
	if err != nil {
		l.console.say("保存できないので、保存せずにお答えします this conversation cannot be kept: %s", oneLine(err.Error()))
		return l.clerk.BeginUnkept(), keyEnter
	}
	return visit, keyEnter
}

// keptVisit is called where a person has just said yes, and nowhere else.
func (l *live) keptVisit() (*kiosk.Visit, error) {
	consent, err := storage.GrantConsent(storage.Grant{Notice: consentVersion, By: storage.ByKey, At: time.Now()})
	if err != nil {
		return nil, err
	}
	return l.clerk.Begin(storage.FromMicrophone(consent))
}

// turn is one question and its answer, with the keys that are pressed meanwhile. What goes wrong is said, and the kiosk
// goes on. It returns keyEnter, or the key that ended more than the turn.
func (l *live) turn(ctx context.Context, visit *kiosk.Visit) key {
	turn := newLiveTurn(l, visit)
	done := make(chan error, 1)
	go func() { done <- turn.run(ctx) }()
	result, keys := keyEnter, l.keys
	for {
		select {
		case err := <-done:
			if ctx.Err() != nil {
				return keyLeave
			}
			if result == keyEnter {
				l.report(err)
			}
			return result
		case pressed, ok := <-keys:
			switch {
			case !ok:
				result, keys = keyLeave, nil
				turn.abandon()
			case pressed == keyNext, pressed == keyLeave:
				result = pressed
				turn.abandon()
			case pressed == keyEnter:
				turn.enter()
			}
		}
	}
}

// report says in a line what a turn failed with.
func (l *live) report(err error) {
	switch {
	case err == nil:
	case errors.Is(err, audio.ErrDeviceLost), errors.Is(err, audio.ErrNoMicrophone):
		l.console.say("マイクが使えません。Enter でもう一度お試しください the microphone does not work, please try again: %s", oneLine(err.Error()))
	default:
		l.console.say("うまくいきませんでした that did not work: %s", oneLine(err.Error()))
	}
}
