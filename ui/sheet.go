package ui

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
)

// Box is a place on a sheet, in Fyne's units.
type Box struct{ X, Y, W, H float32 }

// Inset is the box without d on every side.
func (b Box) Inset(d float32) Box { return Box{b.X + d, b.Y + d, b.W - 2*d, b.H - 2*d} }

// Top is the upper part of height h; Below is what lies under it.
func (b Box) Top(h float32) Box { return Box{b.X, b.Y, b.W, h} }

// Below is the box without its upper part of height h.
func (b Box) Below(h float32) Box { return Box{b.X, b.Y + h, b.W, b.H - h} }

// Bottom is the lower part of height h.
func (b Box) Bottom(h float32) Box { return Box{b.X, b.Y + b.H - h, b.W, h} }

// Left is the left part of width w.
func (b Box) Left(w float32) Box { return Box{b.X, b.Y, w, b.H} }

// After is the box without its left part of width w.
func (b Box) After(w float32) Box { return Box{b.X + w, b.Y, b.W - w, b.H} }

// Columns cuts the box into n equal columns with gaps between.
func (b Box) Columns(n int, gap float32) []Box {
	w := (b.W - gap*float32(n-1)) / float32(n)
	boxes := make([]Box, n)
	for i := range boxes {
		boxes[i] = Box{b.X + float32(i)*(w+gap), b.Y, w, b.H}
	}
	return boxes
}

// Rows cuts the box into n equal rows with gaps between.
func (b Box) Rows(n int, gap float32) []Box {
	h := (b.H - gap*float32(n-1)) / float32(n)
	boxes := make([]Box, n)
	for i := range boxes {
		boxes[i] = Box{b.X, b.Y + float32(i)*(h+gap), b.W, h}
	}
	return boxes
}

// Sheet is a screen while it is composed: things at fixed places, in the order in which they are painted. The places
// follow from the look and the size of the window, so that a picture depends on nothing else.
type Sheet struct {
	Look    Look
	Colours Palette
	Area    Box
	Font    fyne.Resource // what Text and buttons are set in; TextFont unless a screen changes it

	objects  []fyne.CanvasObject
	overflow []string
}

// NewSheet is an empty sheet on paper.
func NewSheet(l Look, size fyne.Size) *Sheet {
	s := &Sheet{Look: l, Colours: l.Palette(), Area: Box{0, 0, size.Width, size.Height}, Font: TextFont()}
	s.Rect(s.Area, s.Colours.Paper, 0)
	return s
}

// MM is the look's length of mm millimetres.
func (s *Sheet) MM(mm float32) float32 { return s.Look.MM(mm) }

// Portrait reports whether the sheet is higher than wide.
func (s *Sheet) Portrait() bool { return s.Area.H > s.Area.W }

// Object is the finished sheet.
func (s *Sheet) Object() fyne.CanvasObject { return container.NewWithoutLayout(s.objects...) }

// Overflow names the texts that had no room at the smallest size they were allowed; they are shown cut at a line's end.
func (s *Sheet) Overflow() []string { return s.overflow }

// Add puts an object at a place.
func (s *Sheet) Add(o fyne.CanvasObject, b Box) {
	o.Move(fyne.NewPos(b.X, b.Y))
	o.Resize(fyne.NewSize(b.W, b.H))
	s.objects = append(s.objects, o)
}

// Rect paints a ground with rounded corners.
func (s *Sheet) Rect(b Box, fill color.Color, radius float32) {
	r := canvas.NewRectangle(fill)
	r.CornerRadius = radius
	s.Add(r, b)
}

// Card paints a surface with an edge.
func (s *Sheet) Card(b Box, fill color.Color) {
	r := canvas.NewRectangle(fill)
	r.CornerRadius = s.MM(3)
	r.StrokeColor, r.StrokeWidth = s.Colours.Line, max(1, s.MM(0.3))
	s.Add(r, b)
}

// Circle paints a disc with a rim; a width of 0 leaves the rim out.
func (s *Sheet) Circle(x, y, radius float32, fill, rim color.Color, width float32) {
	c := canvas.NewCircle(fill)
	c.StrokeColor, c.StrokeWidth = rim, width
	s.Add(c, Box{x - radius, y - radius, 2 * radius, 2 * radius})
}

// Line draws a straight line.
func (s *Sheet) Line(x1, y1, x2, y2, width float32, ink color.Color) {
	l := canvas.NewLine(ink)
	l.StrokeWidth = width
	l.Position1, l.Position2 = fyne.NewPos(x1, y1), fyne.NewPos(x2, y2)
	s.objects = append(s.objects, l)
}

// Icon draws a pictogram in the middle of a box.
func (s *Sheet) Icon(i Icon, b Box, ink color.NRGBA) {
	side := min(b.W, b.H)
	s.Add(i.image(ink), Box{b.X + (b.W-side)/2, b.Y + (b.H-side)/2, side, side})
}
