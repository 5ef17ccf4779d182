package ui

import "image/color"

// LeastContrast is what text needs (WCAG 2.2, AA), n:1.
const LeastContrast = 4.5

// AccentRatio is the lowest contrast that an accent, 0xRRGGBB, has: as text on every ground of the screens that it colours,
// and under white text.
func AccentRatio(rgb uint32) float32 {
	p := calm.accented(rgb)
	least := Contrast(p.Accent, p.OnInk)
	for _, ground := range []color.NRGBA{p.Paper, p.Card, p.Wash, p.Warm} {
		least = min(least, Contrast(p.Accent, ground))
	}
	return float32(least)
}

// NearestAccent is the lightest shade of a colour that reaches LeastContrast; a colour that does is returned as it is.
func NearestAccent(rgb uint32) uint32 {
	rgb &= 0xffffff
	const shades = 256
	for i := range shades {
		if shade := mixed(rgb, 0, float64(i)/shades); AccentRatio(shade) >= LeastContrast {
			return shade
		}
	}
	return 0
}

// How the accent's ground and its pressed shade follow from it, as they do in the screens' own colours: 0xe4eef3 and 0x0d4059
// of 0x165e83.
const (
	washShare = 0.885 // of white
	deepShare = 0.32  // of black
)

// accented is p with another accent.
func (p Palette) accented(accent uint32) Palette {
	if rgb(accent) == p.Accent {
		return p
	}
	p.Accent, p.Wash, p.Deep = rgb(accent), rgb(mixed(accent, 0xffffff, washShare)), rgb(mixed(accent, 0, deepShare))
	return p
}

// mixed is a colour with a share of another, 0 to 1.
func mixed(a, b uint32, share float64) (c uint32) {
	for _, shift := range []uint{16, 8, 0} {
		x, y := float64(a>>shift&0xff), float64(b>>shift&0xff)
		c |= uint32(x+(y-x)*share) << shift
	}
	return c
}
