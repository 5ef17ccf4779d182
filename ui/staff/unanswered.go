package staff

import "tenin/ui"

func (p *page) unanswered(s Unanswered) {
	if len(s.Questions) == 0 {
		p.calm(p.body, ui.Check, p.w.UnansweredNone, p.w.UnansweredNoneSub)
		return
	}
	b := p.title(p.body, p.w.UnansweredTitle)
	p.list(b, p.columns(), len(s.Questions), s.From, p.MM(pick(p.Look.BigText, float32(42), 34)), func(i int, b ui.Box) {
		q := s.Questions[i]
		p.Card(b, p.Colours.Card)
		inner := ui.Box{X: b.X + p.MM(5), Y: b.Y + p.MM(2), W: b.W - p.MM(8), H: b.H - p.MM(4)}
		width := min(p.MM(58), inner.W*0.34)
		high := min(inner.H, p.MM(22))
		p.Button(ui.Box{X: inner.X + inner.W - width, Y: inner.Y + (inner.H-high)/2, W: width, H: high},
			ui.ButtonSpec{Label: p.w.Write, Icon: ui.Pen, Steps: plain, Tap: p.tap(WriteAnswer{q.ID})})
		inner.W -= width + p.gap
		p.words(inner.Top(inner.H*0.66), q.Text, ui.Type{Ink: p.Colours.Ink}, ui.Lead, ui.Body, ui.Small)
		p.words(inner.Below(inner.H*0.68), joined("　", times(p.view.Language, q), q.Topic), ui.Type{Ink: p.Colours.Quiet}, small...)
	})
}
