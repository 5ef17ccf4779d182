package ui

import (
	"image/color"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
)

// Align is where text stands in its box.
type Align int

// Text stands at the left, in the middle of the width, or in the middle of both.
const (
	Left Align = iota
	Centre
	Middle
)

// Type is how a block of text is set.
type Type struct {
	Ink   color.Color
	Align Align
	// Balance makes the lines of about one length, for headlines.
	Balance bool
}

// leading is the height of a line in ems: small text needs more air than large.
func leading(step Step) float32 {
	if step >= Title {
		return 1.36
	}
	return 1.56
}

// setting is a text that was broken into lines for a width.
type setting struct {
	lines []Span
	em    float32
	line  float32
}

func (v setting) height() float32 { return float32(len(v.lines)) * v.line }

func set(text []rune, width float32, step Step, look Look, font fyne.Resource, balance bool) setting {
	em := look.Em(step)
	measure := func(r rune) float32 { return advance(r, font, em) }
	v := setting{em: em, line: em * leading(step)}
	if balance {
		v.lines = Balance(text, width, measure)
	} else {
		v.lines = Wrap(text, width, measure)
	}
	for range 8 { // kerning can make a line longer than its runes
		over := float32(0)
		for _, l := range v.lines {
			over = max(over, lineWidth(string(text[l.Start:l.End]), font, em)-width)
		}
		if over <= 0 {
			break
		}
		v.lines = Wrap(text, width-over-1, measure)
		width -= over + 1
	}
	return v
}

// Text sets text into a box in the first of the steps in which all of it fits, and returns the height that it took. If
// none fits, the last is used and the rest is cut with "…"; Overflow then names it.
func (s *Sheet) Text(b Box, text string, t Type, steps ...Step) float32 {
	if strings.TrimSpace(text) == "" {
		return 0
	}
	objects, height, cut := typeset(b, text, t, s.Look, s.Font, steps)
	if cut {
		s.overflow = append(s.overflow, text)
	}
	s.objects = append(s.objects, objects...)
	return height
}

// Height is the height that text takes in a width.
func (s *Sheet) Height(width float32, text string, step Step) float32 {
	return set([]rune(text), width, step, s.Look, s.Font, false).height()
}

func typeset(b Box, text string, t Type, look Look, font fyne.Resource, steps []Step) (objects []fyne.CanvasObject, height float32, cut bool) {
	runes := []rune(text)
	var v setting
	fits := false
	for _, step := range steps {
		v = set(runes, b.W, step, look, font, t.Balance)
		if fits = v.height() <= b.H+0.5 && whole(runes, v.lines); fits {
			break
		}
	}
	if !fits {
		for v.height() > b.H+0.5 && len(v.lines) > 1 {
			v.lines, cut = v.lines[:len(v.lines)-1], true
		}
		cut = cut || v.height() > b.H+0.5
	}
	y := b.Y
	if t.Align == Middle {
		y += (b.H - v.height()) / 2
	}
	for i, l := range v.lines {
		line := string(runes[l.Start:l.End])
		if cut && i == len(v.lines)-1 && l.End-l.Start > 1 {
			line = string(runes[l.Start:l.End-1]) + "…"
		}
		objects = append(objects, lineOfText(line, b, y+float32(i)*v.line, v, t, font)...)
	}
	return objects, v.height(), cut
}

// whole reports whether no line ends inside a Latin word.
func whole(runes []rune, lines []Span) bool {
	for _, l := range lines[:len(lines)-1] {
		if l.End > l.Start && l.End < len(runes) && runes[l.End] != '\n' && runes[l.End] != ' ' && runes[l.End-1] != ' ' &&
			!canBreak(runes, l.End) {
			return false
		}
	}
	return true
}

// lineOfText draws one line: a text object for each run of one font.
func lineOfText(line string, b Box, y float32, v setting, t Type, font fyne.Resource) (objects []fyne.CanvasObject) {
	x := b.X
	if t.Align != Left {
		x += (b.W - lineWidth(line, font, v.em)) / 2
	}
	for _, r := range runs(line, font) {
		o := canvas.NewText(r.text, t.Ink)
		o.TextSize, o.FontSource = v.em, r.font
		size := textSize(r.text, r.font, v.em)
		o.Move(fyne.NewPos(x, y+(v.line-size.Height)/2))
		o.Resize(size)
		x += size.Width
		objects = append(objects, o)
	}
	return objects
}
