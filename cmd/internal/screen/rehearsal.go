package screen

import (
	"image"
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"tenin/ui"
)

// rehearsal is one of each thing that a picture can be made of. It lies under the first picture, which covers it: a
// graphics library without a graphics card compiles what draws a thing when it is first drawn, and must have done so
// before the process is sealed, since from then on no memory becomes code.
func rehearsal() []fyne.CanvasObject {
	ink, glassy := color.NRGBA{R: 20, G: 90, B: 130, A: 255}, color.NRGBA{R: 20, G: 90, B: 130, A: 120}
	var all []fyne.CanvasObject
	for _, colour := range []color.Color{ink, glassy} {
		plain, round, edged := canvas.NewRectangle(colour), canvas.NewRectangle(colour), canvas.NewRectangle(colour)
		round.CornerRadius, edged.CornerRadius = 6, 6
		edged.StrokeColor, edged.StrokeWidth = ink, 2
		framed := canvas.NewRectangle(colour)
		framed.StrokeColor, framed.StrokeWidth = ink, 2
		disc, ring := canvas.NewCircle(colour), canvas.NewCircle(color.Transparent)
		ring.StrokeColor, ring.StrokeWidth = colour, 2
		text := canvas.NewText("あA", colour)
		text.FontSource, text.TextSize = ui.TextFont(), 20
		all = append(all, plain, round, edged, framed, disc, ring, text)
		for _, o := range all {
			o.Move(fyne.NewPos(20, 20))
			o.Resize(fyne.NewSize(40, 40))
		}
		for _, end := range []fyne.Position{fyne.NewPos(60, 60), fyne.NewPos(60, 20), fyne.NewPos(20, 60)} {
			for _, width := range []float32{1, 4} {
				line := canvas.NewLine(colour)
				line.StrokeWidth, line.Position1, line.Position2 = width, fyne.NewPos(20, 20), end
				all = append(all, line)
			}
		}
	}
	// Sampling is compiled anew for sides that are powers of two.
	for _, mode := range []canvas.ImageScale{canvas.ImageScaleSmooth, canvas.ImageScalePixels, canvas.ImageScaleFastest} {
		for _, size := range []fyne.Size{{Width: 8, Height: 8}, {Width: 8, Height: 7}, {Width: 7, Height: 8}, {Width: 7, Height: 7}} {
			for _, clear := range []float64{0, 0.5} {
				dots := canvas.NewImageFromImage(image.NewNRGBA(image.Rect(0, 0, int(size.Width), int(size.Height))))
				dots.ScaleMode, dots.Translucency = mode, clear
				dots.Move(fyne.NewPos(20, 20))
				dots.Resize(size)
				all = append(all, dots)
			}
		}
	}
	return all
}
