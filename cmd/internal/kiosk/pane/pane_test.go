package pane

import (
	"context"
	"testing"
	"time"

	"tenin/cmd/internal/screen"
	"tenin/ui"
	"tenin/ui/shopper"
	"tenin/ui/staff"
	"tenin/ui/technician"
)

// window is a Window that remembers.
type window struct {
	shown   []screen.Picture
	touches chan screen.Touch
}

func (w *window) Show(p screen.Picture)        { w.shown = append(w.shown, p) }
func (w *window) Touches() <-chan screen.Touch { return w.touches }

func (w *window) seen(t *testing.T) screen.Picture {
	t.Helper()
	if len(w.shown) == 0 {
		t.Fatal("nothing was shown")
	}
	return w.shown[len(w.shown)-1]
}

func TestOnlyThePaneInFrontIsSeenAndTouched(t *testing.T) {
	w := &window{}
	g := New(w, ui.Look{}, nil)
	g.Shopper().Show(shopper.View{Shop: "A", Screen: shopper.Attract{}}, ui.Look{})
	g.Staff().Show(staff.View{}, ui.Look{BigText: true})
	if p := w.seen(t); len(w.shown) != 1 || p.Shopper == nil || p.Shopper.Shop != "A" {
		t.Fatalf("behind the shopper's pane %+v is seen", w.shown)
	}
	g.touched(screen.Touch{Staff: staff.LockNow{}}, time.Now())
	g.touched(screen.Touch{Shopper: shopper.Start{}}, time.Now())
	if len(g.Staff().Touches()) != 0 || len(g.Shopper().Touches()) != 1 {
		t.Error("a touch of a picture that is gone was passed on, or that of the one that is seen was not")
	}
	g.Turn(Staffs)
	if p := w.seen(t); p.Staff == nil || !p.Look.BigText {
		t.Errorf("after the turn %+v is seen", p)
	}
	g.Shopper().Show(shopper.View{Shop: "B", Screen: shopper.Closed{}}, ui.Look{})
	if p := w.seen(t); p.Staff == nil {
		t.Error("the shopper's pane is seen from behind")
	}
	g.touched(screen.Touch{Shopper: shopper.Start{}}, time.Now())
	g.touched(screen.Touch{Staff: staff.LockNow{}}, time.Now())
	if len(g.Staff().Touches()) != 1 || len(g.Shopper().Touches()) != 1 {
		t.Error("touches go to the wrong pane")
	}
	g.Turn(Shoppers)
	if p := w.seen(t); p.Shopper == nil || p.Shopper.Shop != "B" {
		t.Errorf("the shopper's pane comes back as %+v", p)
	}
}

func TestWhatStaffAndTechniciansSawDoesNotComeBack(t *testing.T) {
	w := &window{}
	g := New(w, ui.Look{}, nil)
	g.Shopper().Show(shopper.View{Screen: shopper.Attract{}}, ui.Look{})
	g.Turn(Staffs)
	g.Staff().Show(staff.View{Shop: "behind the PIN"}, ui.Look{})
	g.Turn(Technicians)
	g.Technician().Show(technician.View{}, ui.Look{})
	g.Turn(Shoppers)
	before := len(w.shown)
	g.Turn(Staffs)
	g.Turn(Technicians)
	if len(w.shown) != before {
		t.Errorf("%+v comes back before anything was drawn anew", w.seen(t))
	}
}

func TestFiveKnocksInARowLetStaffIn(t *testing.T) {
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name string
		rest time.Duration
		want int
	}{{"quickly", 300 * time.Millisecond, 2}, {"slowly", 2 * time.Second, 0}} {
		t.Run(c.name, func(t *testing.T) {
			calls := 0
			g := New(&window{}, ui.Look{}, func() { calls++ })
			for i := range 2 * knocks {
				g.touched(screen.Touch{Shopper: shopper.Knock{}}, at.Add(time.Duration(i)*c.rest))
			}
			if calls != c.want {
				t.Errorf("ten knocks let %d in, want %d", calls, c.want)
			}
		})
	}
}

func TestRunEndsWithTheWindowAndWithItsContext(t *testing.T) {
	w := &window{touches: make(chan screen.Touch, 1)}
	g := New(w, ui.Look{}, nil)
	w.touches <- screen.Touch{Shopper: shopper.Start{}}
	close(w.touches)
	g.Run(t.Context())
	if len(g.Shopper().Touches()) != 1 {
		t.Error("a touch was lost")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	New(&window{}, ui.Look{}, nil).Run(ctx)
}

func TestABusyPaneHoldsUpNobody(t *testing.T) {
	g := New(&window{}, ui.Look{}, nil)
	for range 3 * queue {
		g.touched(screen.Touch{Shopper: shopper.Start{}}, time.Now())
	}
	if n := len(g.Shopper().Touches()); n != queue {
		t.Errorf("%d touches wait, want %d", n, queue)
	}
}
