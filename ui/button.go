package ui

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

// Kind is a button's weight: one Primary a screen, Plain for choices, Bare for what is seldom needed.
type Kind int

// The weights of buttons.
const (
	Plain Kind = iota
	Primary
	Bare
)

// ButtonSpec is what a button shows and does.
type ButtonSpec struct {
	Label string
	Sub   string // a second line of lower rank
	Icon  Icon
	Kind  Kind
	// Chosen draws a switch that is on.
	Chosen bool
	// Stacked puts the icon above the label.
	Stacked bool
	// Round draws a disc: the one large button of the first screen.
	Round bool
	// Steps are the sizes that the label may take; Body and Small when empty.
	Steps []Step
	Tap   func()
}

// Button is a large, flat button that answers at the touch, before the finger is lifted.
type Button struct {
	widget.BaseWidget
	Spec ButtonSpec
	look Look
	font fyne.Resource
	down bool
}

var _ interface {
	fyne.Tappable
	desktop.Mouseable
} = (*Button)(nil)

// Button puts a button at a place.
func (s *Sheet) Button(b Box, spec ButtonSpec) {
	button := &Button{Spec: spec, look: s.Look, font: s.Font}
	button.ExtendBaseWidget(button)
	s.Add(button, b)
	for _, o := range button.compose() {
		if t, ok := o.(*canvas.Text); ok && len(t.Text) > 3 && t.Text[len(t.Text)-3:] == "…" && spec.Label != t.Text {
			s.overflow = append(s.overflow, "button "+spec.Label)
		}
	}
}

// Tapped is called by Fyne.
func (b *Button) Tapped(*fyne.PointEvent) {
	if b.Spec.Tap != nil {
		b.Spec.Tap()
	}
}

// MouseDown is called by Fyne; a touch arrives as one.
func (b *Button) MouseDown(*desktop.MouseEvent) { b.press(true) }

// MouseUp is called by Fyne.
func (b *Button) MouseUp(*desktop.MouseEvent) { b.press(false) }

func (b *Button) press(down bool) {
	if b.down != down {
		b.down = down
		b.Refresh()
	}
}

// CreateRenderer is called by Fyne.
func (b *Button) CreateRenderer() fyne.WidgetRenderer { return &buttonRenderer{button: b} }

type buttonRenderer struct {
	button  *Button
	size    fyne.Size
	objects []fyne.CanvasObject
}

// Layout is called by Fyne for each frame in which an object is new. What is composed anew then is new again, and an icon asks
// for a frame of its own: without the look at the size the picture would be painted for ever.
func (r *buttonRenderer) Layout(size fyne.Size) {
	if size != r.size || r.objects == nil {
		r.size, r.objects = size, r.button.compose()
	}
}
func (r *buttonRenderer) MinSize() fyne.Size           { return fyne.NewSize(0, 0) }
func (r *buttonRenderer) Objects() []fyne.CanvasObject { return r.objects }
func (r *buttonRenderer) Destroy()                     {}
func (r *buttonRenderer) Refresh() {
	r.objects = r.button.compose()
	canvas.Refresh(r.button)
}

// compose draws the button for its size and state. It makes new objects each time: a label that was changed in place
// would need the Show and Refresh calls that Stage exists to avoid.
func (b *Button) compose() []fyne.CanvasObject {
	p, size := b.look.Palette(), b.Size()
	fill, ink, sub, edge := b.colours(p)
	ground := canvas.NewRectangle(fill)
	ground.CornerRadius = b.look.MM(3)
	if b.Spec.Round {
		ground.CornerRadius = min(size.Width, size.Height) / 2
	}
	if edge != nil {
		ground.StrokeColor, ground.StrokeWidth = edge, max(1.5, b.look.MM(0.45))
	}
	ground.Resize(size)
	objects := []fyne.CanvasObject{ground}

	steps := b.Spec.Steps
	if len(steps) == 0 {
		steps = []Step{Body, Small}
	}
	pad := b.look.MM(3)
	rim := min(pad, size.Height*0.08)
	inner := Box{pad, rim, size.Width - 2*pad, size.Height - 2*rim}
	if b.Spec.Icon != "" {
		side := min(b.look.Em(steps[0])*1.5, inner.H, inner.W)
		switch {
		case b.Spec.Round:
			side = size.Height * 0.3
			inner = Box{size.Width * 0.12, size.Height * 0.2, size.Width * 0.76, size.Height * 0.66}
			objects = append(objects, place(b.Spec.Icon.image(ink), Box{(size.Width - side) / 2, inner.Y, side, side}))
			inner = inner.Below(side + pad)
		case b.Spec.Label == "":
			return append(objects, place(b.Spec.Icon.image(ink), Box{(size.Width - side) / 2, (size.Height - side) / 2, side, side}))
		case b.Spec.Stacked:
			inner = Box{0, 0, size.Width, size.Height}.Inset(b.look.MM(1))
			side = min(b.look.MM(9), inner.H*0.42)
			objects = append(objects, place(b.Spec.Icon.image(ink), Box{(size.Width - side) / 2, inner.Y + inner.H*0.04, side, side}))
			inner = inner.Below(side + inner.H*0.06)
		default:
			objects = append(objects, place(b.Spec.Icon.image(ink), Box{inner.X + pad/2, inner.Y + (inner.H-side)/2, side, side}))
			whole := inner
			inner = inner.After(side + pad*1.5)
			// The label stands in the middle of the button where the icon leaves room for that.
			both := Box{whole.X + side + pad*1.5, whole.Y, whole.W - 2*(side+pad*1.5), whole.H}
			if b.Spec.Sub == "" && lineWidth(b.Spec.Label, b.font, b.look.Em(steps[0])) < both.W {
				inner = both
			}
		}
	}
	align := Middle
	if b.Spec.Sub != "" && !b.Spec.Round {
		text := inner
		if _, h, _ := typeset(Box{0, 0, inner.W, inner.H}, b.Spec.Label, Type{Ink: ink}, b.look, b.font, steps); h < inner.H {
			_, h2, _ := typeset(Box{0, 0, inner.W, inner.H - h}, b.Spec.Sub, Type{Ink: sub}, b.look, b.font, []Step{Small})
			top := (inner.H - h - h2) / 2
			label, _, _ := typeset(Box{text.X, text.Y + top, text.W, h}, b.Spec.Label, Type{Ink: ink}, b.look, b.font, steps)
			lower, _, _ := typeset(Box{text.X, text.Y + top + h, text.W, h2}, b.Spec.Sub, Type{Ink: sub}, b.look, b.font, []Step{Small})
			return append(append(objects, label...), lower...)
		}
	}
	if b.Spec.Label == "" {
		return objects // what it shows is drawn over it
	}
	label, _, _ := typeset(inner, b.Spec.Label, Type{Ink: ink, Align: align, Balance: true}, b.look, b.font, steps)
	return append(objects, label...)
}

func place(o fyne.CanvasObject, b Box) fyne.CanvasObject {
	o.Move(fyne.NewPos(b.X, b.Y))
	o.Resize(fyne.NewSize(b.W, b.H))
	return o
}

func (b *Button) colours(p Palette) (fill, ink, sub color.NRGBA, edge color.Color) {
	switch {
	case b.down:
		return p.Deep, p.OnInk, p.OnInk, nil
	case b.Spec.Kind == Primary || b.Spec.Chosen:
		return p.Accent, p.OnInk, p.OnInk, nil
	case b.Spec.Kind == Bare:
		return p.Paper, p.Accent, p.Quiet, nil
	}
	return p.Card, p.Ink, p.Quiet, p.Edge
}
