package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"tenin/asr"
	"tenin/audio"
	"tenin/audio/speech"
	"tenin/cmd/internal/config"
	"tenin/cmd/internal/control"
	"tenin/cmd/internal/kiosk"
	"tenin/cmd/internal/screen"
	"tenin/cmd/internal/screen/screentest"
	"tenin/llm/llmtest"
	"tenin/llm/reading"
	"tenin/storage"
	"tenin/storage/seal"
	"tenin/ui/staff"
)

// quietSounds count chimes and play nothing.
type quietSounds struct{ chimes atomic.Int32 }

func (q *quietSounds) Play(context.Context, audio.Clip) error { return nil }
func (q *quietSounds) Chime(context.Context)                  { q.chimes.Add(1) }

// servedKiosk serves a home with fake engines until stop.
func servedKiosk(t *testing.T, home string) (clerk *kiosk.Clerk, stop func()) {
	t.Helper()
	settings := config.Default()
	settings.Shop.Name = "てんいん百貨店"
	clerk, err := kiosk.Open(t.Context(), kiosk.Options{
		Home: home, Config: settings, Parts: kiosk.Knowing | kiosk.Hearing | kiosk.Speaking | kiosk.Keeping,
		Engines: kiosk.Engines{
			Recognizer: &asr.Scripted{}, VAD: &audio.EnergyVAD{}, Voice: speech.NewFake(reading.Default()), Embedder: llmtest.NewHashEmbedder(64),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	served, err := kiosk.ServeControl(t.Context(), clerk, kiosk.ControlOptions{
		Version: "test", Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Events: control.NewEvents("attract"), Desk: kiosk.NewDesk(clerk),
	})
	if err != nil {
		t.Fatal(err)
	}
	return clerk, func() {
		if err := errors.Join(served.Close(), clerk.Close()); err != nil {
			t.Error(err)
		}
	}
}

func TestTheSecondScreenShowsACallHasItHandledAndOutlivesItsKiosk(t *testing.T) {
	home := t.TempDir()
	clerk, stop := servedKiosk(t, home)
	owner, err := kiosk.OpenOwner(t.Context(), home, kiosk.Unlock{})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(owner.AddStaff(t.Context(), "佐藤", storage.RoleManager, seal.NewSecret([]byte("482913"))), owner.Close()); err != nil {
		t.Fatal(err)
	}
	house, err := dialHouse(t.Context(), home)
	if err != nil {
		t.Fatal(err)
	}
	window, heard := screentest.New(), &quietSounds{}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		house, err := (&dashboard{flags: &flags{}}).draw(ctx, home, house, window, heard, slog.New(slog.DiscardHandler))
		done <- errors.Join(err, house.Close())
	}()
	until := func(what string, is func(staff.View) bool) staff.View {
		t.Helper()
		p, err := window.Until(ctx, func(p screen.Picture) bool { return p.Staff != nil && is(*p.Staff) })
		if err != nil {
			t.Fatalf("never seen: %s: %v", what, err)
		}
		return *p.Staff
	}
	touch := func(e staff.Event) {
		t.Helper()
		if err := window.Touch(screen.Touch{Staff: e}); err != nil {
			t.Fatal(err)
		}
	}
	shows := func(n int) func(staff.View) bool {
		return func(v staff.View) bool {
			h, ok := v.Screen.(staff.Help)
			return ok && !h.Lost && len(h.Calls) == n && v.Shop != ""
		}
	}

	until("nobody waits", shows(0))
	call := clerk.Backroom().Call("", "en")
	v := until("the call", shows(1))
	if c := v.Screen.(staff.Help).Calls[0]; c.ID != call || c.Spoken != staff.English || !v.Locked || v.Waiting != 1 {
		t.Errorf("%+v", v)
	}
	touch(staff.Handled{Call: call})
	until("it is handled", shows(0))
	if heard.chimes.Load() != 1 {
		t.Errorf("it rang %d times", heard.chimes.Load())
	}

	touch(staff.GoTo{Tab: staff.SettingsTab})
	until("the pad", func(v staff.View) bool { _, ok := v.Screen.(staff.Lock); return ok })
	for _, r := range "482913" {
		touch(staff.PINKey{Key: string(r)})
	}
	touch(staff.EnterPIN{})
	until("the switches", func(v staff.View) bool { _, ok := v.Screen.(staff.Settings); return ok && v.Who == "佐藤" })
	touch(staff.Switch{Setting: staff.Pause, On: true})
	until("the kiosk pauses", func(v staff.View) bool { s, ok := v.Screen.(staff.Settings); return ok && s.Paused })

	stop()
	until("the kiosk is gone", func(v staff.View) bool { h, ok := v.Screen.(staff.Help); return ok && h.Lost })
	_, stop = servedKiosk(t, home)
	until("it is back", shows(0))
	if err := window.Close(); err != nil {
		t.Error(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	stop()
}
