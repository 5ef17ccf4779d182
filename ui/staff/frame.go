package staff

import (
	"image/color"

	"tenin/ui"
)

// frame draws what every screen has: the shop, the wishes and the lock above, the lamp while somebody waits, and the main
// screens' buttons below.
func (p *page) frame() {
	area := p.Area.Inset(p.MM(10))
	head := area.Top(p.MM(17))
	p.header(head)
	body := area.Below(head.H + p.gap)
	_, locked := p.view.Screen.(Lock)
	if !locked {
		foot := body.Bottom(p.MM(22))
		p.tabs(foot)
		body.H -= foot.H + 2*p.gap
	}
	if _, help := p.view.Screen.(Help); p.view.Waiting > 0 && !help {
		high := p.MM(18)
		pad, _ := p.view.Screen.(Lock)
		p.lamp(body.Top(high), !locked || pad.Open)
		body = body.Below(high + p.gap)
	}
	if p.view.Note != "" || p.view.Busy {
		high := p.Look.Em(ui.Body) * 2
		p.note(body.Bottom(high))
		body.H -= high + p.gap
	}
	p.body = body
}

func (p *page) header(b ui.Box) {
	_, pad := p.view.Screen.(Lock)
	x := b.X + b.W
	gap := p.MM(1.5)
	place := func(width float32, spec ui.ButtonSpec) {
		x -= width
		p.Button(ui.Box{X: x, Y: b.Y, W: width, H: b.H}, spec)
		x -= gap
	}
	switch {
	case pad:
		if s := p.view.Screen.(Lock); s.Back {
			place(p.MM(62), ui.ButtonSpec{Label: p.w.Back, Icon: ui.Home, Steps: small, Tap: p.tap(Leave{})})
		}
	case p.view.Locked:
		place(p.MM(52), ui.ButtonSpec{Label: p.w.Unlock, Icon: ui.Padlock, Steps: small, Tap: p.tap(Unlock{})})
	default:
		spec := ui.ButtonSpec{Label: p.w.Lock, Icon: ui.Padlock, Steps: small, Tap: p.tap(LockNow{})}
		if p.view.Left > 0 {
			spec.Label += "　" + locksIn(p.view.Language, p.view.Left)
		}
		place(p.MM(62), spec)
	}
	place(p.MM(17), ui.ButtonSpec{Icon: ui.Tone, Kind: ui.Bare, Chosen: p.Look.HighContrast, Steps: plain, Tap: p.tap(ToggleContrast{})})
	place(p.MM(17), ui.ButtonSpec{Icon: ui.Letters, Kind: ui.Bare, Chosen: p.Look.BigText, Steps: plain, Tap: p.tap(ToggleBigText{})})
	other := English
	if p.view.Language == English {
		other = Japanese
	}
	place(p.MM(30), ui.ButtonSpec{Label: p.w.Language, Kind: ui.Bare, Steps: small, Tap: p.tap(ChooseLanguage{other})})

	mark := b.H * 0.55
	top := b.Y + (b.H-mark)/2
	p.Rect(ui.Box{X: b.X, Y: top, W: mark, H: mark * 0.12}, p.Colours.Accent, 0)
	for i := range 3 {
		w := mark * 0.28
		p.Rect(ui.Box{X: b.X + float32(i)*(mark-w)/2, Y: top + mark*0.2, W: w, H: mark * 0.8}, p.Colours.Accent, 0)
	}
	name := ui.Box{X: b.X + mark + p.MM(3), Y: b.Y, W: x - b.X - mark - p.MM(5), H: b.H}
	text := p.view.Shop
	if p.view.Who != "" {
		text += "\n" + p.view.Who
	}
	p.words(name, text, ui.Type{Ink: p.Colours.Ink}, ui.Body, ui.Small, 4.6, 4, 3.6)
}

func (p *page) tabs(b ui.Box) {
	p.Rect(ui.Box{X: b.X, Y: b.Y - p.gap, W: b.W, H: max(1, p.MM(0.3))}, p.Colours.Line, 0)
	icons := map[Tab]ui.Icon{HelpTab: ui.Bell, TodayTab: ui.Chart, UnansweredTab: ui.Ask, ConversationsTab: ui.Talk, SettingsTab: ui.Gear}
	for i, c := range b.Columns(len(Tabs()), p.MM(1.5)) {
		t := Tabs()[i]
		p.Button(c, ui.ButtonSpec{Label: p.w.Tabs[t], Icon: icons[t], Stacked: true, Kind: ui.Bare, Chosen: t == p.tab(),
			Steps: []ui.Step{ui.Small, 5, 4.4, 3.8, 3.4}, Tap: p.tap(GoTo{t})})
	}
}

// tab is the main screen that the present one belongs to.
func (p *page) tab() Tab {
	switch s := p.view.Screen.(type) {
	case Today:
		return TodayTab
	case Unanswered, Answering:
		return UnansweredTab
	case Conversations, Reason, Transcript:
		return ConversationsTab
	case Settings:
		return SettingsTab
	case Typing:
		switch s.Field {
		case NoticeText:
			return SettingsTab
		case ReasonText:
			return ConversationsTab
		}
		return UnansweredTab
	}
	return HelpTab
}

// The lamp's colours: 山吹 while somebody waits, 朱 when it has been too long. Words say the same.
var (
	amber     = color.NRGBA{R: 0xf2, G: 0xb6, B: 0x3c, A: 0xff}
	vermilion = color.NRGBA{R: 0xa8, G: 0x2d, B: 0x24, A: 0xff}
)

// lampColours are the lamp's ground and the colour of what stands on it.
func (p *page) lampColours(waiting int, late bool) (ground, ink color.NRGBA) {
	c := p.Colours
	switch {
	case waiting == 0:
		return c.Wash, c.Accent
	case p.Look.HighContrast:
		return c.Ink, c.OnInk
	case late:
		return vermilion, c.OnInk
	}
	return amber, c.Ink
}

// lamp is a band that says that somebody waits, and leads to the screen that says who.
func (p *page) lamp(b ui.Box, leads bool) {
	ground, ink := p.lampColours(p.view.Waiting, p.view.Late)
	p.Rect(b, ground, p.MM(3))
	side := b.H * 0.7
	p.Icon(ui.Bell, ui.Box{X: b.X + p.MM(4), Y: b.Y + (b.H-side)/2, W: side, H: side}, ink)
	text := b.After(side + p.MM(8))
	if leads {
		width := p.MM(44)
		p.Button(ui.Box{X: b.X + b.W - width - p.MM(1.2), Y: b.Y + p.MM(1.2), W: width, H: b.H - p.MM(2.4)},
			ui.ButtonSpec{Label: p.w.LampShow, Steps: plain, Tap: p.tap(GoTo{HelpTab})})
		text.W -= width + p.MM(6)
	}
	p.words(text, p.w.lampWords(p.view.Waiting, p.view.Late), ui.Type{Ink: ink}, line...)
}

// note says what the last touch did.
func (p *page) note(b ui.Box) {
	fill, icon := p.Colours.Wash, ui.Check
	text := p.view.Note
	switch {
	case p.view.Busy:
		text, icon = p.w.Working, ui.More
	case p.view.Failed:
		fill, icon = p.Colours.Warm, ui.Cross
	}
	p.Rect(b, fill, p.MM(3))
	side := b.H * 0.6
	p.Icon(icon, ui.Box{X: b.X + p.MM(3), Y: b.Y + (b.H-side)/2, W: side, H: side}, p.Colours.Accent)
	inner := b.After(side + p.MM(6))
	inner.W -= p.MM(3)
	p.words(inner, text, ui.Type{Ink: p.Colours.Ink}, plain...)
}
