package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"
)

// Patch is a place that can be touched and shows nothing of its own: what lies there was drawn beneath it.
type Patch struct {
	widget.BaseWidget
	tap func()
}

var _ fyne.Tappable = (*Patch)(nil)

// Patch makes a place touchable. What is put on it later takes its touches itself.
func (s *Sheet) Patch(b Box, tap func()) {
	p := &Patch{tap: tap}
	p.ExtendBaseWidget(p)
	s.Add(p, b)
}

// Tapped is called by Fyne.
func (p *Patch) Tapped(*fyne.PointEvent) {
	if p.tap != nil {
		p.tap()
	}
}

// CreateRenderer is called by Fyne.
func (p *Patch) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(container.NewWithoutLayout())
}
