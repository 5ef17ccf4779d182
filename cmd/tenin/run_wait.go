package main

import (
	"context"
	"errors"
	"fmt"

	"tenin/audio"
	"tenin/cmd/internal/kiosk"
	"tenin/storage"
)

// waiting is the kiosk at which nobody stands. It is the machine's front and its device.
type waiting struct{ *headlessRun }

// wait serves until ctx ends, and speaks the approved answers ahead where it is told to.
func (r *headlessRun) wait(ctx context.Context, ahead bool) {
	w := &waiting{r}
	o := kiosk.RunnerOptions{Patience: r.settings.Idle.Reset(), Reset: r.reset, Erase: r.erase, Watch: r.watch}
	if ahead {
		o.Ahead = r.clerk.RenderQuietly
	}
	defer r.report(ctx, r.desk)()
	r.desk.Run(ctx, w, w, o)
}

// Show implements kiosk.Front.
func (w *waiting) Show(kiosk.State) {}

// Partial implements kiosk.Front.
func (w *waiting) Partial(string) {}

// Reply implements kiosk.Front.
func (w *waiting) Reply(kiosk.Turn) {}

// Message implements kiosk.Front.
func (w *waiting) Message(string) {}

// Result implements kiosk.Front.
func (w *waiting) Result(kiosk.Turn, kiosk.Outcome) {}

// Staff implements kiosk.Front.
func (w *waiting) Staff() {
	if w.summon != nil {
		w.summon()
	}
}

// Trouble implements kiosk.Front: it says in a line what went wrong.
func (w *waiting) Trouble(trouble kiosk.Trouble, err error) {
	if err != nil && !errors.Is(err, context.Canceled) {
		w.flags.say("%s: %s", trouble, oneLine(err.Error()))
	}
}

// Listen implements kiosk.Device.
func (w *waiting) Listen(_ context.Context, from storage.SourceKind) (kiosk.Ear, error) {
	return nil, fmt.Errorf("%w: this kiosk was started without one, and was to hear a %s", audio.ErrNoMicrophone, from)
}

// Speak implements kiosk.Device: there is no loudspeaker.
func (w *waiting) Speak(context.Context) kiosk.Mouth { return nil }
