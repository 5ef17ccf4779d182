package main

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"tenin/cmd/internal/kiosk"
	"tenin/llm/dialogue"
	"tenin/storage"
)

// consentNotice is what a person agrees to; its version is kept with each session. A changed text is a new version.
const (
	consentNotice = `この会話（声と文字）を、応対の改善のために、この端末の中だけに暗号化して%d日間保存してもよろしいですか。
保存しなくてもお答えします。  May we keep this conversation on this machine for %d days?
  y Enter: はい yes    Enter: いいえ no  `
	consentVersion = "2026-11-headless"
)

// live is the kiosk in a terminal: Enter opens the microphone, and stops an answer that is being spoken. It is the
// machine's front and its device.
type live struct {
	*headlessRun
	devices  soundDevices
	console  *console
	keys     *keyboard
	patience time.Duration

	mu    sync.Mutex
	state kiosk.State
	// mute is set while the loudspeaker is known to be missing, so that it is said once.
	mute bool
}

func newLive(run *headlessRun, in io.Reader, devices soundDevices, console *console) *live {
	return &live{headlessRun: run, devices: devices, console: console, keys: readKeys(in), patience: run.settings.Idle.Reset(), state: kiosk.Gone{}}
}

// serve serves one shopper after the other until somebody leaves: by a key, at the end of the input or of ctx.
func (l *live) serve(ctx context.Context) {
	if l.desk == nil {
		l.desk = kiosk.NewDesk(l.clerk)
	}
	defer l.report(ctx, l.desk)()
	listening, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		l.keys.each(listening, l.pressed)
	}()
	l.desk.Run(ctx, l, l, kiosk.RunnerOptions{Patience: l.patience, Reset: l.reset, Erase: l.erase, Ahead: l.clerk.RenderQuietly, Watch: l.watch})
	stop()
	<-ended
}

// pressed tells the machine what a key means where the person is.
func (l *live) pressed(k typed) {
	l.mu.Lock()
	state := l.state
	l.mu.Unlock()
	if k.key == keyLeave {
		l.desk.Send(kiosk.Leave{})
		return
	}
	switch state.(type) {
	case kiosk.Consenting:
		l.desk.Send(l.verdict(k.key))
		return
	case kiosk.Confirming:
		if k.key.yes() {
			l.desk.Send(kiosk.Confirmed{})
		} else {
			l.desk.Send(kiosk.Rejected{})
		}
		return
	}
	switch k.key {
	case keyEnter:
		l.desk.Send(kiosk.Touch{})
	case keyNext:
		l.desk.Send(kiosk.NextShopper{})
	case keyStaff:
		l.desk.Send(kiosk.CallStaff{})
	case keyMessage:
		l.desk.Send(kiosk.TakeMessage{})
	default:
		l.hint(state)
	}
}

// verdict is the answer to the notice. It is called where it arrives, and nowhere else.
func (l *live) verdict(k key) kiosk.Event {
	if !k.yes() {
		return kiosk.ConsentRefused{}
	}
	consent, err := storage.GrantConsent(storage.Grant{Notice: consentVersion, By: storage.ByKey, At: time.Now()})
	if err != nil {
		l.Trouble(kiosk.TroubleKeep, err)
		return kiosk.ConsentRefused{}
	}
	return kiosk.ConsentGiven{Consent: consent}
}

// Show implements kiosk.Front.
func (l *live) Show(s kiosk.State) {
	l.mu.Lock()
	defer l.mu.Unlock()
	before := l.state
	l.state = s
	switch s := s.(type) {
	case kiosk.Consenting:
		l.keys.ask()
		days := l.settings.Retention.Days
		l.console.ask(fmt.Sprintf(consentNotice, days, days))
	case kiosk.Listening:
		if was, ok := before.(kiosk.Listening); s.Open && (!ok || !was.Open) {
			if s.Message {
				l.console.hint("● 伝言をどうぞ your message, please    Enter: 話し終えた done")
			} else {
				l.console.hint("● どうぞお話しください speak now    Enter: 話し終えた done")
			}
		}
	case kiosk.Confirming:
		l.keys.ask()
		l.console.ask("この内容で係に伝えますか shall we tell the staff so?  y Enter: はい yes    Enter: いいえ no  ")
	case kiosk.StaffCalled:
		l.console.say("係の者がまいります。少々お待ちください staff are on their way")
		l.hint(s)
	case kiosk.MessageTaken:
		l.console.say("伝言をお預かりしました your message is taken")
		l.hint(s)
	case kiosk.Resetting:
		if was, ok := before.(kiosk.Resetting); s.Idle && (!ok || !was.Idle) {
			l.console.hint("しばらく操作がないので、会話を終わります nobody has touched a key: the conversation is over")
		}
	case kiosk.Gone:
		l.console.hint("")
	default:
		l.hint(s)
	}
}

// hint says which keys there are where nothing else is going on.
func (l *live) hint(s kiosk.State) {
	switch s := s.(type) {
	case kiosk.Attract:
		l.console.hint("\nEnter: 話す speak    q Enter: 終わる leave")
	case kiosk.Ready:
		if s.HandedOff {
			l.console.hint("\ns Enter: 係を呼ぶ call staff    m Enter: 伝言を残す leave a message")
		}
		l.hintNext()
	case kiosk.StaffCalled, kiosk.MessageTaken:
		l.hintNext()
	}
}

func (l *live) hintNext() {
	l.console.hint("\nEnter: もう一つ聞く ask again    n Enter: 次の方 next shopper    q Enter: 終わる leave")
}

// Partial implements kiosk.Front.
func (l *live) Partial(words string) { l.console.hearing(words) }

// Reply implements kiosk.Front.
func (l *live) Reply(turn kiosk.Turn) {
	l.console.settle()
	if !l.flags.json {
		l.mu.Lock()
		out := l.results(kiosk.MayKeep(l.state))
		l.mu.Unlock()
		// What cannot be shown on a closed terminal can still be spoken.
		_ = printTurn(out, l.flags, turn, "", "")
	}
}

// results is where a turn is printed. Of a visit that nothing may be kept of, nothing goes into a file or a pipe, which
// would keep it: it is shown at the terminal.
func (l *live) results(keeps bool) io.Writer {
	switch {
	case keeps || !l.elsewhere:
		return l.out
	case l.console.elsewhere:
		return io.Discard
	}
	return l.console.out
}

// Message implements kiosk.Front.
func (l *live) Message(words string) {
	l.console.settle()
	switch {
	case !l.console.elsewhere:
		l.console.say("伝言 message: %s", words)
	case !l.elsewhere:
		fmt.Fprintf(l.out, "伝言 message: %s\n", words)
	}
}

// Result implements kiosk.Front: it writes the files that were asked for, and the result where it is one object.
func (l *live) Result(turn kiosk.Turn, outcome kiosk.Outcome) {
	l.console.settle()
	path, err := l.answers.add(turn, outcome.Spoken)
	l.failed(err)
	if turn.Reply.Kind == dialogue.None {
		l.console.say("お声が聞こえませんでした。何も保存していません nobody spoke; nothing was kept")
	}
	if l.flags.json {
		l.failed(printTurn(l.results(outcome.Session != ""), l.flags, turn, outcome.Session, path))
	} else {
		if turn.Timings.FirstAudio > 0 {
			l.console.hint("        first sound after %.0f ms", milliseconds(turn.Timings.FirstAudio))
		}
		if path != "" {
			l.console.hint("        spoken in %s", path)
		}
	}
	l.failed(outcome.Err)
}

// Staff implements kiosk.Front.
func (l *live) Staff() {
	l.console.print("\a")
	if l.summon != nil {
		l.summon()
	}
}

func (l *live) failed(err error) {
	if err != nil {
		l.Trouble(kiosk.TroubleTurn, err)
	}
}

// Trouble implements kiosk.Front: it says in a line what went wrong.
func (l *live) Trouble(trouble kiosk.Trouble, err error) {
	why := ""
	if err != nil {
		why = oneLine(err.Error())
	}
	l.console.settle()
	switch trouble {
	case kiosk.TroubleDevice:
		l.console.say("マイクが使えません。Enter でもう一度お試しください the microphone does not work, please try again: %s", why)
	case kiosk.TroubleEngine:
		l.console.say("%s %s: %s", kiosk.Sorry("ja"), kiosk.Sorry("en"), why)
	case kiosk.TroubleKeep:
		l.console.say("保存できないので、保存せずにお答えします this conversation cannot be kept: %s", why)
	case kiosk.TroubleMessage:
		l.console.say("保存に同意された会話だけ、伝言をお預かりできます a message needs a conversation that may be kept")
	case kiosk.TroubleReset:
		l.console.say("準備ができていません。Enter でもう一度お試しください not ready for the next shopper, please try again: %s", why)
	case kiosk.TroubleSession:
		l.console.say("the conversation was not closed well: %s", why)
	case kiosk.TroubleAhead:
		l.console.say("the approved answers could not be spoken ahead: %s", why)
	case kiosk.TroubleClosed:
		l.console.say("ただいまご利用いただけません the kiosk is paused, or closed for today")
	default:
		l.console.say("うまくいきませんでした that did not work: %s", why)
	}
}

// Listen implements kiosk.Device.
func (l *live) Listen(ctx context.Context, from storage.SourceKind) (kiosk.Ear, error) {
	return l.room().Listen(ctx, from)
}

// Speak implements kiosk.Device.
func (l *live) Speak(ctx context.Context) kiosk.Mouth { return l.room().Speak(ctx) }

func (l *live) room() *roomSound {
	return &roomSound{devices: l.devices, settings: l.settings.Audio, played: l.played}
}

// played says once that the answers cannot be heard, and again only after they could.
func (l *live) played(err error) {
	l.mu.Lock()
	said := l.mute
	l.mute = err != nil
	l.mu.Unlock()
	if err != nil && !said {
		l.console.say("音が出ないので、文字でお答えします no loudspeaker, answers are shown only: %s", oneLine(err.Error()))
	}
}
