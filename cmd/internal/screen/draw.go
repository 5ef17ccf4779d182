package screen

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"tenin/ui/shopper"
)

// draw is the object of a picture in a size. touch is called on Fyne's goroutine and must not wait.
func draw(p Picture, size fyne.Size, touch func(Touch)) fyne.CanvasObject {
	switch {
	case p.Shopper != nil:
		return shopper.Draw(*p.Shopper, p.Look, size, func(e shopper.Event) { touch(Touch{Shopper: e}) })
	}
	return container.NewWithoutLayout()
}
