package shopper

import (
	"fyne.io/fyne/v2"

	"tenin/ui"
)

// Draw is the picture of a View in a look and a size, in Fyne's units. send is called on Fyne's goroutine with what is
// touched; it must not block.
func Draw(v View, l ui.Look, size fyne.Size, send func(Event)) fyne.CanvasObject {
	return compose(v, l, size, send).Object()
}

// page is a screen while it is composed.
type page struct {
	*ui.Sheet
	view View
	send func(Event)
	w    Phrases
	body ui.Box // what the frame leaves
	gap  float32
}

func compose(v View, l ui.Look, size fyne.Size, send func(Event)) *ui.Sheet {
	p := &page{Sheet: ui.NewSheet(l, size), view: v, send: send, w: In(v.Language)}
	p.gap = p.MM(5)
	p.frame()
	if !v.Language.Complete() {
		p.fixed()
		return p.Sheet
	}
	switch s := v.Screen.(type) {
	case Attract:
		p.attract(s)
	case Consent:
		p.consent(s)
	case Listening:
		p.listening(s)
	case Thinking:
		p.thinking(s)
	case Answer:
		p.answer(s)
	case Detail:
		p.detail(s)
	case Place:
		p.place(s)
	case Clarify:
		p.clarify(s)
	case Staff:
		p.staff(s)
	case Message:
		p.message(s)
	case Receipt:
		p.receipt(s)
	case Typing:
		p.typing(s)
	case Trouble:
		p.trouble(s)
	case Resetting:
		p.resetting()
	case Closed:
		p.closed(s)
	}
	return p.Sheet
}

// panes cuts the body in two: what is said, and what can be done. On an upright panel the second is below, in reach of a
// seated shopper; on a lying one it is at the right. share is the first one's part.
func (p *page) panes(share float32) (say, do ui.Box) {
	if p.Portrait() {
		h := p.body.H * share
		return p.body.Top(h), p.body.Below(h + p.gap)
	}
	w := (p.body.W - 3*p.gap) * share
	return p.body.Left(w), p.body.After(w + 3*p.gap)
}

// stack puts buttons under each other at the bottom of a box, each at most high.
func (p *page) stack(b ui.Box, high float32, specs ...ui.ButtonSpec) {
	n := float32(len(specs))
	each := min(high, (b.H-p.gap*(n-1))/n)
	area := b.Bottom(each*n + p.gap*(n-1))
	if !p.Portrait() {
		area.Y = b.Y + (b.H-area.H)/2
	}
	for i, r := range area.Rows(len(specs), p.gap) {
		p.Button(r, specs[i])
	}
}

// row puts buttons beside each other.
func (p *page) row(b ui.Box, specs ...ui.ButtonSpec) {
	for i, c := range b.Columns(len(specs), p.gap*0.7) {
		p.Button(c, specs[i])
	}
}

func (p *page) tap(e Event) func() { return func() { p.send(e) } }

func (p *page) fixed() {
	f := FixedIn(p.view.Language)
	p.Font = ui.WideFont()
	say, do := p.panes(0.55)
	title, text, called := f.Title, f.Text, false
	if s, ok := p.view.Screen.(Staff); ok {
		title, text, called = f.Called, f.CalledText, true
		if s.Late {
			text = f.Late
		}
	}
	p.says(say, ui.Bell, title, text, called)
	buttons := []ui.ButtonSpec{{Label: f.Back, Icon: ui.Home, Steps: []ui.Step{ui.Lead, ui.Body}, Tap: p.tap(Finish{})}}
	if !called {
		buttons = append([]ui.ButtonSpec{{Label: f.Call, Icon: ui.Bell, Kind: ui.Primary, Steps: []ui.Step{ui.Title, ui.Lead},
			Tap: p.tap(CallStaff{p.view.Language})}}, buttons...)
	}
	p.stack(do, p.MM(34), buttons...)
}
