package technician

import (
	"fmt"
	"strings"

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
	if s, ok := v.Screen.(Targets); ok {
		p.targets(s)
		return p.Sheet
	}
	p.frame()
	switch s := v.Screen.(type) {
	case PIN:
		p.pin(s)
	case Menu:
		p.menu(s)
	case SetUp:
		p.setUp(s)
	case Turn:
		p.turn(s)
	case Network:
		p.network(s)
	case Shop:
		p.shop(s)
	case Brand:
		p.brand(s)
	case Clock:
		p.clock(s)
	case Panel:
		p.panel(s)
	case Microphone:
		p.microphone(s)
	case Loudspeaker:
		p.loudspeaker(s)
	case Echo:
		p.echo(s)
	case Hub:
		p.hub(s)
	case Sealing:
		p.sealing(s)
	case Recovery:
		p.recovery(s)
	case Access:
		p.access(s)
	case Finish:
		p.finish(s)
	case Edit:
		p.edit(s)
	case Health:
		p.health(s)
	case Bundle:
		p.bundle(s)
	case Wipe:
		p.wipe(s)
	case Power:
		p.power(s)
	}
	return p.Sheet
}

// panes cuts the body in two: what is told, and what can be done. On an upright panel the second is below, on a lying one
// at the right. share is the first one's part.
func (p *page) panes(share float32) (say, do ui.Box) {
	if p.Portrait() {
		h := p.body.H * share
		return p.body.Top(h), p.body.Below(h + p.gap)
	}
	w := (p.body.W - 2*p.gap) * share
	return p.body.Left(w), p.body.After(w + 2*p.gap)
}

// stack puts buttons under each other at the bottom of a box, each at most high.
func (p *page) stack(b ui.Box, high float32, specs ...ui.ButtonSpec) {
	n := float32(len(specs))
	if n == 0 {
		return
	}
	each := min(high, (b.H-p.gap*(n-1))/n)
	area := b.Bottom(each*n + p.gap*(n-1))
	if !p.Portrait() {
		area.Y = b.Y
	}
	for i, r := range area.Rows(len(specs), p.gap) {
		if specs[i].Steps == nil {
			specs[i].Steps = []ui.Step{ui.Lead, ui.Body, ui.Small, 4.8}
		}
		p.Button(r, specs[i])
	}
}

func (p *page) tap(e Event) func() { return func() { p.send(e) } }

// middle moves a box down so that a text in it stands in the middle of its height, at the left.
func (p *page) middle(b ui.Box, text string, steps ...ui.Step) ui.Box {
	for _, s := range steps {
		if h := p.Height(b.W, text, s); h <= b.H {
			return ui.Box{X: b.X, Y: b.Y + (b.H-h)/2, W: b.W, H: b.H - (b.H-h)/2}
		}
	}
	return b
}

// either is the second of two when on is set.
func either[T any](on bool, off, then T) T {
	if on {
		return then
	}
	return off
}

// clip shortens what the program or somebody says to what a screen has room for. Characters that the screens' font lacks
// are named by their numbers: a technician who has to replace one must see which.
func clip(text string, most int) string {
	for _, r := range ui.Undrawable(text) {
		text = strings.ReplaceAll(text, string(r), fmt.Sprintf("[U+%04X]", r))
	}
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	return string(runes[:most-1]) + "…"
}
