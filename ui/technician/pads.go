package technician

import (
	"fmt"

	"fyne.io/fyne/v2"

	"tenin/ui"
	"tenin/ui/keyboard"
)

func (p *page) pin(s PIN) {
	say, do := p.panes(either(p.Portrait(), float32(0.52), 0.4))
	blocks := []block{p.headline(either(s.Who == Manager, p.w.PINs[s.Purpose], p.w.ManagerPINs[s.Purpose]))}
	blocks = append(blocks, p.drawn(p.MM(12), func(b ui.Box) {
		n := max(min(s.Most, 12), 1)
		for i := range n {
			r := p.MM(2.6)
			fill := either(i < s.Typed, p.Colours.Paper, p.Colours.Accent)
			p.Circle(b.X+p.MM(4)+float32(i)*p.MM(9), b.Y+b.H/2, r, fill, p.Colours.Accent, p.MM(0.6))
		}
	}))
	if text := p.w.Refused[s.Refusal]; text != "" {
		if s.Refusal == PINWait {
			text = fmt.Sprintf(text, s.Wait)
		}
		blocks = append(blocks, p.warning(text))
	} else if s.Purpose != PINEnter {
		blocks = append(blocks, p.note(p.w.PINNote, p.Colours.Quiet))
	}
	p.column(say, blocks...)
	if s.Purpose == PINEnter {
		h := p.MM(18)
		b := do.Bottom(h)
		p.Button(ui.Box{X: b.X, Y: b.Y, W: b.W, H: h}, ui.ButtonSpec{Label: p.w.LostPIN, Kind: ui.Bare, Steps: []ui.Step{ui.Body, ui.Small, 4.8}, Tap: p.tap(LostPIN{})})
		do.H -= h + p.gap
	}
	p.pad(do)
}

// pad is the number pad.
func (p *page) pad(b ui.Box) {
	w := min(b.W, p.MM(170))
	h := min(b.H, p.MM(150))
	b = ui.Box{X: b.X + (b.W-w)/2, Y: b.Y + (b.H-h)/2, W: w, H: h}
	places := grid(b, 3, 4, p.MM(2.5))
	large := []ui.Step{ui.Title, ui.Lead, ui.Body}
	for n := 1; n <= 9; n++ {
		p.Button(places[n-1], ui.ButtonSpec{Label: fmt.Sprint(n), Steps: large, Tap: p.tap(Digit{n})})
	}
	p.Button(places[9], ui.ButtonSpec{Icon: ui.Erase, Steps: large, Tap: p.tap(Rub{})})
	p.Button(places[10], ui.ButtonSpec{Label: "0", Steps: large, Tap: p.tap(Digit{0})})
	p.Button(places[11], ui.ButtonSpec{Label: p.w.Enter, Kind: ui.Primary, Steps: []ui.Step{ui.Lead, ui.Body, ui.Small, 4.6}, Tap: p.tap(Enter{})})
}

// warning is a card with a sentence.
func (p *page) warning(text string) block {
	pad, bar := p.MM(4), p.MM(2)
	return block{
		func(w float32, s scale) float32 { return p.Height(w-bar-2*pad, text, s.body) + 1.4*pad },
		func(b ui.Box, s scale) {
			p.Rect(b, p.Colours.Warm, p.MM(3))
			p.Rect(ui.Box{X: b.X, Y: b.Y, W: bar, H: b.H}, p.signal(Bad), bar/2)
			p.Text(ui.Box{X: b.X + bar + pad, Y: b.Y + 0.7*pad, W: b.W - bar - 2*pad, H: b.H - 1.4*pad}, text, ui.Type{Ink: p.Colours.Ink}, s.body)
		},
	}
}

func (p *page) edit(s Edit) {
	title, note := p.w.Fields[s.Field][0], p.w.Fields[s.Field][1]
	if s.Groups > 0 {
		title = fmt.Sprintf(p.w.GroupLine, title, s.Group, s.Groups)
	}
	blocks := []block{p.headline(title)}
	if s.Problem != NoProblem {
		text := p.w.Problems[s.Problem]
		blocks = append(blocks, p.warning(text[0]+" "+text[1]))
	} else {
		blocks = append(blocks, p.note(note, p.Colours.Quiet))
	}
	b := p.body
	if s.Secret {
		// What is typed is hidden or shown by a button of its own, at the right of all that is said about it.
		place := ui.Box{X: b.X + b.W - p.MM(52), Y: b.Y, W: p.MM(52), H: p.MM(20)}
		p.Button(place, ui.ButtonSpec{Label: either(s.Hidden, p.w.HideTyped, p.w.ShowTyped), Icon: ui.Letters, Steps: []ui.Step{ui.Small, 5, 4.4, 3.8}, Tap: p.tap(ToggleHidden{})})
	}
	shorter := either(s.Secret, 0, p.MM(52)+p.gap)
	if p.Portrait() {
		board := min(b.H*0.72, p.MM(250))
		top := b.Top(b.H - board - p.gap)
		p.column(top.Left(top.W-shorter), blocks...)
		p.board(b.Bottom(board), s)
		return
	}
	// A keyboard of 15 mm keys needs nearly all of a lying panel: what is typed stands beside what it is for.
	high := p.MM(20)
	above := b.Top(high)
	half := above.Left(above.W-shorter).Columns(2, p.gap*2)
	steps := []ui.Step{ui.Lead, ui.Body, ui.Small, 4.6, 4, 3.4}
	p.Text(p.middle(half[0], title, steps...), title, ui.Type{Ink: p.Colours.Ink}, steps...)
	if s.Problem != NoProblem {
		text := p.w.Problems[s.Problem]
		note = text[0] + " " + text[1]
		p.Rect(half[1], p.Colours.Warm, p.MM(3))
	}
	inner := half[1].Inset(p.MM(1))
	p.Text(p.middle(inner, note, ui.Small, 4.6, 4, 3.4, 3), note, ui.Type{Ink: p.Colours.Ink}, ui.Small, 4.6, 4, 3.4, 3)
	p.board(b.Below(high+p.MM(2)), s)
}

func (p *page) board(b ui.Box, s Edit) {
	keyboard.Draw(p.Sheet, b, s.Board, func(k keyboard.Key) { p.send(Typed{k}) })
}

func (p *page) wipe(s Wipe) {
	if s.Phase == WipeTypes {
		say, do := p.panes(either(p.Portrait(), float32(0.45), 0.36))
		blocks := []block{p.headline(p.w.WipeType), p.headline(s.Challenge), p.fact(p.w.WipeTyped, s.Typed)}
		if s.Differs {
			blocks = append(blocks, p.warning(p.w.WipeDiffers))
		}
		p.column(say, blocks...)
		p.pad(do)
		return
	}
	say, do := p.panes(0.62)
	switch s.Phase {
	case WipeWarns:
		blocks := []block{p.titled(Bad, p.w.Pages[PageWipe][0], p.w.WipeTitle)}
		for _, t := range p.w.WipeLoses {
			blocks = append(blocks, p.item(Bad, t))
		}
		for _, t := range p.w.WipeKeeps {
			blocks = append(blocks, p.item(Undone, t))
		}
		if s.Result.Problem != NoProblem {
			blocks = append(blocks, p.verdict(s.Result, ""))
		}
		p.column(say, blocks...)
		p.stack(do, p.MM(28),
			ui.ButtonSpec{Label: p.w.Back, Icon: ui.Back, Kind: ui.Primary, Tap: p.tap(Back{})},
			ui.ButtonSpec{Label: p.w.WipeGo, Icon: ui.Erase, Tap: p.tap(Confirm{})})
	case WipeHolds:
		p.column(say, p.titled(Bad, p.w.Pages[PageWipe][0], p.w.WipeHold), p.note(p.w.WipeHoldSub, p.Colours.Ink))
		p.hold(do, s)
	default:
		mark := either(s.Phase == WipeDone, Busy, Good)
		blocks := []block{p.titled(mark, p.w.Pages[PageWipe][0], either(s.Phase == WipeDone, p.w.WipeRuns, p.w.WipeDone))}
		if s.Result.Problem != NoProblem {
			blocks = append(blocks, p.verdict(s.Result, ""))
		}
		p.column(say, blocks...)
	}
}

// hold is the button that must be held. Lifting the finger is what starts the wipe: a finger that slid away, whose end is
// not told, starts nothing.
func (p *page) hold(b ui.Box, s Wipe) {
	h := min(p.MM(60), b.H)
	b = ui.Box{X: b.X, Y: b.Y + (b.H-h)/2, W: b.W, H: h}
	p.area(b, func(fyne.Position) { p.send(HoldDown{}) }, func(fyne.Position) { p.send(HoldUp{}) })
	red := p.signal(Bad)
	p.Rect(b, red, p.MM(4))
	need := max(s.Need, 1)
	text := p.w.WipeButton
	switch {
	case s.Held >= need:
		text = p.w.WipeLift
	case s.Held > 0:
		text = fmt.Sprintf(p.w.WipeHeld, need-s.Held)
	}
	bars := ui.Box{X: b.X + p.MM(6), Y: b.Y + b.H - p.MM(9), W: b.W - p.MM(12), H: p.MM(3)}
	for i, c := range bars.Columns(need, p.MM(2)) {
		p.Rect(c, either(i < s.Held, red, p.Colours.OnInk), p.MM(1))
		if i >= s.Held {
			p.Rect(ui.Box{X: c.X, Y: c.Y + c.H*0.4, W: c.W, H: c.H * 0.2}, p.Colours.OnInk, 0)
		}
	}
	p.Text(ui.Box{X: b.X + p.MM(5), Y: b.Y + p.MM(3), W: b.W - p.MM(10), H: b.H - p.MM(14)}, text, ui.Type{Ink: p.Colours.OnInk, Align: ui.Middle, Balance: true}, ui.Title, ui.Lead, ui.Body, ui.Small)
}

func (p *page) bundle(s Bundle) {
	say, do := p.panes(0.62)
	blocks := []block{p.titled(s.Result.Mark, p.w.Pages[PageBundle][0], p.w.BundleTitle)}
	if s.Result.Mark != Undone || s.Result.Problem != NoProblem {
		blocks = append(blocks, p.verdict(s.Result, p.w.BundleGood))
		if s.Path != "" {
			blocks = append(blocks, p.fact(p.w.BundlePath, clip(s.Path, 100)))
		}
	}
	for _, i := range s.Contents {
		blocks = append(blocks, p.fact(p.w.Items[i.Kind], size(i.KB)))
	}
	blocks = append(blocks, p.note(p.w.BundleNot, p.Colours.Quiet))
	p.column(say, blocks...)
	if s.Result.Mark == Busy {
		return
	}
	var buttons []ui.ButtonSpec
	for i, place := range s.Places[:min(len(s.Places), 4)] {
		label := fmt.Sprintf(p.w.Free, clip(place.Name, 32), size(place.FreeMB*1024))
		buttons = append(buttons, ui.ButtonSpec{Label: label, Icon: either(i == s.Chosen, ui.Card, ui.Check), Chosen: i == s.Chosen, Steps: []ui.Step{ui.Body, ui.Small, 4.8, 4}, Tap: p.tap(ChoosePlace{i})})
	}
	if s.Chosen >= 0 && s.Chosen < len(s.Places) {
		buttons = append(buttons, ui.ButtonSpec{Label: p.w.BundleWrite, Icon: ui.More, Kind: ui.Primary, Tap: p.tap(Confirm{})})
	} else {
		buttons = append(buttons, ui.ButtonSpec{Label: p.w.BundleLook, Icon: ui.Again, Tap: p.tap(Test{})})
	}
	p.stack(do, p.MM(26), buttons...)
}

func size(kb int) string {
	switch {
	case kb < 1024:
		return fmt.Sprintf("%d KB", kb)
	case kb < 1024*1024:
		return fmt.Sprintf("%.1f MB", float64(kb)/1024)
	}
	return fmt.Sprintf("%.1f GB", float64(kb)/1024/1024)
}

func (p *page) power(s Power) {
	say, do := p.panes(0.5)
	what := p.w.Powers[s.What]
	switch s.Phase {
	case PowerChoose:
		blocks := []block{p.headline(p.w.Pages[PagePower][0]), p.note(p.w.PowerSub, p.Colours.Quiet)}
		if s.Result.Problem != NoProblem {
			blocks = append(blocks, p.verdict(s.Result, ""))
		}
		p.column(say, blocks...)
		p.stack(do, p.MM(30),
			ui.ButtonSpec{Label: p.w.Powers[PowerProgram][0], Icon: ui.Again, Tap: p.tap(ChoosePower{PowerProgram})},
			ui.ButtonSpec{Label: p.w.Powers[PowerRestart][0], Icon: ui.Again, Tap: p.tap(ChoosePower{PowerRestart})},
			ui.ButtonSpec{Label: p.w.Powers[PowerOff][0], Icon: ui.Stop, Tap: p.tap(ChoosePower{PowerOff})})
	case PowerAsks:
		p.column(say, p.titled(Fair, p.w.Pages[PagePower][0], what[1]))
		p.stack(do, p.MM(30),
			ui.ButtonSpec{Label: p.w.Back, Icon: ui.Back, Kind: ui.Primary, Tap: p.tap(Back{})},
			ui.ButtonSpec{Label: what[0], Icon: ui.Check, Tap: p.tap(Confirm{})})
	default:
		p.column(say, p.titled(Busy, p.w.Pages[PagePower][0], what[2]))
	}
}
