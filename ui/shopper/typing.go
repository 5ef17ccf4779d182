package shopper

import (
	"tenin/ui"
	"tenin/ui/keyboard"
)

// typingBoard gives the keyboard all of the body: on a lying panel keys need the width, on an upright one the height
// leaves room for the headline.
func (p *page) typingBoard(title string, s Typing) {
	b := p.body
	if p.Portrait() {
		h := p.Text(b.Top(b.H*0.2), title, ui.Type{Ink: p.Colours.Ink, Balance: true}, ui.Caption, ui.Title)
		free := b.H - h - p.gap
		board := min(free, p.MM(250))
		b = b.Bottom(board)
	}
	keyboard.Draw(p.Sheet, b, s.Board, func(k keyboard.Key) { p.send(Typed{k}) })
}
