package technician

import (
	"image/color"

	"tenin/ui"
)

// LeastContrast is what text needs (WCAG 2.2, AA), n:1.
const LeastContrast = 4.5

// Accents are the colours that are offered, 0xRRGGBB: 藍, 紺, 松葉, 臙脂, 小豆, 江戸紫, 煤竹, 墨.
func Accents() []uint32 {
	return []uint32{0x165e83, 0x1f3a6d, 0x2b5d3f, 0x8c1f33, 0x7d3b36, 0x5c4280, 0x5f4a36, 0x3a4245}
}

// AccentRatio is the lowest contrast that an accent has: as text on every ground of the screens, and under white text.
func AccentRatio(rgb uint32) float32 {
	p, accent := ui.Look{}.Palette(), nrgba(rgb)
	least := ui.Contrast(accent, p.OnInk)
	for _, ground := range []color.NRGBA{p.Paper, p.Card, p.Wash, p.Warm} {
		least = min(least, ui.Contrast(accent, ground))
	}
	return float32(least)
}

// NearestAccent is the lightest shade of a colour that reaches LeastContrast; a colour that does is returned as it is.
func NearestAccent(rgb uint32) uint32 {
	rgb &= 0xffffff
	const shades = 256
	for i := range shades {
		shade := uint32(0)
		for _, shift := range []uint{16, 8, 0} {
			shade |= (rgb >> shift & 0xff) * uint32(shades-i) / shades << shift
		}
		if AccentRatio(shade) >= LeastContrast {
			return shade
		}
	}
	return 0
}

func nrgba(rgb uint32) color.NRGBA {
	return color.NRGBA{R: uint8(rgb >> 16), G: uint8(rgb >> 8), B: uint8(rgb), A: 0xff}
}
