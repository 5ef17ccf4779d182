package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"
)

// Stage shows one screen after the other in a window.
//
// It is the one place that changes what is visible. In Fyne, showing a hidden rectangle does not repaint, and neither do
// changed fields; a missed repaint stays unseen as long as some animation paints anyway, and appears on the device. So no
// screen hides, shows or changes an object: a new picture is drawn from the data, put in the place of the old one, and
// the container is refreshed.
type Stage struct {
	widget.BaseWidget
	draw func(fyne.Size) fyne.CanvasObject
	root *fyne.Container
}

// NewStage is an empty stage.
func NewStage() *Stage {
	s := &Stage{root: container.NewWithoutLayout()}
	s.ExtendBaseWidget(s)
	return s
}

// Present draws a screen now and again whenever the window's size changes. It must be called on Fyne's goroutine.
func (s *Stage) Present(draw func(fyne.Size) fyne.CanvasObject) {
	s.draw = draw
	s.redraw()
}

func (s *Stage) redraw() {
	size := s.Size()
	if s.draw == nil || size.Width <= 0 || size.Height <= 0 {
		return
	}
	o := s.draw(size)
	o.Move(fyne.NewPos(0, 0))
	o.Resize(size)
	s.root.Objects = []fyne.CanvasObject{o}
	s.root.Resize(size)
	s.root.Refresh()
}

// Resize is called by Fyne.
func (s *Stage) Resize(size fyne.Size) {
	if size == s.Size() {
		return
	}
	s.BaseWidget.Resize(size)
	s.redraw()
}

// CreateRenderer is called by Fyne.
func (s *Stage) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(s.root) }
