package ui

import "fyne.io/fyne/v2"

// Still puts a finished picture into a box as something to look at: what would be buttons cannot be touched. The picture was
// drawn for the box's size, with a Look whose DPI is smaller by as much.
func (s *Sheet) Still(o fyne.CanvasObject, b Box) {
	s.still(o, fyne.NewPos(b.X, b.Y))
}

func (s *Sheet) still(o fyne.CanvasObject, at fyne.Position) {
	switch o := o.(type) {
	case *fyne.Container:
		at = at.Add(o.Position())
		for _, c := range o.Objects {
			s.still(c, at)
		}
	case *Button:
		at = at.Add(o.Position())
		for _, c := range o.compose() {
			s.still(c, at)
		}
	case fyne.Widget:
		// A widget of another kind could be touched, and its parts are not known here.
	default:
		o.Move(o.Position().Add(at))
		s.objects = append(s.objects, o)
	}
}
