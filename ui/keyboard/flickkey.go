package keyboard

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"tenin/ui"
)

// Direction is where a finger went before it was lifted.
type Direction int

// The directions, in the order of the kana in FlickKeys.
const (
	Still Direction = iota
	ToLeft
	Up
	ToRight
	Down
)

// DirectionOf is the direction of a movement; less than least in both ways is none. y grows downwards.
func DirectionOf(dx, dy, least float32) Direction {
	if max(dx, -dx) < least && max(dy, -dy) < least {
		return Still
	}
	if max(dx, -dx) >= max(dy, -dy) {
		if dx < 0 {
			return ToLeft
		}
		return ToRight
	}
	if dy < 0 {
		return Up
	}
	return Down
}

// flickLeast is how far a finger must go, in millimetres: further than a touch trembles.
const flickLeast = 4

// flickKey is a key that gives another kana for each direction.
type flickKey struct {
	widget.BaseWidget
	kana   []rune
	give   func(string)
	look   ui.Look
	dx, dy float32
	down   bool
}

var _ interface {
	fyne.Tappable
	fyne.Draggable
	desktop.Mouseable
} = (*flickKey)(nil)

func newFlickKey(s *ui.Sheet, kana string, give func(string)) *flickKey {
	k := &flickKey{kana: []rune(kana), give: give, look: s.Look}
	k.ExtendBaseWidget(k)
	return k
}

func (k *flickKey) Tapped(*fyne.PointEvent) { k.give(string(k.kana[0])) }

func (k *flickKey) Dragged(e *fyne.DragEvent) {
	k.dx += e.Dragged.DX
	k.dy += e.Dragged.DY
}

func (k *flickKey) DragEnd() {
	d := DirectionOf(k.dx, k.dy, k.look.MM(flickLeast))
	k.dx, k.dy = 0, 0
	if int(d) < len(k.kana) {
		k.give(string(k.kana[d]))
	}
}

func (k *flickKey) MouseDown(*desktop.MouseEvent) { k.press(true) }
func (k *flickKey) MouseUp(*desktop.MouseEvent)   { k.press(false) }

func (k *flickKey) press(down bool) {
	if k.down != down {
		k.down = down
		k.Refresh()
	}
}

func (k *flickKey) CreateRenderer() fyne.WidgetRenderer { return &flickRenderer{key: k} }

type flickRenderer struct {
	key     *flickKey
	size    fyne.Size
	objects []fyne.CanvasObject
}

func (r *flickRenderer) Layout(size fyne.Size) {
	if size != r.size || r.objects == nil {
		r.size, r.objects = size, r.key.compose()
	}
}
func (r *flickRenderer) MinSize() fyne.Size           { return fyne.Size{} }
func (r *flickRenderer) Objects() []fyne.CanvasObject { return r.objects }
func (r *flickRenderer) Destroy()                     {}
func (r *flickRenderer) Refresh() {
	r.objects = r.key.compose()
	canvas.Refresh(r.key)
}

// compose shows the kana of a touch large in the middle and the others small where the finger goes for them.
func (k *flickKey) compose() []fyne.CanvasObject {
	p, size := k.look.Palette(), k.Size()
	fill, ink, quiet := p.Card, p.Ink, p.Quiet
	if k.down {
		fill, ink, quiet = p.Deep, p.OnInk, p.OnInk
	}
	ground := canvas.NewRectangle(fill)
	ground.CornerRadius = k.look.MM(3)
	ground.StrokeColor, ground.StrokeWidth = p.Edge, k.look.MM(0.45)
	ground.Resize(size)
	objects := []fyne.CanvasObject{ground}
	for i, r := range k.kana {
		em, colour := min(k.look.Em(ui.Small)*0.8, size.Height*0.22), quiet
		if i == 0 {
			em, colour = min(k.look.Em(ui.Lead), size.Height*0.4), ink
		}
		t := canvas.NewText(string(r), colour)
		t.TextSize, t.FontSource = em, ui.TextFont()
		m := t.MinSize()
		x, y := (size.Width-m.Width)/2, (size.Height-m.Height)/2
		switch Direction(i) {
		case ToLeft:
			x = size.Width * 0.1
		case ToRight:
			x = size.Width*0.9 - m.Width
		case Up:
			y = size.Height * 0.03
		case Down:
			y = size.Height*0.97 - m.Height
		}
		t.Move(fyne.NewPos(x, y))
		t.Resize(m)
		objects = append(objects, t)
	}
	return objects
}
