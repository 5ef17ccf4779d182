package shopper

import (
	"tenin/ui"
)

func (p *page) place(s Place) {
	say, do := p.panes(either(p.Portrait(), float32(0.3), 0.24))
	icon := p.MM(9)
	p.emblem(say.X+icon, say.Y+icon, icon, ui.Pin, true)
	name := ui.Box{X: say.X + 2*icon + p.gap, Y: say.Y, W: say.W - 2*icon - p.gap, H: say.H * 0.4}
	h := p.Text(name, s.Name, ui.Type{Ink: p.Colours.Ink, Balance: true}, ui.Title, ui.Lead, ui.Body)
	rest := say.Below(max(h, 2*icon) + p.gap*0.8)
	h = p.Text(rest, s.Where, ui.Type{Ink: p.Colours.Accent}, ui.Lead, ui.Body)
	rest = rest.Below(h + p.gap*0.4)
	if s.Note != "" {
		h = p.Text(rest, s.Note, ui.Type{Ink: p.Colours.Quiet}, ui.Body, ui.Small)
		rest = rest.Below(h + p.gap*0.4)
	}
	if s.Map.Elsewhere != "" {
		p.Text(rest, s.Map.Elsewhere, ui.Type{Ink: p.Colours.Ink}, ui.Body, ui.Small)
	}
	back := p.MM(24)
	p.floor(ui.Box{X: do.X, Y: do.Y, W: do.W, H: do.H - back - p.gap}, s.Map)
	p.Button(do.Bottom(back), ui.ButtonSpec{Label: p.w.Back, Icon: ui.Back, Kind: ui.Primary, Steps: []ui.Step{ui.Lead, ui.Body}, Tap: p.tap(Return{})})
}

// floor draws a map: departments as plain blocks, the goal filled, the way as a line with a disc at both ends.
func (p *page) floor(b ui.Box, m Map) {
	ratio := m.Ratio
	if ratio <= 0 {
		ratio = 1.6
	}
	label := p.Look.Em(ui.Lead) * 1.6
	w := min(b.W, (b.H-label)*ratio)
	h := w / ratio
	f := ui.Box{X: b.X + (b.W-w)/2, Y: b.Y + label + (b.H-label-h)/2, W: w, H: h}
	p.Text(ui.Box{X: f.X, Y: f.Y - label, W: f.W, H: label}, m.Floor, ui.Type{Ink: p.Colours.Ink}, ui.Lead, ui.Body, ui.Small)
	p.Card(f, p.Colours.Card)
	at := func(q Point) (x, y float32) { return f.X + q.X*f.W, f.Y + q.Y*f.H }
	for _, a := range m.Areas {
		box := ui.Box{X: f.X + a.X*f.W, Y: f.Y + a.Y*f.H, W: a.W * f.W, H: a.H * f.H}
		fill, ink := p.Colours.Paper, p.Colours.Quiet
		if a.Goal {
			fill, ink = p.Colours.Accent, p.Colours.OnInk
		}
		p.Card(box, fill)
		p.Text(box.Inset(p.MM(2)), a.Name, ui.Type{Ink: ink, Align: ui.Middle, Balance: true}, ui.Body, ui.Small, 4.6, 3.8)
	}
	way := append(append([]Point{m.Here}, m.Path...), m.There)
	if m.Elsewhere == "" {
		for i := range way[1:] {
			x1, y1 := at(way[i])
			x2, y2 := at(way[i+1])
			p.Line(x1, y1, x2, y2, p.MM(1.6), p.Colours.Accent)
		}
		x, y := at(m.Here)
		p.Circle(x, y, p.MM(4), p.Colours.Card, p.Colours.Accent, p.MM(1.6))
		p.tag(f, x, y, p.w.Here)
	}
	x, y := at(m.There)
	p.Circle(x, y, p.MM(4), p.Colours.Accent, p.Colours.Card, p.MM(1))
}

// tag writes a label below or above a spot, inside the map.
func (p *page) tag(f ui.Box, x, y float32, text string) {
	h := p.Look.Em(ui.Small) * 1.56
	w := min(p.Look.Em(ui.Small)*float32(len([]rune(text))), f.W)
	if p.view.Language == English {
		w *= 0.62
	}
	left := min(max(x-w/2, f.X), f.X+f.W-w)
	top := y + p.MM(5)
	if top+h > f.Y+f.H {
		top = y - p.MM(5) - h
	}
	p.Rect(ui.Box{X: left, Y: top, W: w, H: h}, p.Colours.Card, p.MM(1))
	p.Text(ui.Box{X: left, Y: top, W: w, H: h}, text, ui.Type{Ink: p.Colours.Accent, Align: ui.Middle}, ui.Small, 4.6, 4)
}
