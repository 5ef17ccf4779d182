package shopper

import (
	"tenin/ui"
)

// frame draws what every screen has: the shop and the languages above, help and wishes below, and the count.
func (p *page) frame() {
	margin := p.MM(14)
	area := p.Area.Inset(margin)
	head := area.Top(p.MM(17))
	foot := area.Bottom(p.MM(24))
	p.header(head)
	p.footer(foot)
	p.body = ui.Box{X: area.X, Y: head.Y + head.H + p.MM(8), W: area.W, H: foot.Y - head.Y - head.H - p.MM(16)}
	if p.view.Left > 0 {
		h := p.MM(18)
		p.count(p.body.Bottom(h))
		p.body.H -= h + p.gap
	}
}

func (p *page) header(b ui.Box) {
	width := min(p.MM(35), b.W*0.15)
	width = max(width, p.MM(31))
	chips := ui.Box{X: b.X + b.W - 4*width - 3*p.MM(1.5), Y: b.Y, W: 4*width + 3*p.MM(1.5), H: b.H}
	for i, c := range chips.Columns(4, p.MM(1.5)) {
		l := Languages()[i]
		if !l.Complete() {
			p.Font = ui.WideFont()
		}
		p.Button(c, ui.ButtonSpec{Label: l.Name(), Kind: ui.Bare, Chosen: l == p.view.Language, Steps: []ui.Step{ui.Small, 5, 4.4}, Tap: p.tap(ChooseLanguage{l})})
		p.Font = ui.TextFont()
	}
	// The shop's mark: a curtain, 暖簾, in three strips.
	mark := b.H * 0.62
	x, y := b.X, b.Y+(b.H-mark)/2
	p.Rect(ui.Box{X: x, Y: y, W: mark, H: mark * 0.12}, p.Colours.Accent, 0)
	for i := range 3 {
		w := mark * 0.28
		p.Rect(ui.Box{X: x + float32(i)*(mark-w)/2, Y: y + mark*0.2, W: w, H: mark * 0.8}, p.Colours.Accent, 0)
	}
	p.Patch(ui.Box{X: b.X, Y: b.Y, W: b.H, H: b.H}, p.tap(Knock{}))
	name := ui.Box{X: x + mark + p.MM(4), Y: b.Y, W: chips.X - x - mark - p.MM(8), H: b.H}
	steps := []ui.Step{ui.Lead, ui.Body, ui.Small, 4.6, 4, 3.6}
	p.Text(middle(p, name, p.view.Shop, steps...), p.view.Shop, ui.Type{Ink: p.Colours.Ink}, steps...)
}

func (p *page) footer(b ui.Box) {
	if !p.view.Language.Complete() {
		return
	}
	p.Rect(ui.Box{X: b.X, Y: b.Y - p.MM(4), W: b.W, H: max(1, p.MM(0.3))}, p.Colours.Line, 0)
	w, l := p.w, p.Look
	small := []ui.Step{ui.Small, 5, 4.4, 3.8}
	specs := []ui.ButtonSpec{
		{Label: either(l.BigText, w.BigText, w.NormalText), Icon: ui.Letters, Tap: p.tap(ToggleBigText{})},
		{Label: either(l.HighContrast, w.Contrast, w.NormalContrast), Icon: ui.Tone, Tap: p.tap(ToggleContrast{})},
		{Label: either(l.Silent, w.SoundOff, w.SoundOn), Icon: either(l.Silent, ui.SoundOff, ui.Sound), Tap: p.tap(ToggleSilent{})},
	}
	switch p.view.Screen.(type) {
	case Attract, Consent, Listening, Thinking, Answer, Clarify, Trouble:
		specs = append(specs, ui.ButtonSpec{Label: w.TypeShort, Icon: ui.Pen, Tap: p.tap(TypeInstead{})})
	case Typing:
		specs = append(specs, ui.ButtonSpec{Label: w.Speak, Icon: ui.Mic, Tap: p.tap(SpeakAgain{})})
	}
	switch p.view.Screen.(type) {
	case Staff, Closed, Resetting:
	default:
		specs = append(specs, ui.ButtonSpec{Label: w.CallStaff, Icon: ui.Bell, Tap: p.tap(CallStaff{p.view.Language})})
	}
	switch p.view.Screen.(type) {
	case Attract, Resetting, Closed:
	default:
		specs = append(specs, ui.ButtonSpec{Label: w.Finish, Icon: ui.Home, Tap: p.tap(Finish{})})
	}
	for i := range specs {
		specs[i].Stacked, specs[i].Kind, specs[i].Steps = true, ui.Bare, small
	}
	for i, c := range b.Columns(len(specs), p.MM(1.5)) {
		p.Button(c, specs[i])
	}
}

// either is the second of two when on is set.
func either[T any](on bool, off, then T) T {
	if on {
		return then
	}
	return off
}

// count shows how long the kiosk will still wait, and the button that stops it.
func (p *page) count(b ui.Box) {
	stay := p.w.StillHere
	if !p.view.Language.Complete() {
		stay, p.Font = FixedIn(p.view.Language).Stay, ui.WideFont()
		defer func() { p.Font = ui.TextFont() }()
	}
	p.Rect(b, p.Colours.Wash, p.MM(3))
	button := ui.Box{X: b.X + b.W - p.MM(46), Y: b.Y + p.MM(1), W: p.MM(45), H: b.H - p.MM(2)}
	text := ui.Box{X: b.X + p.MM(6), Y: b.Y, W: b.W - p.MM(58), H: b.H}
	line, steps := Countdown(p.view.Language, p.view.Left), []ui.Step{ui.Body, ui.Small, 4.6}
	p.Text(middle(p, text, line, steps...), line, ui.Type{Ink: p.Colours.Ink}, steps...)
	p.Button(button, ui.ButtonSpec{Label: stay, Tap: p.tap(StillHere{}), Steps: []ui.Step{ui.Body, ui.Small}})
}

// middle moves a box down so that a text in it stands in the middle of its height, at the left.
func middle(p *page, b ui.Box, text string, steps ...ui.Step) ui.Box {
	for _, s := range steps {
		if h := p.Height(b.W, text, s); h <= b.H {
			return ui.Box{X: b.X, Y: b.Y + (b.H-h)/2, W: b.W, H: b.H - (b.H-h)/2}
		}
	}
	return b
}
