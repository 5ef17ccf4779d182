package screen

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"tenin/ui/shopper"
	"tenin/ui/staff"
	"tenin/ui/technician"
)

// draw is the object of a picture in a size. touch is called on Fyne's goroutine and must not wait.
func draw(p Picture, size fyne.Size, touch func(Touch)) fyne.CanvasObject {
	switch {
	case p.Shopper != nil:
		return shopper.Draw(*p.Shopper, p.Look, size, func(e shopper.Event) { touch(Touch{Shopper: e}) })
	case p.Staff != nil:
		return staff.Draw(*p.Staff, p.Look, size, func(e staff.Event) { touch(Touch{Staff: e}) })
	case p.Technician != nil:
		return technician.Draw(*p.Technician, p.Look, size, func(e technician.Event) { touch(Touch{Technician: e}) })
	}
	return container.NewWithoutLayout()
}
