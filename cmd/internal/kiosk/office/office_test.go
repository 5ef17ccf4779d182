package office

import (
	"context"
	"errors"
	"testing"
	"time"

	"tenin/cmd/internal/control"
	"tenin/ui"
	"tenin/ui/staff"
)

// window is where Run shows its pictures; it waits for one.
type window struct {
	t     *testing.T
	views chan staff.View
}

func newWindow(t *testing.T) *window { return &window{t, make(chan staff.View, 1000)} }

func (w *window) show(v staff.View, _ ui.Look) { w.views <- v }

func (w *window) until(what string, is func(staff.View) bool) staff.View {
	w.t.Helper()
	late := time.After(20 * time.Second)
	for {
		select {
		case v := <-w.views:
			if is(v) {
				return v
			}
		case <-late:
			w.t.Fatalf("never seen: %s", what)
		}
	}
}

func TestARunningOfficeShowsAsksAndEndsWithNothingLeft(t *testing.T) {
	house, w := newFake("佐藤"), newWindow(t)
	chimes := make(chan struct{}, 8)
	touch := make(chan staff.Event)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- New(house, Terms{}, Options{Player: fakePlayer{held: true}, Chime: func() { chimes <- struct{}{} }}).Run(ctx, touch, w.show)
	}()
	w.until("the call", func(v staff.View) bool { h, ok := v.Screen.(staff.Help); return ok && len(h.Calls) == 1 })
	<-chimes
	touch <- staff.GoTo{Tab: staff.UnansweredTab}
	for _, r := range "482913" {
		touch <- staff.PINKey{Key: string(r)}
	}
	touch <- staff.EnterPIN{}
	w.until("the questions", func(v staff.View) bool { u, ok := v.Screen.(staff.Unanswered); return ok && len(u.Questions) == 1 })
	touch <- staff.WriteAnswer{Question: "g1"}
	w.until("what is similar", func(v staff.View) bool {
		a, ok := v.Screen.(staff.Answering)
		return ok && len(a.Similar) == 1 && !v.Busy
	})
	touch <- staff.UseSimilar{ID: "a1"}
	w.until("the readings", func(v staff.View) bool {
		a, ok := v.Screen.(staff.Answering)
		return ok && len(a.Words) == 2 && !v.Busy
	})
	touch <- staff.TrySound{}
	w.until("the voice", func(v staff.View) bool { a, ok := v.Screen.(staff.Answering); return ok && a.Playing })
	cancel() // while it plays
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
	if house.in {
		t.Error("the kiosk still knows the PIN")
	}
}

func TestAnOfficeEndsWithItsKioskOrItsWindow(t *testing.T) {
	house, w := newFake(), newWindow(t)
	close(house.over)
	if err := New(house, Terms{}, Options{}).Run(context.Background(), nil, w.show); !errors.Is(err, control.ErrGone) {
		t.Errorf("the kiosk is gone, and it says %v", err)
	}
	touch := make(chan staff.Event)
	close(touch)
	if err := New(newFake(), Terms{}, Options{}).Run(context.Background(), touch, w.show); err != nil {
		t.Errorf("the window is gone, and it says %v", err)
	}
}

func TestACalmScreenIsNotPaintedAgainAndAgain(t *testing.T) {
	house := newFake("佐藤")
	house.state.Calls = nil
	touch := make(chan staff.Event)
	done := make(chan error, 1)
	shown := make(chan staff.View, 100)
	go func() {
		done <- New(house, Terms{}, Options{}).Run(context.Background(), touch, func(v staff.View, _ ui.Look) { shown <- v })
	}()
	for v := range shown {
		if _, ok := v.Screen.(staff.Help); ok && v.Shop != "" {
			break
		}
	}
	for range 20 {
		touch <- staff.Stay{}
	}
	close(touch)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if n := len(shown); n > 0 {
		t.Errorf("%d more pictures of the same", n)
	}
}

func TestLeavingThePadEndsAnOfficeAtTheCounter(t *testing.T) {
	touch := make(chan staff.Event, 1)
	touch <- staff.Leave{}
	if err := New(newFake("佐藤"), Terms{Counter: true}, Options{}).Run(context.Background(), touch, newWindow(t).show); err != nil {
		t.Error(err)
	}
}
