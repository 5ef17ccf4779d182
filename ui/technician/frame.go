package technician

import "tenin/ui"

// frame draws what every screen has: whose screens these are and the languages above; size of text, contrast, the way back
// and the way out below; and the count to the lock.
func (p *page) frame() {
	area := p.Area.Inset(p.MM(14))
	head, foot := area.Top(p.MM(17)), area.Bottom(p.MM(22))
	p.header(head)
	p.footer(foot)
	p.body = ui.Box{X: area.X, Y: head.Y + head.H + p.MM(7), W: area.W, H: foot.Y - head.Y - head.H - p.MM(14)}
	if p.view.Left > 0 {
		h := p.MM(17)
		p.count(p.body.Bottom(h))
		p.body.H -= h + p.gap
	}
}

func (p *page) header(b ui.Box) {
	width := p.MM(32)
	chips := ui.Box{X: b.X + b.W - 2*width - p.MM(1.5), Y: b.Y, W: 2*width + p.MM(1.5), H: b.H}
	for i, c := range chips.Columns(2, p.MM(1.5)) {
		l := Languages()[i]
		p.Button(c, ui.ButtonSpec{Label: l.Name(), Kind: ui.Bare, Chosen: l == p.view.Language, Steps: []ui.Step{ui.Small, 5, 4.4}, Tap: p.tap(ChooseLanguage{l})})
	}
	mark := b.H * 0.66
	p.Icon(ui.Gear, ui.Box{X: b.X, Y: b.Y + (b.H-mark)/2, W: mark, H: mark}, p.Colours.Accent)
	name := ui.Box{X: b.X + mark + p.MM(4), Y: b.Y, W: chips.X - b.X - mark - p.MM(8), H: b.H}
	text := p.w.Title
	if p.view.Kiosk != "" {
		text += "  " + clip(p.view.Kiosk, 40)
	}
	steps := []ui.Step{ui.Body, ui.Small, 4.6, 4, 3.4}
	p.Text(p.middle(name, text, steps...), text, ui.Type{Ink: p.Colours.Ink}, steps...)
}

func (p *page) footer(b ui.Box) {
	p.Rect(ui.Box{X: b.X, Y: b.Y - p.MM(3.5), W: b.W, H: max(1, p.MM(0.3))}, p.Colours.Line, 0)
	l := p.Look
	specs := []ui.ButtonSpec{
		{Label: either(l.BigText, p.w.BigText, p.w.NormalText), Icon: ui.Letters, Tap: p.tap(ToggleBigText{})},
		{Label: either(l.HighContrast, p.w.Contrast, p.w.NormalContrast), Icon: ui.Tone, Tap: p.tap(ToggleContrast{})},
	}
	if p.canGoBack() {
		specs = append(specs, ui.ButtonSpec{Label: p.w.Back, Icon: ui.Back, Tap: p.tap(Back{})})
	}
	if !p.unstoppable() {
		specs = append(specs, ui.ButtonSpec{Label: p.w.Leave, Icon: ui.Padlock, Tap: p.tap(Leave{})})
	}
	for i := range specs {
		specs[i].Stacked, specs[i].Kind, specs[i].Steps = true, ui.Bare, []ui.Step{ui.Small, 5, 4.4, 3.8}
	}
	for i, c := range b.Columns(len(specs), p.MM(1.5)) {
		p.Button(c, specs[i])
	}
}

// unstoppable screens show what can no longer be stopped.
func (p *page) unstoppable() bool {
	switch s := p.view.Screen.(type) {
	case Wipe:
		return s.Phase >= WipeRuns
	case Power:
		return s.Phase == PowerGoes
	}
	return false
}

func (p *page) canGoBack() bool {
	switch s := p.view.Screen.(type) {
	case Menu, nil:
		return false
	case PIN:
		return s.Purpose != PINEnter
	}
	return !p.unstoppable()
}

// count shows when the screens lock themselves, and the button that stops it.
func (p *page) count(b ui.Box) {
	p.Rect(b, p.Colours.Wash, p.MM(3))
	button := ui.Box{X: b.X + b.W - p.MM(46), Y: b.Y + p.MM(1), W: p.MM(45), H: b.H - p.MM(2)}
	text := ui.Box{X: b.X + p.MM(6), Y: b.Y, W: b.W - p.MM(58), H: b.H}
	line, steps := locksIn(p.view.Language, p.view.Left), []ui.Step{ui.Body, ui.Small, 4.6}
	p.Text(p.middle(text, line, steps...), line, ui.Type{Ink: p.Colours.Ink}, steps...)
	p.Button(button, ui.ButtonSpec{Label: p.w.StillHere, Tap: p.tap(StillHere{}), Steps: []ui.Step{ui.Body, ui.Small}})
}
