package shopper

import (
	"fmt"
	"image/color"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"

	"tenin/ui"
)

// thing is an object of a picture at its place.
type thing struct {
	object fyne.CanvasObject
	box    ui.Box
	within ui.Box // the button or screen that it must stay in
	owner  int    // which button it belongs to; 0: none
}

// things are all objects of a picture in the order in which they are painted.
func things(o fyne.CanvasObject, size fyne.Size) []thing {
	var all []thing
	owners := 0
	var walk func(o fyne.CanvasObject, at fyne.Position, within ui.Box, owner int)
	walk = func(o fyne.CanvasObject, at fyne.Position, within ui.Box, owner int) {
		at = at.Add(o.Position())
		box := ui.Box{X: at.X, Y: at.Y, W: o.Size().Width, H: o.Size().Height}
		all = append(all, thing{o, box, within, owner})
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

// faults lists what is wrong with a picture.
func faults(v variant, sheet *ui.Sheet) []string {
	var out []string
	add := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	for _, text := range sheet.Overflow() {
		add("no room for %q", text)
	}
	all := things(sheet.Object(), v.size)
	for i, a := range all {
		if tappable, ok := a.object.(fyne.Tappable); ok {
			least := v.look.MM(ui.MinTouch) - 0.5
			if a.box.W < least || a.box.H < least {
				add("%T at %.0f,%.0f is %.0f×%.0f, a finger needs %.0f", tappable, a.box.X, a.box.Y, a.box.W, a.box.H, least)
			}
			if !inside(a.box, a.within) {
				add("a button leaves the screen: %+v", a.box)
			}
			_, ground := a.object.(*ui.Patch) // what lies on it takes the touch
			for _, b := range all[i+1:] {
				if _, ok := b.object.(fyne.Tappable); ok && !ground && overlap(a.box, b.box) {
					add("two buttons overlap: %+v and %+v", a.box, b.box)
				}
			}
		}
		text, ok := a.object.(*canvas.Text)
		if !ok {
			continue
		}
		if !inside(ink(a.box), a.within) {
			add("%q leaves its place: %+v not in %+v", text.Text, a.box, a.within)
		}
		for _, b := range all[i+1:] {
			switch b.object.(type) {
			case *canvas.Text:
				if overlap(ink(a.box), ink(b.box)) {
					add("%q overlaps %q", text.Text, b.object.(*canvas.Text).Text)
				}
			case fyne.Tappable:
				if a.owner == 0 && overlap(ink(a.box), b.box) {
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
func groundOf(below []thing, text thing) color.Color {
	x, y := text.box.X+text.box.W/2, text.box.Y+text.box.H/2
	for i := len(below) - 1; i >= 0; i-- {
		b := below[i].box
		if x < b.X || x > b.X+b.W || y < b.Y || y > b.Y+b.H {
			continue
		}
		switch o := below[i].object.(type) {
		case *canvas.Rectangle:
			return o.FillColor
		case *canvas.Circle:
			return o.FillColor
		}
	}
	return nil
}

func audit(t *testing.T, change func(*variant)) {
	if !ui.HasFonts() {
		t.Skip("texts can be measured in the screens' own fonts only: run with the tag engines")
	}
	app(t)
	for _, v := range variants() {
		change(&v)
		for _, f := range faults(v, compose(v.state.view, v.look, v.size, func(Event) {})) {
			t.Errorf("%s: %s", v.name, f)
		}
	}
}

func TestEveryTextFitsIsReadableAndEveryButtonIsAFingerWide(t *testing.T) {
	audit(t, func(*variant) {})
}

func TestTheScreensHoldInHighContrastWithSilenceAndStillness(t *testing.T) {
	audit(t, func(v *variant) { v.look.HighContrast, v.look.Silent, v.look.ReducedMotion = true, true, true })
}

func TestTheScreensHoldOnALargePanel(t *testing.T) {
	audit(t, func(v *variant) { v.look.DPI = 69 }) // 32 inches
}
