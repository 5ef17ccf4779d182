package main

import (
	"context"
	"errors"

	"tenin/audio"
	"tenin/cmd/internal/kiosk"
	"tenin/storage"
)

// recordings is the kiosk whose shoppers are recordings, each a visit of its own: whoever was recorded does not come back.
// It is the machine's front and its device, and brings the next recording whenever the machine waits for somebody.
type recordings struct {
	*headlessRun
	count int
	next  func(context.Context) (audio.Clip, error)

	runner *kiosk.Runner
	err    error // the first
}

// serve answers count recordings, which next gives.
func (r *headlessRun) serve(ctx context.Context, count int, next func(context.Context) (audio.Clip, error)) error {
	all := &recordings{headlessRun: r, count: count, next: next}
	all.runner = kiosk.NewRunner(r.clerk, all, all, kiosk.RunnerOptions{Reset: r.reset, Erase: r.erase, Watch: r.watch})
	defer r.report(ctx, all.runner)()
	all.runner.Run(ctx)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return all.err
}

// Show implements kiosk.Front.
func (r *recordings) Show(s kiosk.State) {
	over := r.count == 0 || r.err != nil
	switch s := s.(type) {
	case kiosk.Attract:
		if over {
			r.runner.Send(kiosk.Leave{})
			return
		}
		r.count--
		r.runner.Send(kiosk.Brought{Via: storage.File, Source: storage.FromFile()})
	case kiosk.Ready:
		if over {
			r.runner.Send(kiosk.Leave{})
			return
		}
		r.runner.Send(kiosk.NextShopper{})
	case kiosk.Resetting:
		if s.Failed {
			r.runner.Send(kiosk.Leave{})
		}
	}
}

// Partial implements kiosk.Front.
func (r *recordings) Partial(string) {}

// Reply implements kiosk.Front: a recording's result is shown in one piece.
func (r *recordings) Reply(kiosk.Turn) {}

// Message implements kiosk.Front.
func (r *recordings) Message(string) {}

// Staff implements kiosk.Front.
func (r *recordings) Staff() {}

// Result implements kiosk.Front.
func (r *recordings) Result(turn kiosk.Turn, outcome kiosk.Outcome) {
	if outcome.Err != nil {
		r.fail(outcome.Err)
		return
	}
	path, err := r.answers.add(turn, outcome.Spoken)
	if err == nil {
		err = printTurn(r.out, r.flags, turn, outcome.Session, path)
	}
	r.fail(err)
}

// Trouble implements kiosk.Front.
func (r *recordings) Trouble(_ kiosk.Trouble, err error) { r.fail(err) }

func (r *recordings) fail(err error) {
	if r.err == nil && err != nil && !errors.Is(err, context.Canceled) {
		r.err = err
	}
}

// Listen implements kiosk.Device.
func (r *recordings) Listen(ctx context.Context, from storage.SourceKind) (kiosk.Ear, error) {
	if from != storage.File {
		return nil, errors.New("only recordings are heard")
	}
	clip, err := r.next(ctx)
	if err != nil {
		return nil, err
	}
	return audio.NewFileSource(clip, true), nil
}

// Speak implements kiosk.Device: what is said goes into files.
func (r *recordings) Speak(context.Context) kiosk.Mouth { return nil }
