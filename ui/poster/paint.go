package poster

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"

	"golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	"tenin/ui"
)

var (
	// ErrNoFont means that this program carries no font to paint with.
	ErrNoFont = errors.New("this program carries no font to paint a page with")
	// ErrTooLong means that the words do not fit on a page.
	ErrTooLong = errors.New("the notice does not fit on a page")
	// ErrUndrawable means that the font lacks a character.
	ErrUndrawable = errors.New("the font of the page cannot draw")
)

// The page: A4 (ISO 216) in millimetres.
const (
	pageWidth  = 210
	pageHeight = 297
	margin     = 16
)

// DPI is the resolution at which a page is printed without a visible dot.
const DPI = 300

// Paint is an A4 page of a poster with so many dots to the inch, white, in the calm colours of the screens. The text becomes
// smaller until it fits; errors wrap ErrNoFont, ErrTooLong or ErrUndrawable.
func Paint(p Poster, dpi int) (*image.RGBA, error) {
	if !ui.HasFonts() {
		return nil, ErrNoFont
	}
	parsed, err := opentype.Parse(ui.TextFont().Content())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoFont, err)
	}
	if bad := ui.Undrawable(p.all()); bad != "" {
		return nil, fmt.Errorf("%w %s: use other characters", ErrUndrawable, bad)
	}
	for scale := 1.0; scale >= 0.6; scale -= 0.05 {
		s := newSheet(parsed, dpi, scale)
		if err := s.set(p); err != nil {
			return nil, err
		}
		if s.y <= s.mm(pageHeight-margin) {
			return s.img, nil
		}
	}
	return nil, fmt.Errorf("%w: say it in fewer words", ErrTooLong)
}

func (p Poster) all() string {
	text := p.Shop + p.Title + p.Lead
	for _, s := range p.Sections {
		text += s.Heading
		for _, point := range s.Points {
			text += point
		}
	}
	for _, f := range p.Foot {
		text += f
	}
	return text
}

// sheet is a page while it is painted, from above to below.
type sheet struct {
	img   *image.RGBA
	font  *opentype.Font
	dpi   int
	scale float64 // of the text
	y     float64 // dots from the upper edge
	faces map[float64]font.Face
}

func newSheet(f *opentype.Font, dpi int, scale float64) *sheet {
	s := &sheet{font: f, dpi: dpi, scale: scale, faces: map[float64]font.Face{}}
	s.img = image.NewRGBA(image.Rect(0, 0, int(s.mm(pageWidth)+0.5), int(s.mm(pageHeight)+0.5)))
	draw.Draw(s.img, s.img.Bounds(), image.White, image.Point{}, draw.Src)
	return s
}

func (s *sheet) mm(mm float64) float64 { return mm * float64(s.dpi) / 25.4 }

func (s *sheet) set(p Poster) error {
	c := ui.Look{}.Palette()
	s.y = s.mm(margin)
	s.rule(2.2, c.Accent)
	s.y += s.mm(5)
	if err := s.text(0, p.Shop, 13, c.Ink); err != nil {
		return err
	}
	s.y += s.mm(1)
	if err := s.text(0, p.Title, 24, c.Ink); err != nil {
		return err
	}
	s.y += s.mm(3) * s.scale
	if err := s.text(0, p.Lead, 12.5, c.Ink); err != nil {
		return err
	}
	for _, section := range p.Sections {
		s.y += s.mm(4.5) * s.scale
		if err := s.text(0, section.Heading, 14, c.Accent); err != nil {
			return err
		}
		s.y += s.mm(0.8)
		for _, point := range section.Points {
			s.dot(12.5, c.Accent)
			if err := s.text(5, point, 12.5, c.Ink); err != nil {
				return err
			}
			s.y += s.mm(0.6)
		}
	}
	s.y += s.mm(5) * s.scale
	s.rule(0.3, c.Edge)
	s.y += s.mm(2.5)
	for _, f := range p.Foot {
		if err := s.text(0, f, 11, c.Quiet); err != nil {
			return err
		}
	}
	return nil
}

// text sets a paragraph, indented by so many millimetres, in so many points.
func (s *sheet) text(indent float64, text string, points float64, ink color.Color) error {
	points *= s.scale
	face, ok := s.faces[points]
	if !ok {
		var err error
		if face, err = opentype.NewFace(s.font, &opentype.FaceOptions{Size: points, DPI: float64(s.dpi), Hinting: font.HintingNone}); err != nil {
			return err
		}
		s.faces[points] = face
	}
	width := s.mm(pageWidth - 2*margin - indent)
	advance := func(r rune) float32 {
		a, _ := face.GlyphAdvance(r)
		return float32(a) / 64
	}
	runes := []rune(text)
	em := points * float64(s.dpi) / 72
	for _, line := range ui.Wrap(runes, float32(width), advance) {
		d := font.Drawer{Dst: s.img, Src: image.NewUniform(ink), Face: face,
			Dot: fixed.Point26_6{X: fixed.Int26_6(s.mm(margin+indent) * 64), Y: fixed.Int26_6((s.y + 1.12*em) * 64)}}
		d.DrawString(string(runes[line.Start:line.End]))
		s.y += 1.5 * em
	}
	return nil
}

func (s *sheet) rule(thick float64, ink color.Color) {
	draw.Draw(s.img, image.Rect(int(s.mm(margin)), int(s.y), int(s.mm(pageWidth-margin)), int(s.y+max(s.mm(thick), 1))), image.NewUniform(ink), image.Point{}, draw.Src)
	s.y += s.mm(thick)
}

// dot marks a point beside its first line.
func (s *sheet) dot(points float64, ink color.NRGBA) {
	em := points * s.scale * float64(s.dpi) / 72
	x, y, r := s.mm(margin)+s.mm(1.6), s.y+0.75*em, s.mm(0.8)
	for dy := int(y - r); dy <= int(y+r)+1; dy++ {
		for dx := int(x - r); dx <= int(x+r)+1; dx++ {
			if fx, fy := float64(dx)-x, float64(dy)-y; fx*fx+fy*fy <= r*r {
				s.img.Set(dx, dy, ink)
			}
		}
	}
}
