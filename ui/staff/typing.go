package staff

import (
	"tenin/ui"
	"tenin/ui/keyboard"
)

func (p *page) typing(s Typing) {
	b := p.body
	head := p.MM(pick(p.Portrait(), float32(24), 17))
	width := min(p.MM(56), b.W*0.26)
	top := b.Top(head)
	high := p.MM(17)
	p.Button(ui.Box{X: top.X, Y: top.Y, W: width, H: high}, ui.ButtonSpec{Label: p.w.Return, Icon: ui.Back, Steps: plain, Tap: p.tap(Return{})})
	text := top.After(width + p.gap)
	p.words(text, joined("　", p.w.Fields[s.Field], s.About), ui.Type{Ink: p.Colours.Ink}, line...)
	b = b.Below(head + p.gap*0.6)
	if p.Portrait() {
		b = b.Bottom(min(b.H, p.MM(250)))
	}
	keyboard.Draw(p.Sheet, b, s.Board, func(k keyboard.Key) { p.send(Typed{k}) })
}
