package technician

import (
	"image/color"

	"tenin/ui"
)

// scale is how large the parts of a column are set.
type scale struct{ head, body, small ui.Step }

// scales are tried from the first; a ladder wants large text, a long error wants all of it.
var scales = []scale{
	{ui.Caption, ui.Lead, ui.Body}, {ui.Title, 8, 6.4}, {ui.Title, ui.Body, ui.Small}, {10.5, ui.Small, 5}, {ui.Lead, 5, 4.6}, {8, 4.6, 4.2}, {ui.Body, 4.2, 3.8},
}

// block is a part of a column.
type block struct {
	height func(w float32, s scale) float32
	draw   func(b ui.Box, s scale)
}

// column puts blocks under each other in the largest scale in which all have room, and returns where they end.
func (p *page) column(b ui.Box, blocks ...block) float32 {
	gap := func(s scale) float32 { return p.Look.Em(s.body) * 0.55 }
	chosen := scales[len(scales)-1]
	for _, s := range scales {
		total := gap(s) * float32(len(blocks)-1)
		for _, k := range blocks {
			total += k.height(b.W, s)
		}
		if total <= b.H {
			chosen = s
			break
		}
	}
	y := b.Y
	for _, k := range blocks {
		h := k.height(b.W, chosen)
		k.draw(ui.Box{X: b.X, Y: y, W: b.W, H: min(h, b.Y+b.H-y)}, chosen)
		y += h + gap(chosen)
	}
	return y - gap(chosen)
}

// headline is what a screen is about.
func (p *page) headline(text string) block {
	return block{
		func(w float32, s scale) float32 { return p.Height(w, text, s.head) },
		func(b ui.Box, s scale) {
			p.Text(b, text, ui.Type{Ink: p.Colours.Ink, Balance: true}, s.head)
		},
	}
}

// titled is a headline with a mark and a line above it.
func (p *page) titled(mark Mark, above, text string) block {
	side := func(s scale) float32 { return p.Look.Em(s.head) * 1.5 }
	indent := func(s scale) float32 { return side(s) + p.MM(4) }
	return block{
		func(w float32, s scale) float32 {
			return p.Height(w, above, s.small) + max(side(s), p.Height(w-indent(s), text, s.head))
		},
		func(b ui.Box, s scale) {
			h := p.Text(b, above, ui.Type{Ink: p.Colours.Quiet}, s.small)
			b = b.Below(h)
			p.disc(b.X+side(s)/2, b.Y+side(s)/2, side(s)*0.46, mark)
			p.Text(p.middle(b.After(indent(s)), text, s.head), text, ui.Type{Ink: p.Colours.Ink, Balance: true}, s.head)
		},
	}
}

// note is a paragraph.
func (p *page) note(text string, ink color.Color) block {
	return block{
		func(w float32, s scale) float32 {
			if text == "" {
				return 0
			}
			return p.Height(w, text, s.body)
		},
		func(b ui.Box, s scale) { p.Text(b, text, ui.Type{Ink: ink, Balance: true}, s.body) },
	}
}

// fact is a row of a table: what, and how it is.
func (p *page) fact(label, value string) block {
	if value == "" {
		value = "–"
	}
	widths := func(w float32) (float32, float32) { return w*0.36 - p.MM(3), w * 0.64 }
	return block{
		func(w float32, s scale) float32 {
			l, r := widths(w)
			return max(p.Height(l, label, s.small), p.Height(r, value, s.small)) + p.MM(1)
		},
		func(b ui.Box, s scale) {
			l, r := widths(b.W)
			p.Rect(ui.Box{X: b.X, Y: b.Y + b.H - max(1, p.MM(0.25)), W: b.W, H: max(1, p.MM(0.25))}, p.Colours.Line, 0)
			p.Text(b.Left(l), label, ui.Type{Ink: p.Colours.Quiet}, s.small)
			p.Text(ui.Box{X: b.X + b.W - r, Y: b.Y, W: r, H: b.H}, value, ui.Type{Ink: p.Colours.Ink}, s.small)
		},
	}
}

// item is a line with a mark before it.
func (p *page) item(mark Mark, text string) block {
	indent := func(s scale) float32 { return p.Look.Em(s.small) * 1.9 }
	return block{
		func(w float32, s scale) float32 { return p.Height(w-indent(s), text, s.small) },
		func(b ui.Box, s scale) {
			r := p.Look.Em(s.small) * 0.55
			p.disc(b.X+r, b.Y+p.Look.Em(s.small)*0.78, r, mark)
			p.Text(b.After(indent(s)), text, ui.Type{Ink: p.Colours.Ink}, s.small)
		},
	}
}

// verdict is a card with how a step stands: in words, with what to do, and what the program says.
func (p *page) verdict(r Result, good string) block {
	title, text := good, ""
	switch {
	case r.Mark == Undone:
		title = p.w.Marks[Undone]
	case r.Mark == Busy:
		title = p.w.Marks[Busy]
	}
	if r.Mark != Busy && r.Problem != NoProblem {
		title, text = p.w.Problems[r.Problem][0], p.w.Problems[r.Problem][1]
	}
	detail := clip(r.Detail, 150)
	pad, bar := p.MM(4), p.MM(2)
	parts := func(s scale) []struct {
		text string
		step ui.Step
		ink  color.Color
	} {
		return []struct {
			text string
			step ui.Step
			ink  color.Color
		}{{title, s.body, p.Colours.Ink}, {text, s.body, p.Colours.Ink}, {detail, s.small, p.Colours.Quiet}}
	}
	inner := func(w float32) float32 { return w - bar - 2*pad }
	return block{
		func(w float32, s scale) float32 {
			h := 1.4 * pad
			for _, t := range parts(s) {
				if t.text != "" {
					h += p.Height(inner(w), t.text, t.step)
				}
			}
			return h
		},
		func(b ui.Box, s scale) {
			p.Rect(b, either(r.Mark == Bad || r.Mark == Fair, p.Colours.Wash, p.Colours.Warm), p.MM(3))
			p.Rect(ui.Box{X: b.X, Y: b.Y, W: bar, H: b.H}, p.signal(r.Mark), bar/2)
			at := ui.Box{X: b.X + bar + pad, Y: b.Y + 0.7*pad, W: inner(b.W), H: b.H - 1.4*pad}
			for _, t := range parts(s) {
				if t.text != "" {
					h := p.Text(at, t.text, ui.Type{Ink: t.ink}, t.step)
					at = at.Below(h)
				}
			}
		},
	}
}

// drawn is a block of a fixed height.
func (p *page) drawn(height float32, draw func(b ui.Box)) block {
	return block{func(float32, scale) float32 { return height }, func(b ui.Box, _ scale) { draw(b) }}
}
