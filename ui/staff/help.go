package staff

import "tenin/ui"

// help has the lamp large above, and a card with two buttons for each call.
func (p *page) help(s Help) {
	if s.Lost {
		p.Rect(p.body, p.Colours.Warm, p.MM(4))
		p.middleSays(p.body, ui.Cross, p.w.Lost, p.w.LostSub)
		return
	}
	waiting, late := 0, false
	for _, c := range s.Calls {
		if !c.Taken {
			waiting++
			late = late || c.Late
		}
	}
	ground, ink := p.lampColours(waiting, late)
	if len(s.Calls) == 0 {
		p.Rect(p.body, ground, p.MM(4))
		p.middleSays(p.body, ui.Check, p.w.Calm, p.w.CalmSub)
		return
	}
	high := p.body.H * pick(p.Portrait(), float32(0.16), 0.24)
	band := p.body.Top(high)
	p.Rect(band, ground, p.MM(4))
	side := min(high*0.6, p.MM(36))
	p.Icon(ui.Bell, ui.Box{X: band.X + p.MM(6), Y: band.Y + (high-side)/2, W: side, H: side}, ink)
	text := band.After(side + p.MM(12))
	text.W -= p.MM(5)
	words := p.w.Calm
	if waiting > 0 {
		words = p.w.lampWords(waiting, late)
	}
	p.words(text, words, ui.Type{Ink: ink, Balance: true}, ui.Caption, ui.Title, ui.Lead, ui.Body)
	p.list(p.body.Below(high+p.gap), p.columns(), len(s.Calls), s.From, p.MM(pick(p.Look.BigText, float32(54), 46)), func(i int, b ui.Box) { p.call(b, s.Calls[i]) })
}

// middleSays draws a sign, a headline and a line in the middle of the screen.
func (p *page) middleSays(b ui.Box, icon ui.Icon, title, text string) {
	r := min(p.MM(30), b.H*0.18)
	y := b.Y + b.H*0.32
	p.Circle(b.X+b.W/2, y, r, p.Colours.Card, p.Colours.Accent, p.MM(0.6))
	p.Icon(icon, ui.Box{X: b.X + b.W/2 - r*0.55, Y: y - r*0.55, W: r * 1.1, H: r * 1.1}, p.Colours.Accent)
	low := b.Below(y - b.Y + r + p.gap*1.5).Inset(p.MM(4))
	h := p.Text(low.Top(low.H*0.6), title, ui.Type{Ink: p.Colours.Ink, Align: ui.Centre, Balance: true}, ui.Caption, ui.Title, ui.Lead)
	p.Text(low.Below(h+p.gap*0.7), text, ui.Type{Ink: p.Colours.Quiet, Align: ui.Centre, Balance: true}, ui.Lead, ui.Body, ui.Small)
}

func (p *page) call(b ui.Box, c Call) {
	p.Card(b, p.Colours.Card)
	if !c.Taken {
		ground, _ := p.lampColours(1, c.Late)
		p.Rect(ui.Box{X: b.X + p.MM(1.5), Y: b.Y + p.MM(3), W: p.MM(3), H: b.H - p.MM(6)}, ground, p.MM(1.5))
	}
	inner := ui.Box{X: b.X + p.MM(8), Y: b.Y + p.MM(3), W: b.W - p.MM(12), H: b.H - p.MM(6)}
	wide := min(inner.W*0.56, p.MM(150))
	buttons := ui.Box{X: inner.X + inner.W - wide, Y: inner.Y + (inner.H-min(inner.H, p.MM(34)))/2, W: wide, H: min(inner.H, p.MM(34))}
	text := inner.Left(inner.W - wide - p.gap)
	topic := c.Topic
	if topic == "" {
		topic = p.w.NoTopic
	}
	where := joined("　", c.Kiosk, pick(c.Spoken == Japanese, "", spoken(p.view.Language, c.Spoken)))
	lines := text.Rows(3, 0)
	p.words(lines[0], where, ui.Type{Ink: p.Colours.Accent}, plain...)
	p.words(lines[1], topic, ui.Type{Ink: p.Colours.Ink}, line...)
	state := waited(p.view.Language, c.Waited)
	if c.Taken {
		state = onTheWay(p.view.Language, c.By)
	}
	p.words(lines[2], state, ui.Type{Ink: p.Colours.Quiet}, plain...)
	handled := ui.ButtonSpec{Label: p.w.Handled, Icon: ui.Check, Kind: ui.Primary, Steps: plain, Tap: p.tap(Handled{c.ID})}
	if c.Taken {
		p.Button(buttons, handled)
		return
	}
	two := buttons.Columns(2, p.gap*0.7)
	p.Button(two[0], ui.ButtonSpec{Label: p.w.Take, Icon: ui.Walk, Stacked: true, Steps: plain, Tap: p.tap(Take{c.ID})})
	handled.Stacked = true
	p.Button(two[1], handled)
}
