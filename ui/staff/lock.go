package staff

import (
	"strings"

	"tenin/ui"
)

func (p *page) lock(s Lock) {
	say, do := p.panes(p.body, pick(p.Portrait(), float32(0.3), 0.42))
	if len(s.Names) > 1 && s.Name == "" {
		p.says(say, ui.Padlock, p.w.Who, p.w.LockSub, false)
		p.list(do, p.columns(), len(s.Names), s.From, p.MM(20), func(i int, b ui.Box) {
			p.Button(b, ui.ButtonSpec{Label: chop(s.Names[i], 40), Steps: line, Tap: p.tap(ChooseName{s.Names[i]})})
		})
		return
	}
	title, text := p.w.LockTitle, p.w.LockSub
	if s.Name != "" {
		text = s.Name
	}
	switch {
	case s.Wait > 0:
		title, text = p.w.Waiting, waitPIN(p.view.Language, s.Wait)
	case s.Wrong:
		title, text = p.w.Wrong, p.w.WrongSub
	}
	if len(s.Names) > 1 {
		high := p.MM(17)
		p.Button(say.Bottom(high).Left(min(say.W, p.MM(80))), ui.ButtonSpec{Label: p.w.Change, Icon: ui.Again, Steps: plain, Tap: p.tap(ChooseName{})})
		say.H -= high + p.gap
	}
	p.says(say, ui.Padlock, title, text, s.Wait > 0 || s.Wrong)
	if s.Wait <= 0 {
		p.pad(do, s)
	}
}

// says draws a sign, a headline and a line.
func (p *page) says(b ui.Box, icon ui.Icon, title, text string, trouble bool) {
	if trouble {
		p.Rect(b, p.Colours.Warm, p.MM(4))
		b = b.Inset(p.MM(5))
	}
	r := min(p.MM(16), b.H*0.15)
	p.Circle(b.X+r, b.Y+r, r, p.Colours.Accent, p.Colours.Accent, 0)
	p.Icon(icon, ui.Box{X: b.X + r*0.45, Y: b.Y + r*0.45, W: r * 1.1, H: r * 1.1}, p.Colours.OnInk)
	b = b.Below(2*r + p.gap)
	h := p.Text(b.Top(b.H*0.66), title, ui.Type{Ink: p.Colours.Ink, Balance: true}, ui.Caption, ui.Title, ui.Lead, ui.Body, ui.Small)
	b = b.Below(h + p.gap*0.5)
	p.Text(b, p.clip(b, text, ui.Small), ui.Type{Ink: p.Colours.Quiet, Balance: true}, ui.Lead, ui.Body, ui.Small)
}

// pad draws what was typed as dots, and the keys.
func (p *page) pad(b ui.Box, s Lock) {
	field := p.MM(22)
	p.Card(b.Top(field), p.Colours.Card)
	p.dots(b.Top(field).Inset(p.MM(3)), s.Digits)
	keys := b.Below(field + p.gap)
	gap := p.MM(1.5)
	enter := min(p.MM(26), keys.H*0.2)
	keys.H -= enter + p.gap
	rows := []string{"123", "456", "789", "↺0⌫"}
	switch s.Keys {
	case LetterKeys:
		rows = []string{"qwertyuiop", "asdfghjkl", "zxcvbnm", "↺0123⌫", "456789"}
	case CapitalKeys:
		rows = []string{"QWERTYUIOP", "ASDFGHJKL", "ZXCVBNM", "↺0123⌫", "456789"}
	}
	if s.Keys == DigitKeys {
		width := min(keys.W, p.MM(170))
		keys = ui.Box{X: keys.X + (keys.W-width)/2, Y: keys.Y, W: width, H: min(keys.H, p.MM(150))}
	} else {
		keys.H = min(keys.H, p.MM(150))
	}
	p.Button(ui.Box{X: keys.X, Y: keys.Y + keys.H + p.gap, W: keys.W, H: enter},
		ui.ButtonSpec{Label: p.w.Enter, Icon: ui.Check, Kind: ui.Primary, Steps: line, Tap: p.tap(EnterPIN{})})
	for i, r := range keys.Rows(len(rows), gap) {
		letters := []rune(rows[i])
		for j, c := range r.Columns(len(letters), gap) {
			switch key := string(letters[j]); key {
			case "↺":
				label := [...]string{"ABC", "ABC", "123"}[min(max(s.Keys, 0), CapitalKeys)]
				if s.Keys == DigitKeys {
					label = "abc"
				}
				p.Button(c, ui.ButtonSpec{Label: label, Kind: ui.Bare, Steps: plain, Tap: p.tap(TurnKeys{})})
			case "⌫":
				p.Button(c, ui.ButtonSpec{Icon: ui.Erase, Kind: ui.Bare, Steps: plain, Tap: p.tap(ErasePIN{})})
			default:
				p.Button(c, ui.ButtonSpec{Label: key, Steps: []ui.Step{ui.Title, ui.Lead, ui.Body}, Tap: p.tap(PINKey{key})})
			}
		}
	}
}

// dots shows how many characters were typed, up to twelve of them.
func (p *page) dots(b ui.Box, n int) {
	if n <= 0 {
		p.words(b, p.w.PINHint, ui.Type{Ink: p.Colours.Quiet, Align: ui.Centre}, plain...)
		return
	}
	n = min(n, 12)
	step := min(p.MM(11), b.W/12)
	x := b.X + (b.W-step*float32(n-1))/2
	for i := range n {
		p.Circle(x+float32(i)*step, b.Y+b.H/2, p.MM(2.4), p.Colours.Ink, nil, 0)
	}
}

// pick is the first of two when on is set.
func pick[T any](on bool, then, otherwise T) T {
	if on {
		return then
	}
	return otherwise
}

func joined(separator string, parts ...string) string {
	var list []string
	for _, s := range parts {
		if s != "" {
			list = append(list, s)
		}
	}
	return strings.Join(list, separator)
}
