package staff

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
	if v.Language != Japanese {
		v.Language = English
	}
	p := &page{Sheet: ui.NewSheet(l, size), view: v, send: send, w: In(v.Language)}
	p.gap = p.MM(4)
	p.frame()
	switch s := v.Screen.(type) {
	case Lock:
		p.lock(s)
	case Help:
		p.help(s)
	case Today:
		p.today(s)
	case Unanswered:
		p.unanswered(s)
	case Answering:
		p.answering(s)
	case Conversations:
		p.conversations(s)
	case Reason:
		p.reason(s)
	case Transcript:
		p.transcript(s)
	case Settings:
		p.settings(s)
	case Typing:
		p.typing(s)
	}
	return p.Sheet
}

// The sizes that lines of the screens take.
var (
	headline = []ui.Step{ui.Title, ui.Lead, ui.Body, ui.Small}
	line     = []ui.Step{ui.Lead, ui.Body, ui.Small, 4.6}
	plain    = []ui.Step{ui.Body, ui.Small, 4.6, 4}
	small    = []ui.Step{ui.Small, 4.8, 4.2, 3.6}
)

// panes cuts a box in two: upper and lower on an upright panel, left and right on a lying one. share is the first one's part.
func (p *page) panes(b ui.Box, share float32) (first, second ui.Box) {
	if p.Portrait() {
		h := (b.H - p.gap) * share
		return b.Top(h), b.Below(h + p.gap)
	}
	w := (b.W - 2*p.gap) * share
	return b.Left(w), b.After(w + 2*p.gap)
}

func (p *page) tap(e Event) func() { return func() { p.send(e) } }

// words sets text at the left, in the middle of a box's height, and cuts what has no room at the smallest step.
func (p *page) words(b ui.Box, text string, t ui.Type, steps ...ui.Step) {
	if b.W <= 0 || b.H <= 0 {
		return
	}
	last := steps[len(steps)-1]
	text = p.clip(b, text, last)
	for _, s := range steps {
		if h := p.Height(b.W, text, s); h <= b.H {
			p.Text(ui.Box{X: b.X, Y: b.Y + (b.H-h)/2, W: b.W, H: h + 1}, text, t, s, last)
			return
		}
	}
	p.Text(b, text, t, last)
}

// clip shortens text, with "…" at its end, until it has room in a box at a step.
func (p *page) clip(b ui.Box, text string, step ui.Step) string {
	if text == "" || p.Height(b.W, text, step) <= b.H {
		return text
	}
	runes := []rune(text)
	least, most := 0, len(runes) // runes[:least] has room with "…", runes[:most] has not
	for least+1 < most {
		at := (least + most) / 2
		if p.Height(b.W, string(runes[:at])+"…", step) <= b.H {
			least = at
		} else {
			most = at
		}
	}
	return string(runes[:least]) + "…"
}

// chop shortens a label to a number of runes: a button decides by itself how it sets its label.
func chop(text string, n int) string {
	if runes := []rune(text); len(runes) > n {
		return string(runes[:n-1]) + "…"
	}
	return text
}

// calm draws what stands on a screen that has nothing to list: a sign and a sentence.
func (p *page) calm(b ui.Box, icon ui.Icon, title, text string) {
	r := min(p.MM(24), b.H*0.16)
	y := b.Y + b.H*0.3
	p.Circle(b.X+b.W/2, y, r, p.Colours.Wash, p.Colours.Accent, p.MM(0.5))
	p.Icon(icon, ui.Box{X: b.X + b.W/2 - r*0.55, Y: y - r*0.55, W: r * 1.1, H: r * 1.1}, p.Colours.Accent)
	low := b.Below(y - b.Y + r + p.gap*1.5)
	h := p.Text(low.Top(low.H*0.5), title, ui.Type{Ink: p.Colours.Ink, Align: ui.Centre, Balance: true}, headline...)
	p.Text(low.Below(h+p.gap), text, ui.Type{Ink: p.Colours.Quiet, Align: ui.Centre, Balance: true}, plain...)
}

// title draws a screen's headline and returns what is left below it.
func (p *page) title(b ui.Box, text string) ui.Box {
	high := p.Look.Em(ui.Lead) * 1.6
	p.words(b.Top(high), text, ui.Type{Ink: p.Colours.Ink}, line...)
	return b.Below(high + p.gap*0.5)
}

// list draws the rows of a list that have room from the one that is asked for, each high, and the buttons to the others. The
// rows stand in so many columns, one row of them after the other.
func (p *page) list(b ui.Box, columns, n, from int, high float32, row func(i int, b ui.Box)) {
	gap := p.gap * 0.7
	fit := columns * max(1, int((b.H+gap)/(high+gap)))
	if n > fit || from > 0 {
		pager := p.MM(17)
		rows := ui.Box{X: b.X, Y: b.Y, W: b.W, H: b.H - pager - gap}
		fit = columns * max(1, int((rows.H+gap)/(high+gap)))
		from = min(max(from, 0), max(n-1, 0))
		p.pager(b.Bottom(pager), n, from, min(n, from+fit), fit)
		b = rows
	}
	from = max(from, 0)
	places := b.Columns(columns, p.gap)
	for i := from; i < min(n, from+fit); i++ {
		c := places[(i-from)%columns]
		row(i, ui.Box{X: c.X, Y: b.Y + float32((i-from)/columns)*(high+gap), W: c.W, H: high})
	}
}

// columns is how many rows of a long list stand beside each other: a lying panel has room for two.
func (p *page) columns() int { return pick(p.Portrait(), 1, 2) }

// pager shows which part of a list is seen, and the buttons to the parts before and behind it.
func (p *page) pager(b ui.Box, n, from, to, step int) {
	width := min(p.MM(60), b.W*0.3)
	if from > 0 {
		p.Button(b.Left(width), ui.ButtonSpec{Label: p.w.Earlier, Icon: ui.Back, Steps: plain, Tap: p.tap(ShowFrom{max(0, from-step)})})
	}
	if to < n {
		p.Button(ui.Box{X: b.X + b.W - width, Y: b.Y, W: width, H: b.H},
			ui.ButtonSpec{Label: p.w.Later, Icon: ui.More, Steps: plain, Tap: p.tap(ShowFrom{to})})
	}
	middle := ui.Box{X: b.X + width + p.gap, Y: b.Y, W: b.W - 2*width - 2*p.gap, H: b.H}
	p.words(middle, pageOf(p.view.Language, from+1, to, n), ui.Type{Ink: p.Colours.Quiet, Align: ui.Centre}, small...)
}
