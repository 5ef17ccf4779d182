// Package uitest is what the tests of screens share: the objects of a picture at their places, what is wrong with them, and
// pictures small enough to be kept as masters. It is imported by tests alone.
package uitest

import (
	"fmt"
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"

	"tenin/ui"
)

// Thing is an object of a picture at its place.
type Thing struct {
	Object fyne.CanvasObject
	Box    ui.Box
	Within ui.Box // the button or screen that it must stay in
	Owner  int    // which button it belongs to; 0: none
}

// Things are all objects of a picture in the order in which they are painted.
func Things(o fyne.CanvasObject, size fyne.Size) []Thing {
	var all []Thing
	owners := 0
	var walk func(o fyne.CanvasObject, at fyne.Position, within ui.Box, owner int)
	walk = func(o fyne.CanvasObject, at fyne.Position, within ui.Box, owner int) {
		at = at.Add(o.Position())
		box := ui.Box{X: at.X, Y: at.Y, W: o.Size().Width, H: o.Size().Height}
		all = append(all, Thing{o, box, within, owner})
		switch o := o.(type) {
		case *fyne.Container:
			for _, c := range o.Objects {
				walk(c, at, within, owner)
			}
		case fyne.Widget:
			owners++
			mine := owners
			r := test.WidgetRenderer(o)
			r.Layout(o.Size())
			for _, c := range r.Objects() {
				walk(c, at, box, mine)
			}
		}
	}
	walk(o, fyne.Position{}, ui.Box{W: size.Width, H: size.Height}, 0)
	return all
}

func inside(a, b ui.Box) bool {
	const slack = 1
	return a.X >= b.X-slack && a.Y >= b.Y-slack && a.X+a.W <= b.X+b.W+slack && a.Y+a.H <= b.Y+b.H+slack
}

func overlap(a, b ui.Box) bool {
	const slack = 2
	return a.X+slack < b.X+b.W && b.X+slack < a.X+a.W && a.Y+slack < b.Y+b.H && b.Y+slack < a.Y+a.H
}

// ink is where a line's letters are: a text object has room above and below them.
func ink(b ui.Box) ui.Box { return ui.Box{X: b.X, Y: b.Y + b.H*0.2, W: b.W, H: b.H * 0.6} }

// Faults lists what is wrong with a picture: texts without room or contrast (WCAG AA, 4.5:1), on top of each other or under a
// button, and buttons that a finger misses.
func Faults(sheet *ui.Sheet, size fyne.Size) []string {
	var out []string
	add := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	for _, text := range sheet.Overflow() {
		add("no room for %q", text)
	}
	all := Things(sheet.Object(), size)
	for i, a := range all {
		if tappable, ok := a.Object.(fyne.Tappable); ok {
			least := sheet.Look.MM(ui.MinTouch) - 0.5
			if a.Box.W < least || a.Box.H < least {
				add("%T at %.0f,%.0f is %.0f×%.0f, a finger needs %.0f", tappable, a.Box.X, a.Box.Y, a.Box.W, a.Box.H, least)
			}
			if !inside(a.Box, a.Within) {
				add("a button leaves the screen: %+v", a.Box)
			}
			_, ground := a.Object.(*ui.Patch) // what lies on it takes the touch
			for _, b := range all[i+1:] {
				if _, ok := b.Object.(fyne.Tappable); ok && !ground && overlap(a.Box, b.Box) {
					add("two buttons overlap: %+v and %+v", a.Box, b.Box)
				}
			}
		}
		text, ok := a.Object.(*canvas.Text)
		if !ok {
			continue
		}
		if !inside(ink(a.Box), a.Within) {
			add("%q leaves its place: %+v not in %+v", text.Text, a.Box, a.Within)
		}
		for _, b := range all[i+1:] {
			switch b.Object.(type) {
			case *canvas.Text:
				if overlap(ink(a.Box), ink(b.Box)) {
					add("%q overlaps %q", text.Text, b.Object.(*canvas.Text).Text)
				}
			case fyne.Tappable:
				if a.Owner == 0 && overlap(ink(a.Box), b.Box) {
					add("%q lies under a button", text.Text)
				}
			}
		}
		if ground := groundOf(all[:i], a); ground == nil {
			add("%q stands on nothing", text.Text)
		} else if c := ui.Contrast(text.Color, ground); c < 4.5 {
			add("%q has a contrast of %.1f:1", text.Text, c)
		}
	}
	return out
}

// groundOf is the colour on which a text stands: that of the last shape below it that holds its middle.
func groundOf(below []Thing, text Thing) color.Color {
	x, y := text.Box.X+text.Box.W/2, text.Box.Y+text.Box.H/2
	for i := len(below) - 1; i >= 0; i-- {
		b := below[i].Box
		if x < b.X || x > b.X+b.W || y < b.Y || y > b.Y+b.H {
			continue
		}
		switch o := below[i].Object.(type) {
		case *canvas.Rectangle:
			return o.FillColor
		case *canvas.Circle:
			return o.FillColor
		}
	}
	return nil
}
