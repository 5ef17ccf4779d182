package technician

import (
	"math"

	"tenin/ui"
)

// meter shows the loudness as a bar; what is full may be cut off.
func (p *page) meter(b ui.Box, level float32) {
	const n = 24
	level = min(max(level, 0), 1)
	for i, c := range b.Columns(n, b.W/n*0.3) {
		fill := p.Colours.Accent
		if float32(i)/n >= level {
			fill = p.Colours.Line
		}
		h := b.H * either(float32(i)/n < level, float32(0.3), 1)
		p.Rect(ui.Box{X: c.X, Y: b.Y + (b.H-h)/2, W: c.W, H: h}, fill, c.W*0.3)
	}
}

// diagonal is the length of a panel's diagonal in dots.
func diagonal(w, h int) float64 { return math.Hypot(float64(w), float64(h)) }
