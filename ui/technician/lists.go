package technician

import (
	"image/color"

	"tenin/ui"
)

func (p *page) menu(s Menu) {
	say, do := p.panes(0.2)
	if !p.Portrait() {
		say, do = p.panes(0.34)
	}
	p.column(say, p.headline(p.w.MenuTitle), p.note(p.w.MenuSub, p.Colours.Quiet))
	icons := map[Page]ui.Icon{PageSetUp: ui.Pen, PageHealth: ui.Chart, PageBundle: ui.Card, PagePIN: ui.Padlock, PagePower: ui.Again, PageWipe: ui.Erase}
	rows := do.Rows(len(Pages()), p.gap*0.6)
	for i, page := range Pages() {
		b := rows[i]
		b.H = min(b.H, p.MM(34))
		mark, marked := Undone, false
		switch page {
		case PageSetUp:
			mark, marked = s.SetUp, true
		case PageHealth:
			mark, marked = s.Health, s.Health != Undone
		}
		name := p.w.Pages[page]
		p.Button(b.Left(b.W-p.MM(18)), ui.ButtonSpec{Label: name[0], Sub: name[1], Icon: icons[page], Steps: []ui.Step{ui.Body, ui.Small, 4.8}, Tap: p.tap(Open{page})})
		if marked {
			p.disc(b.X+b.W-p.MM(8), b.Y+b.H/2, p.MM(6), mark)
		}
	}
}

func (p *page) setUp(s SetUp) {
	title := p.Text(p.body.Top(p.MM(30)), p.w.SetUpTitle, ui.Type{Ink: p.Colours.Ink, Balance: true}, ui.Title, ui.Lead, ui.Body)
	p.rows(p.body.Below(title+p.gap*0.5), s.Rows)
}

// rows shows steps as buttons with their marks, in two columns on a lying panel.
func (p *page) rows(b ui.Box, rows []Row) {
	if len(rows) == 0 {
		return
	}
	columns := either(p.Portrait(), 2, 1)
	each := (len(rows) + columns - 1) / columns
	for i, c := range b.Columns(columns, p.gap*1.4) {
		places := c.Rows(each, p.gap*0.45)
		for j, place := range places {
			if at := i*each + j; at < len(rows) {
				place.H = min(place.H, p.MM(34))
				p.row(place, rows[at])
			}
		}
	}
}

func (p *page) row(b ui.Box, r Row) {
	radius := min(p.MM(6), b.H*0.4)
	p.disc(b.X+radius, b.Y+b.H/2, radius, r.Result.Mark)
	sub := p.w.Marks[r.Result.Mark]
	if r.Result.Problem != NoProblem && r.Result.Mark != Busy {
		sub = p.w.Problems[r.Result.Problem][0]
	}
	p.twoLines(b.After(2*radius+p.MM(4)), p.w.Steps[r.Step][0], sub, OpenStep{r.Step})
}

// twoLines is a button with a name and, below, how it stands; the second line may be a sentence.
func (p *page) twoLines(b ui.Box, name, sub string, e Event) {
	p.lines(b, p.MM(4), p.MM(1), line{name, p.Colours.Ink}, line{sub, p.Colours.Quiet},
		[][2]ui.Step{{ui.Body, ui.Small}, {ui.Small, 4.8}, {5, 4.2}, {4.6, 3.8}, {4.2, 3.4}, {3.8, 3.1}}, e)
}

type line struct {
	text string
	ink  color.NRGBA
}

// lines is a button with two texts, one below the other and that far from its edges, in the first pair of steps in which both
// fit; in the last where none does.
func (p *page) lines(b ui.Box, dx, dy float32, first, second line, steps [][2]ui.Step, e Event) {
	p.Button(b, ui.ButtonSpec{Tap: p.tap(e)})
	inner := ui.Box{X: b.X + dx, Y: b.Y + dy, W: b.W - 2*dx, H: b.H - 2*dy}
	for i, s := range steps {
		h, h2 := p.Height(inner.W, first.text, s[0]), p.Height(inner.W, second.text, s[1])
		if h+h2 <= inner.H || i == len(steps)-1 {
			inner = inner.Below(max(0, (inner.H-h-h2)/2))
			p.Text(inner, first.text, ui.Type{Ink: first.ink}, s[0])
			p.Text(inner.Below(h), second.text, ui.Type{Ink: second.ink}, s[1])
			return
		}
	}
}

func (p *page) finish(s Finish) {
	say, do := p.panes(either(p.Portrait(), float32(0.62), 0.84))
	top := say
	if !p.Portrait() {
		top = say.Top(say.H * 0.38)
	}
	blocks := []block{p.titled(s.Result.Mark, p.stepLine(StepFinish), p.w.Steps[StepFinish][0]), p.verdict(s.Result, p.w.FinishGood)}
	var rows []block
	for _, r := range s.Rows {
		text := p.w.Steps[r.Step][0]
		if r.Result.Problem != NoProblem {
			text += " – " + p.w.Problems[r.Result.Problem][0]
		}
		rows = append(rows, p.item(r.Result.Mark, text))
	}
	if p.Portrait() {
		p.column(top, append(blocks, rows...)...)
	} else {
		end := p.column(top, blocks...)
		p.columns(say.Below(end-say.Y+p.gap), rows)
	}
	primary := ui.ButtonSpec{Label: p.w.FinishButton, Icon: ui.Check, Kind: ui.Primary, Tap: p.tap(Test{})}
	if s.Result.Problem == StepsLeft {
		primary = ui.ButtonSpec{Label: p.w.Next, Icon: ui.Play, Kind: ui.Primary, Tap: p.tap(Next{})}
	}
	if s.Result.Done() {
		primary = ui.ButtonSpec{Label: p.w.Serve, Icon: ui.Home, Kind: ui.Primary, Tap: p.tap(Leave{})}
	}
	p.stack(do, p.MM(30), primary)
}

func (p *page) health(s Health) {
	say, do := p.panes(either(p.Portrait(), float32(0.7), 0.88))
	if s.At == "" {
		p.column(say, p.titled(Busy, p.w.HealthSub, p.w.HealthTitle), p.note(p.w.HealthLooks, p.Colours.Quiet))
		return
	}
	worst := Good
	for _, l := range s.Lines {
		worst = max(worst, l.Mark)
	}
	h := p.column(say.Top(say.H*0.16), p.titled(worst, p.w.HealthSub+" "+s.At, p.w.HealthTitle))
	rest := say.Below(h - say.Y + p.gap)
	var parts []block
	for _, l := range s.Lines {
		parts = append(parts, p.part(l))
	}
	p.columns(rest, parts)
	p.stack(do, p.MM(28), ui.ButtonSpec{Label: p.w.Again, Icon: ui.Again, Kind: ui.Primary, Tap: p.tap(Test{})})
}

// columns sets blocks in two columns on a lying panel, and in one on an upright one.
func (p *page) columns(b ui.Box, blocks []block) {
	n := either(p.Portrait(), 2, 1)
	each := (len(blocks) + n - 1) / n
	for i, c := range b.Columns(n, p.gap*1.4) {
		if part := blocks[min(i*each, len(blocks)):min((i+1)*each, len(blocks))]; len(part) > 0 {
			p.column(c, part...)
		}
	}
}

// part is a part of the machine: its mark, its name, what is to be done, what the program says.
func (p *page) part(l Line) block {
	name := p.w.Parts[l.Part]
	text := name[0]
	switch l.Mark {
	case Fair:
		text += ": " + name[1]
	case Bad:
		text += ": " + name[2]
	case Undone:
		text += ": " + p.w.Unknown
	}
	detail := clip(l.Detail, 90)
	line := p.item(l.Mark, text)
	indent := func(s scale) float32 { return p.Look.Em(s.small) * 1.9 }
	return block{
		func(w float32, s scale) float32 {
			h := line.height(w, s)
			if detail != "" {
				h += p.Height(w-indent(s), detail, max(s.small-1, 3.6))
			}
			return h
		},
		func(b ui.Box, s scale) {
			h := line.height(b.W, s)
			line.draw(b.Top(h), s)
			p.Text(b.Below(h).After(indent(s)), detail, ui.Type{Ink: p.Colours.Quiet}, max(s.small-1, 3.6))
		},
	}
}
