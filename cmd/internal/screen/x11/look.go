package x11

import (
	"errors"
	"image"
)

// Look returns what is on the display in a rectangle, in dots; an empty one is the whole display.
func (c *Conn) Look(r image.Rectangle) (*image.RGBA, error) {
	whole := image.Rect(0, 0, c.info.Width, c.info.Height)
	if r.Empty() {
		r = whole
	}
	if !r.In(whole) {
		return nil, errors.New("a place beyond the display")
	}
	const getImage, zPixmap = 73, 2
	rest := le.AppendUint32(nil, c.root)
	for _, n := range []int{r.Min.X, r.Min.Y, r.Dx(), r.Dy()} {
		rest = le.AppendUint16(rest, uint16(n))
	}
	b, err := c.ask(getImage, zPixmap, le.AppendUint32(rest, ^uint32(0)))
	if err != nil {
		return nil, err
	}
	if b = b[32:]; c.info.Depth != 24 || len(b) < 4*r.Dx()*r.Dy() {
		return nil, errors.New("the display has not the 24 bits a dot that are read here")
	}
	picture := image.NewRGBA(image.Rectangle{Max: r.Size()})
	for i := 0; i < len(picture.Pix); i += 4 {
		// Blue, green, red and a byte without meaning.
		picture.Pix[i], picture.Pix[i+1], picture.Pix[i+2], picture.Pix[i+3] = b[i+2], b[i+1], b[i], 0xff
	}
	return picture, nil
}
