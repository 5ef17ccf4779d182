package technician

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"tenin/ui"
)

// area is a part of a picture that tells when and where a finger goes down and up. It draws nothing: what it looks like is
// painted over it, and things that cannot be touched let the finger through. A tap would come at the end of a touch, and
// say nothing of how long it was.
type area struct {
	widget.BaseWidget
	down, up func(fyne.Position)
}

var _ interface {
	fyne.Tappable
	desktop.Mouseable
} = (*area)(nil)

func (p *page) area(b ui.Box, down, up func(fyne.Position)) {
	a := &area{down: down, up: up}
	a.ExtendBaseWidget(a)
	p.Add(a, b)
}

// Tapped is called by Fyne. It is there so that the area counts as something to touch.
func (a *area) Tapped(*fyne.PointEvent) {}

// MouseDown is called by Fyne; a touch arrives as one.
func (a *area) MouseDown(e *desktop.MouseEvent) { a.down(e.Position) }

// MouseUp is called by Fyne.
func (a *area) MouseUp(e *desktop.MouseEvent) { a.up(e.Position) }

// CreateRenderer is called by Fyne.
func (a *area) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(container.NewWithoutLayout())
}

// targets is the test of the panel: the whole of it can be touched but for the button at the foot, so that the distance
// between target and touch is measured and not only whether a button was hit.
func (p *page) targets(s Targets) {
	button := ui.Box{X: p.Area.X + p.Area.W/2 - p.MM(40), Y: p.Area.H - p.MM(28), W: p.MM(80), H: p.MM(20)}
	for _, b := range []ui.Box{
		{X: 0, Y: 0, W: p.Area.W, H: button.Y - p.gap},
		{X: 0, Y: button.Y - p.gap, W: button.X - p.gap, H: p.Area.H - button.Y + p.gap},
		{X: button.X + button.W + p.gap, Y: button.Y - p.gap, W: p.Area.W - button.X - button.W - p.gap, H: p.Area.H - button.Y + p.gap},
	} {
		p.area(b, func(at fyne.Position) { p.send(Touched{(b.X + at.X) / p.Area.W, (b.Y + at.Y) / p.Area.H}) }, func(fyne.Position) {})
	}
	for i := range TargetCount {
		x, y := TargetAt(i)
		x, y = x*p.Area.W, y*p.Area.H
		r := p.MM(9)
		switch {
		case i < s.Next:
			p.disc(x, y, p.MM(5), Good)
		case i == s.Next:
			p.Circle(x, y, r, p.Colours.Wash, p.Colours.Accent, p.MM(0.8))
			p.Line(x-r, y, x+r, y, p.MM(0.5), p.Colours.Accent)
			p.Line(x, y-r, x, y+r, p.MM(0.5), p.Colours.Accent)
			p.Circle(x, y, p.MM(1.6), p.Colours.Accent, nil, 0)
		default:
			p.Circle(x, y, p.MM(3), p.Colours.Paper, p.Colours.Edge, p.MM(0.5))
		}
	}
	text := ui.Box{X: p.Area.W * 0.15, Y: p.Area.H * 0.2, W: p.Area.W * 0.7, H: p.Area.H * 0.22}
	blocks := []block{p.headline(p.w.TargetTouch)}
	if s.Missed > 0 {
		blocks = append(blocks, p.note(p.w.TargetMissed, p.Colours.Ink))
	}
	p.column(text, blocks...)
	p.Button(button, ui.ButtonSpec{Label: p.w.Stop, Icon: ui.Cross, Tap: p.tap(Back{})})
}
