package technician

import (
	"fmt"
	"image/color"

	"tenin/ui"
)

// turn draws the four directions as the panel would look from where somebody stands now: the panel is one thing, and only what
// is on it turns. So nobody needs to know how the panel was built, or to count degrees: the picture that looks upright is right,
// also on a screen that lies on its side.
func (p *page) turn(s Turn) {
	switch s.Phase {
	case TurnTries, TurnReturns:
		say, _ := p.panes(0.62)
		p.column(say, p.titled(Busy, p.stepLine(StepTurn), p.w.Steps[StepTurn][0]), p.headline(either(s.Phase == TurnReturns, p.w.TurnTries, p.w.TurnReturns)))
	case TurnAsks:
		say, do := p.panes(0.62)
		left := max(s.Left, 0)
		bar := p.drawn(p.MM(6), func(b ui.Box) {
			p.Rect(b, p.Colours.Wash, p.MM(3))
			p.Rect(b.Left(b.W*min(float32(left)/TurnSeconds, 1)), p.Colours.Accent, p.MM(3))
		})
		p.column(say, p.titled(Busy, p.stepLine(StepTurn), p.w.Steps[StepTurn][0]), p.headline(p.w.TurnAsks), p.note(fmt.Sprintf(p.w.TurnLeft, left), p.Colours.Ink), bar)
		p.stack(do, p.MM(34),
			ui.ButtonSpec{Label: p.w.TurnKeep, Icon: ui.Check, Kind: ui.Primary, Tap: p.tap(Answer{true})},
			ui.ButtonSpec{Label: p.w.TurnReturn, Icon: ui.Back, Tap: p.tap(Answer{false})})
	default:
		// A panel's shape decides how much room four of them take beside each other.
		room := either(p.Portrait(), p.MM(54), p.MM(108))
		choices := p.drawn(room, func(b ui.Box) {
			for i, place := range b.Columns(len(Turns()), p.MM(3)) {
				p.direction(place, Turns()[i], s.Shown)
			}
		})
		buttons := p.unless(s.Result.Mark == Busy, ui.ButtonSpec{Label: p.w.TurnNow, Icon: ui.Check, Kind: ui.Primary, Tap: p.tap(Test{})})
		p.step(StepTurn, s.Result, p.w.TurnGood, []block{p.note(p.w.TurnChoose, p.Colours.Ink), choices}, buttons...)
	}
}

// TurnSeconds is for how long it is asked whether a turned picture is right.
const TurnSeconds = 20

// direction is a button with the panel as it would look if the picture were turned by so many degrees, where shown is how it is
// turned now.
func (p *page) direction(b ui.Box, degrees, shown int) {
	p.Button(b, ui.ButtonSpec{Chosen: degrees == shown, Tap: p.tap(ChooseTurn{degrees})})
	ink := either(degrees == shown, p.Colours.Ink, p.Colours.OnInk)
	paper := either(degrees == shown, p.Colours.Card, p.Colours.Accent)
	name := fmt.Sprintf("%d°", degrees)
	label := p.MM(10)
	p.Text(b.Bottom(label), name, ui.Type{Ink: ink, Align: ui.Centre}, 5, 4.4, 3.8)
	room := ui.Box{X: b.X, Y: b.Y, W: b.W, H: b.H - label}.Inset(p.MM(4))
	// The panel has the shape of this screen, whatever is shown on it.
	ratio := p.Area.W / p.Area.H
	w := min(room.W, room.H*ratio)
	h := w / ratio
	panel := ui.Box{X: room.X + (room.W-w)/2, Y: room.Y + (room.H-h)/2, W: w, H: h}
	p.Rect(panel, ink, p.MM(2))
	glass := panel.Inset(max(w, h) * 0.04)
	p.Rect(glass, paper, p.MM(1))
	p.figure(glass, ((degrees-shown)/90%4+4)%4, ink)
}

// figure draws somebody's head and shoulders under two lines of text, turned clockwise by quarters of a turn.
func (p *page) figure(b ui.Box, quarters int, ink color.NRGBA) {
	wide, high := b.W, b.H // before it is turned
	if quarters%2 == 1 {
		wide, high = high, wide
	}
	draw := func(x, y, w, h, radius float32) {
		across, down := wide, high
		for range quarters {
			x, y, w, h = down-y-h, x, h, w
			across, down = down, across
		}
		p.Rect(ui.Box{X: b.X + x, Y: b.Y + y, W: w, H: h}, ink, radius)
	}
	m := min(wide, high)
	draw(0.12*wide, 0.10*high, 0.76*wide, 0.07*m, 0)
	draw(0.12*wide, 0.10*high+0.13*m, 0.46*wide, 0.07*m, 0)
	draw(wide/2-0.13*m, high-0.60*m, 0.26*m, 0.26*m, 0.13*m)
	draw(wide/2-0.27*m, high-0.30*m, 0.54*m, 0.24*m, 0.10*m)
}
