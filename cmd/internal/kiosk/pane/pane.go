// Package pane shares one window between three kinds of people: its shopper, the shop's staff, the technician. Each has a
// pane and draws on it at any time; one pane is in front, is seen, and alone is touched.
package pane

import (
	"context"
	"sync"
	"time"

	"tenin/cmd/internal/screen"
	"tenin/ui"
	"tenin/ui/shopper"
	"tenin/ui/staff"
	"tenin/ui/technician"
)

// Window is where pictures are shown: a screen.Screen.
type Window interface {
	Show(screen.Picture)
	Touches() <-chan screen.Touch
}

// Whose is who has the window.
type Whose int

// Those who can have it.
const (
	Shoppers Whose = iota
	Staffs
	Technicians
)

// Staff come in by knocking at the shop's mark: so many touches, each so soon after the one before. A shopper who plays with
// the mark gets a pad that wants a PIN, and the first screen back.
const (
	knocks    = 5
	knockRest = 1500 * time.Millisecond
)

// queue is how many touches wait for a pane that is busy. What is touched beyond is dropped: it would come late.
const queue = 32

// Glass is a shared window.
type Glass struct {
	window Window
	look   ui.Look
	// knocked is told when somebody wants in.
	knocked func()

	shopper    *Pane[shopper.View, shopper.Event]
	staff      *Pane[staff.View, staff.Event]
	technician *Pane[technician.View, technician.Event]

	mu     sync.Mutex
	front  Whose
	last   [Technicians + 1]*screen.Picture
	count  int // knocks in a row
	latest time.Time
}

// New shares a window; the shopper's pane is in front. look is what does not depend on who looks: the panel's DPI and the
// shop's accent. knocked is called when staff want in, and must not wait.
func New(w Window, look ui.Look, knocked func()) *Glass {
	g := &Glass{window: w, look: look, knocked: knocked}
	g.shopper = newPane[shopper.View, shopper.Event](g, Shoppers, func(v *shopper.View) screen.Picture { return screen.Picture{Shopper: v} })
	g.staff = newPane[staff.View, staff.Event](g, Staffs, func(v *staff.View) screen.Picture { return screen.Picture{Staff: v} })
	g.technician = newPane[technician.View, technician.Event](g, Technicians, func(v *technician.View) screen.Picture { return screen.Picture{Technician: v} })
	return g
}

// Shopper is the shopper's pane.
func (g *Glass) Shopper() *Pane[shopper.View, shopper.Event] { return g.shopper }

// Staff is the staff's pane.
func (g *Glass) Staff() *Pane[staff.View, staff.Event] { return g.staff }

// Technician is the technician's pane.
func (g *Glass) Technician() *Pane[technician.View, technician.Event] { return g.technician }

// Front is whose pane is seen.
func (g *Glass) Front() Whose {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.front
}

// Turn puts a pane in front. What was drawn on it last is seen at once. What is behind is forgotten, so that nobody's
// screen comes back to somebody else; a shopper's goes on and is kept.
func (g *Glass) Turn(to Whose) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.front == to {
		return
	}
	if g.front != Shoppers {
		g.last[g.front] = nil
	}
	g.front = to
	if p := g.last[to]; p != nil {
		g.window.Show(*p)
	}
}

// Run hands touches to the pane in front until the window is gone or ctx ends.
func (g *Glass) Run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case touch, open := <-g.window.Touches():
			if !open {
				return
			}
			g.touched(touch, time.Now())
		}
	}
}

// touched passes a touch on. One of a pane that is behind was meant for a picture that is gone.
func (g *Glass) touched(t screen.Touch, now time.Time) {
	g.mu.Lock()
	front := g.front
	inside := false
	if _, knock := t.Shopper.(shopper.Knock); knock && front == Shoppers {
		if now.Sub(g.latest) > knockRest {
			g.count = 0
		}
		g.count++
		g.latest = now
		if inside = g.count == knocks; inside {
			g.count = 0
		}
	}
	g.mu.Unlock()
	if inside && g.knocked != nil {
		g.knocked()
	}
	switch {
	case front == Shoppers && t.Shopper != nil:
		g.shopper.offer(t.Shopper)
	case front == Staffs && t.Staff != nil:
		g.staff.offer(t.Staff)
	case front == Technicians && t.Technician != nil:
		g.technician.offer(t.Technician)
	}
}

// Pane is the window as one kind of people see it: V is what is drawn, E what is touched.
type Pane[V, E any] struct {
	glass   *Glass
	whose   Whose
	picture func(*V) screen.Picture
	touches chan E
}

func newPane[V, E any](g *Glass, whose Whose, picture func(*V) screen.Picture) *Pane[V, E] {
	return &Pane[V, E]{glass: g, whose: whose, picture: picture, touches: make(chan E, queue)}
}

// Show draws v, which is seen while the pane is in front. It never waits.
func (p *Pane[V, E]) Show(v V, look ui.Look) {
	picture := p.picture(&v)
	look.DPI, look.Accent = p.glass.look.DPI, p.glass.look.Accent
	picture.Look = look
	p.glass.mu.Lock()
	defer p.glass.mu.Unlock()
	p.glass.last[p.whose] = &picture
	if p.glass.front == p.whose {
		p.glass.window.Show(picture)
	}
}

// Touches are what was touched while the pane was in front.
func (p *Pane[V, E]) Touches() <-chan E { return p.touches }

func (p *Pane[V, E]) offer(e E) {
	select {
	case p.touches <- e:
	default:
	}
}
