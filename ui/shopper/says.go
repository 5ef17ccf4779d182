package shopper

import (
	"math"

	"tenin/ui"
)

// says draws the clerk's own voice: the emblem, a headline that says what it is doing, and a line below. It
// returns where they end.
func (p *page) says(b ui.Box, icon ui.Icon, title, text string, filled bool) float32 {
	b = p.lowered(b)
	r := min(p.MM(24), b.H*0.17)
	p.emblem(b.X+r, b.Y+r, r, icon, filled)
	return p.words(b.Below(2*r+p.gap*1.6), title, text)
}

// lowered leaves air above what is said when there is room: a headline under the edge looks as if it had slipped.
func (p *page) lowered(b ui.Box) ui.Box { return b.Below(b.H * 0.09) }

// words draws a headline and what belongs to it, and returns where they end.
func (p *page) words(b ui.Box, title, text string) float32 {
	h := p.Text(ui.Box{X: b.X, Y: b.Y, W: b.W, H: b.H * 0.6}, title, ui.Type{Ink: p.Colours.Ink, Balance: true}, ui.Caption, ui.Title, ui.Lead)
	y := b.Y + h + p.gap*0.6
	h = p.Text(ui.Box{X: b.X, Y: y, W: b.W, H: b.Y + b.H - y}, text, ui.Type{Ink: p.Colours.Quiet, Balance: true}, ui.Lead, ui.Body, ui.Small)
	return y + h
}

// emblem is the sign of what is being done: a disc with a pictogram.
func (p *page) emblem(x, y, r float32, icon ui.Icon, filled bool) {
	c := p.Colours
	fill, ink := c.Wash, c.Accent
	if filled {
		fill, ink = c.Accent, c.OnInk
	}
	p.Circle(x, y, r, fill, c.Accent, outline(p))
	p.Icon(icon, ui.Box{X: x - r*0.52, Y: y - r*0.52, W: r * 1.04, H: r * 1.04}, ink)
}

// outline is the rim of filled shapes: none, but in high contrast, where grounds are nearly white.
func outline(p *page) float32 {
	if p.Look.HighContrast {
		return p.MM(0.6)
	}
	return 0
}

// meter shows the loudness as a row of bars that grow from the middle. With reduced motion as many bars are long as
// the voice is loud, and the others are dots.
func (p *page) meter(b ui.Box, level float32) {
	const n = 27
	level = min(max(level, 0), 1)
	gap := b.W / n * 0.45
	for i, c := range b.Columns(n, gap) {
		from := math.Abs(float64(i)-n/2) / (n / 2)
		shape := float32(1-from*from)*0.75 + 0.25*float32(math.Abs(math.Sin(float64(i)*1.9)))
		h := b.H * max(0.1, level*shape)
		if p.Look.ReducedMotion {
			h = b.H * either(float32(from) > level, float32(0.4), 0.1)
		}
		p.Rect(ui.Box{X: c.X, Y: b.Y + (b.H-h)/2, W: c.W, H: h}, p.Colours.Accent, min(c.W, h)/2)
	}
}

// quote shows somebody's words on a card, and returns its height.
func (p *page) quote(b ui.Box, label, words string) float32 {
	if words == "" {
		return 0
	}
	pad := p.MM(5)
	inner := ui.Box{X: b.X + pad*1.4, Y: b.Y + pad*0.7, W: b.W - 2*pad*1.4, H: b.H - 1.4*pad}
	h := float32(0)
	if label != "" {
		h = p.Height(inner.W, label, ui.Small)
	}
	text := words
	steps := []ui.Step{ui.Lead, ui.Body, ui.Small}
	th := float32(0)
	for _, s := range steps {
		if th = p.Height(inner.W, text, s); th+h <= inner.H {
			break
		}
	}
	th = min(th, inner.H-h)
	total := h + th + 1.4*pad
	p.Card(b.Top(total), p.Colours.Card)
	p.Text(inner.Top(h), label, ui.Type{Ink: p.Colours.Accent}, ui.Small)
	p.Text(inner.Below(h).Top(th), text, ui.Type{Ink: p.Colours.Ink}, steps...)
	return total
}

// captions shows sentences from the first that is asked for, the one that is spoken marked. It returns the height, and
// the first sentence that had no room (0 when all had).
func (p *page) captions(b ui.Box, sentences []string, from, current int, steps ...ui.Step) (height float32, next int) {
	pad := p.MM(4)
	width := b.W - 2*pad
	fits := func(step ui.Step) int {
		y := float32(0)
		for i := from; i < len(sentences); i++ {
			if y += p.Height(width, sentences[i], step) + pad; y > b.H+1 {
				return i
			}
		}
		return len(sentences)
	}
	step, end := steps[len(steps)-1], 0
	for _, s := range steps {
		if end = fits(s); end == len(sentences) {
			step = s
			break
		}
	}
	end = max(end, from+1)
	y := b.Y
	for i := from; i < min(end, len(sentences)); i++ {
		h := min(p.Height(width, sentences[i], step), b.Y+b.H-y-pad)
		ink := p.Colours.Ink
		if i == current {
			p.Rect(ui.Box{X: b.X, Y: y, W: b.W, H: h + pad}, p.Colours.Wash, p.MM(3))
			p.Rect(ui.Box{X: b.X, Y: y + p.MM(2), W: p.MM(1.4), H: h + pad - p.MM(4)}, p.Colours.Accent, p.MM(0.7))
			ink = p.Colours.Accent
		} else if current >= 0 {
			ink = p.Colours.Quiet
		}
		p.Text(ui.Box{X: b.X + pad, Y: y + pad/2, W: width, H: h + 1}, sentences[i], ui.Type{Ink: ink, Balance: true}, step)
		y += h + pad
	}
	if end < len(sentences) {
		return y - b.Y, end
	}
	return y - b.Y, 0
}
