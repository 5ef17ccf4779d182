package screen

import (
	"image"
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	"tenin/ui"
)

// glass is the content of the window: the stage, and the hand over it. All of it runs on Fyne's goroutine.
type glass struct {
	root  *fyne.Container
	stage *ui.Stage
	hand  *hand
	touch func(Touch)
	shown func(uint64) // called when a picture is being painted, before it is on the display; must not wait
	last  uint64       // the last picture that was painted
	again func()
}

func newGlass(touch func(Touch), shown func(uint64)) *glass {
	g := &glass{stage: ui.NewStage(), touch: touch, shown: shown, again: func() {}}
	g.hand = newHand(func() { g.again() })
	g.root = container.NewStack(g.stage, g.hand)
	return g
}

// present shows a picture from the next frame on.
func (g *glass) present(number uint64, p Picture) {
	g.again = func() {
		g.stage.Present(func(size fyne.Size) fyne.CanvasObject {
			g.hand.picture = draw(p, size, g.touch)
			objects := []fyne.CanvasObject{g.hand.picture, g.witness(number)}
			if g.last == 0 {
				objects = append(rehearsal(), objects...)
			}
			return container.NewWithoutLayout(objects...)
		})
	}
	g.again()
}

// witness is a dot that cannot be seen. It is the last thing of a picture to be painted, and tells when.
func (g *glass) witness(number uint64) fyne.CanvasObject {
	dot := canvas.NewRaster(func(int, int) image.Image {
		if number > g.last {
			g.last = number
			g.shown(number)
		}
		return image.NewUniform(color.Transparent)
	})
	dot.Resize(fyne.NewSize(1, 1))
	return dot
}
