package main

import (
	"context"
	"errors"
	"io"
	"sync"

	"tenin/asr"
	"tenin/audio"
	"tenin/cmd/internal/kiosk"
	"tenin/llm/dialogue"
)

// liveTurn opens the microphone for one question only and speaks the answer. Until echo is cancelled the kiosk is half
// duplex: the microphone is closed before the answer is heard.
type liveTurn struct {
	*live
	visit  *kiosk.Visit
	enough chan struct{} // closed when a key says that the question is over

	mu        sync.Mutex
	cancel    context.CancelFunc // of everything; nil before run
	over      bool               // abandon was called
	answering bool
	playback  *playback
}

func newLiveTurn(l *live, visit *kiosk.Visit) *liveTurn {
	return &liveTurn{live: l, visit: visit, enough: make(chan struct{})}
}

// enter ends the question while it is being spoken, and stops the answer while that is.
func (t *liveTurn) enter() {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.answering:
		t.hush()
	default:
		t.endQuestion()
	}
}

// abandon ends the turn: what was not answered is forgotten.
func (t *liveTurn) abandon() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.over = true
	switch {
	case t.answering:
		t.hush()
	case t.cancel != nil:
		t.cancel()
	}
}

// hush stops the sound first, then the making of more; t.mu is held.
func (t *liveTurn) hush() {
	t.playback.stop()
	t.visit.Hush()
}

// endQuestion tells the listener that no more will be said; t.mu is held.
func (t *liveTurn) endQuestion() {
	select {
	case <-t.enough:
	default:
		close(t.enough)
	}
}

// run returns when the answer was spoken or stopped, or what went wrong before that.
func (t *liveTurn) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	t.mu.Lock()
	t.cancel = cancel
	over := t.over
	t.mu.Unlock()
	if over {
		return context.Canceled
	}
	microphone, err := t.devices.OpenMicrophone(ctx, audio.DeviceOptions{Name: t.settings.Audio.Microphone})
	if err != nil {
		return err
	}
	defer microphone.Close()
	t.console.hint("● どうぞお話しください speak now    Enter: 話し終えた done")
	playback := startPlayback(ctx, func(ctx context.Context) (*audio.Speaker, error) {
		return t.devices.OpenSpeaker(ctx, audio.DeviceOptions{Name: t.settings.Audio.Loudspeaker})
	})
	defer playback.silence()

	var spoken audio.Clip
	t.visit.Replied = func(turn kiosk.Turn) {
		microphone.Close()
		t.replied(turn, playback)
	}
	turn, err := t.visit.Listen(ctx, question{microphone, t.enough}, t.console.hearing, func(chunk audio.Clip) error {
		playback.add(chunk)
		return collect(&spoken)(chunk)
	})
	t.console.settle()
	if err == nil || turn.Reply.Kind != dialogue.None {
		err = errors.Join(err, t.answered(turn, spoken))
	}
	// An answer that could not be kept is still spoken.
	if len(spoken.Samples) > 0 {
		t.listened(ctx, playback.finish())
	}
	return err
}

// replied shows the answer before it is spoken.
func (t *liveTurn) replied(turn kiosk.Turn, p *playback) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.answering, t.playback = true, p
	t.console.settle()
	if !t.flags.json {
		// What cannot be shown on a closed terminal can still be spoken.
		_ = printTurn(t.out, t.flags, turn, "", "")
	}
}

// answered writes the files that were asked for, and the result where it is one object.
func (t *liveTurn) answered(turn kiosk.Turn, spoken audio.Clip) error {
	path, err := t.answers.add(turn, spoken)
	if turn.Reply.Kind == dialogue.None {
		t.console.say("お声が聞こえませんでした。何も保存していません nobody spoke; nothing was kept")
	}
	if t.flags.json {
		return errors.Join(err, printTurn(t.out, t.flags, turn, t.visit.Session(), path))
	}
	if turn.Timings.FirstAudio > 0 {
		t.console.hint("        first sound after %.0f ms", milliseconds(turn.Timings.FirstAudio))
	}
	if path != "" {
		t.console.hint("        spoken in %s", path)
	}
	return err
}

// listened says once that the answers cannot be heard, and again only after they could.
func (t *liveTurn) listened(ctx context.Context, err error) {
	switch {
	case err == nil:
		t.mute = false
	case errors.Is(err, context.Canceled), ctx.Err() != nil, t.mute:
	default:
		t.mute = true
		t.console.say("音が出ないので、文字でお答えします no loudspeaker, answers are shown only: %s", oneLine(err.Error()))
	}
}

// question is a microphone until a key says that the question is over.
type question struct {
	asr.Frames
	enough <-chan struct{}
}

func (q question) Read(ctx context.Context) ([]float32, error) {
	select {
	case <-q.enough:
		return nil, io.EOF
	default:
		return q.Frames.Read(ctx)
	}
}
