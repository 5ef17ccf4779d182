package ui

import (
	"image/color"
	"math"
)

// Palette holds the colours of a look. There is one accent; everything else is paper and ink.
type Palette struct {
	Paper  color.NRGBA // the ground of a screen
	Card   color.NRGBA // a surface that lies on it
	Wash   color.NRGBA // the accent as a ground
	Warm   color.NRGBA // the ground of what went wrong
	Ink    color.NRGBA // text
	Quiet  color.NRGBA // text of second rank
	Accent color.NRGBA // the one thing to touch, the sentence that is spoken
	Deep   color.NRGBA // the accent while a finger is on it
	OnInk  color.NRGBA // text on Accent and Deep
	Line   color.NRGBA // edges; never the only sign of anything that matters
	Edge   color.NRGBA // edges of what can be touched
}

func rgb(hex uint32) color.NRGBA {
	return color.NRGBA{R: uint8(hex >> 16), G: uint8(hex >> 8), B: uint8(hex), A: 0xff}
}

// The accent is 藍, the indigo of a shop's curtain; the paper is slightly warm so that a large screen does not glare.
var (
	calm = Palette{
		Paper: rgb(0xfaf8f4), Card: rgb(0xffffff), Wash: rgb(0xe4eef3), Warm: rgb(0xf8ecd9),
		Ink: rgb(0x1d2529), Quiet: rgb(0x55605f), Accent: rgb(0x165e83), Deep: rgb(0x0d4059),
		OnInk: rgb(0xffffff), Line: rgb(0xe2ddd3), Edge: rgb(0x7d8784),
	}
	strong = Palette{
		Paper: rgb(0xffffff), Card: rgb(0xffffff), Wash: rgb(0xe2e6e8), Warm: rgb(0xeeeeee),
		Ink: rgb(0x000000), Quiet: rgb(0x1a1a1a), Accent: rgb(0x00344f), Deep: rgb(0x000000),
		OnInk: rgb(0xffffff), Line: rgb(0x000000), Edge: rgb(0x000000),
	}
)

// Palette returns the look's colours.
func (l Look) Palette() Palette {
	switch {
	case l.HighContrast:
		return strong
	case l.Accent != 0:
		return calm.accented(NearestAccent(l.Accent))
	}
	return calm
}

// Pair is a colour of text and the ground that it may stand on.
type Pair struct {
	Name         string
	Text, Ground color.NRGBA
}

// Pairs lists every combination that screens may use; drawing any other fails their tests.
func (p Palette) Pairs() []Pair {
	var pairs []Pair
	for _, g := range []struct {
		name   string
		ground color.NRGBA
	}{{"paper", p.Paper}, {"card", p.Card}, {"wash", p.Wash}, {"warm", p.Warm}} {
		pairs = append(pairs,
			Pair{"ink on " + g.name, p.Ink, g.ground},
			Pair{"quiet on " + g.name, p.Quiet, g.ground},
			Pair{"accent on " + g.name, p.Accent, g.ground})
	}
	return append(pairs, Pair{"text on accent", p.OnInk, p.Accent}, Pair{"text on deep", p.OnInk, p.Deep})
}

// Contrast is the contrast ratio of two opaque colours, from 1 to 21 (WCAG 2.2, "contrast ratio" and "relative luminance").
// AA wants 4.5 for text and 3 for the edges of controls.
func Contrast(a, b color.Color) float64 {
	la, lb := luminance(a), luminance(b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

func luminance(c color.Color) float64 {
	r, g, b, _ := c.RGBA()
	linear := func(v uint32) float64 {
		s := float64(v) / 0xffff
		if s <= 0.04045 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(r) + 0.7152*linear(g) + 0.0722*linear(b)
}
