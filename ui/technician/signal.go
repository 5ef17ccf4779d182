package technician

import (
	"image/color"

	"tenin/ui"
)

// signal is the colour of a mark: green, amber, red. Each has 4.5:1 under white, and no mark is told by its colour alone.
func (p *page) signal(m Mark) color.NRGBA {
	strong := p.Look.HighContrast
	switch m {
	case Good:
		return either(strong, nrgba(0x2b6b36), nrgba(0x0a3a14))
	case Fair:
		return either(strong, nrgba(0x8a5a00), nrgba(0x4a3000))
	case Bad:
		return either(strong, nrgba(0xa3262a), nrgba(0x6b0008))
	}
	return p.Colours.Quiet
}

// disc is the sign of a mark: a tick, an exclamation mark, a cross on a full disc; an empty one for what is not done; three
// dots for what is being done.
func (p *page) disc(x, y, r float32, m Mark) {
	ink := p.signal(m)
	square := func(f float32) ui.Box { return ui.Box{X: x - r*f, Y: y - r*f, W: 2 * r * f, H: 2 * r * f} }
	switch m {
	case Good:
		p.Circle(x, y, r, ink, nil, 0)
		p.Icon(ui.Check, square(0.68), p.Colours.OnInk)
	case Bad:
		p.Circle(x, y, r, ink, nil, 0)
		p.Icon(ui.Cross, square(0.68), p.Colours.OnInk)
	case Fair:
		p.Circle(x, y, r, ink, nil, 0)
		p.Rect(ui.Box{X: x - r*0.11, Y: y - r*0.6, W: r * 0.22, H: r * 0.74}, p.Colours.OnInk, r*0.11)
		p.Circle(x, y+r*0.48, r*0.14, p.Colours.OnInk, nil, 0)
	case Busy:
		p.Circle(x, y, r, p.Colours.Card, ink, max(1.5, r*0.14))
		for i := range 3 {
			p.Circle(x+float32(i-1)*r*0.5, y, r*0.15, ink, nil, 0)
		}
	default:
		p.Circle(x, y, r, p.Colours.Card, ink, max(1.5, r*0.14))
	}
}
