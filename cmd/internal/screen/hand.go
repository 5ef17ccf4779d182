package screen

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

// hand lies over the whole window and brings a finger to what it touches.
//
// Fyne counts a tap only when the finger is lifted from the very object that it was put on. But a picture is drawn anew
// ten times a second while somebody speaks, and then every object is another. So the hand keeps what was under the
// finger when it came down, and the touch means what was seen then.
//
// It also keeps everything else from the pictures: other buttons of a mouse, the wheel, hovering, focus; and it hides
// the pointer.
type hand struct {
	widget.BaseWidget
	picture fyne.CanvasObject // what lies under the hand
	redraw  func()            // draws it anew, with nothing pressed

	held    fyne.CanvasObject
	at      fyne.Position // of what is held
	last    fyne.Position // of the finger
	dragged bool
}

var _ interface {
	desktop.Mouseable
	desktop.Cursorable
	fyne.Draggable
} = (*hand)(nil)

func newHand(redraw func()) *hand {
	h := &hand{redraw: redraw}
	h.ExtendBaseWidget(h)
	return h
}

// MouseDown is called by Fyne; a touch arrives as one.
func (h *hand) MouseDown(e *desktop.MouseEvent) {
	if e.Button != desktop.MouseButtonPrimary || h.held != nil {
		return
	}
	h.held, h.at = under(h.picture, e.Position, fyne.Position{})
	h.last, h.dragged = e.Position, false
	if m, ok := h.held.(desktop.Mouseable); ok {
		m.MouseDown(h.event(e))
	}
}

// MouseUp is called by Fyne.
func (h *hand) MouseUp(e *desktop.MouseEvent) {
	held := h.held
	if e.Button != desktop.MouseButtonPrimary || held == nil {
		return
	}
	h.held = nil
	local := h.event(e)
	d, drags := held.(fyne.Draggable)
	drags = drags && h.dragged
	if !drags && !inside(local.Position, held.Size()) {
		// The finger left it: nothing was touched.
		h.redraw()
		return
	}
	if m, ok := held.(desktop.Mouseable); ok {
		m.MouseUp(local)
	}
	if drags {
		d.DragEnd()
	} else if t, ok := held.(fyne.Tappable); ok {
		t.Tapped(&local.PointEvent)
	}
}

// Dragged is called by Fyne.
func (h *hand) Dragged(e *fyne.DragEvent) {
	d, ok := h.held.(fyne.Draggable)
	if !ok {
		return
	}
	h.dragged = true
	event := *e
	event.Dragged = fyne.NewDelta(e.Position.X-h.last.X, e.Position.Y-h.last.Y)
	event.Position = e.Position.Subtract(h.at)
	h.last = e.Position
	d.Dragged(&event)
}

// DragEnd is called by Fyne, after MouseUp.
func (h *hand) DragEnd() {}

// Cursor is called by Fyne. A finger is its own pointer.
func (h *hand) Cursor() desktop.Cursor { return desktop.HiddenCursor }

// CreateRenderer is called by Fyne.
func (h *hand) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(container.NewWithoutLayout())
}

// event is e as what is held sees it.
func (h *hand) event(e *desktop.MouseEvent) *desktop.MouseEvent {
	local := *e
	local.Position = e.Position.Subtract(h.at)
	return &local
}

// under is the topmost thing that can be touched at a place, and where it lies.
func under(o fyne.CanvasObject, at, origin fyne.Position) (found fyne.CanvasObject, place fyne.Position) {
	if o == nil || !o.Visible() {
		return nil, fyne.Position{}
	}
	here := origin.Add(o.Position())
	if c, ok := o.(*fyne.Container); ok {
		for i := len(c.Objects) - 1; i >= 0; i-- {
			if found, place := under(c.Objects[i], at, here); found != nil {
				return found, place
			}
		}
		return nil, fyne.Position{}
	}
	if !inside(at.Subtract(here), o.Size()) {
		return nil, fyne.Position{}
	}
	switch o.(type) {
	case fyne.Tappable, desktop.Mouseable:
		return o, here
	}
	return nil, fyne.Position{}
}

func inside(p fyne.Position, s fyne.Size) bool {
	return p.X >= 0 && p.Y >= 0 && p.X < s.Width && p.Y < s.Height
}
