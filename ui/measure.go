package ui

import (
	"sync"

	"fyne.io/fyne/v2"
)

type glyph struct {
	r    rune
	wide bool
	size float32
}

// advances keeps the widths of single runes: wrapping asks for the same few hundred again and again, and Fyne forgets
// what it measured after a minute. Two looks and a shop's words are some thousand entries.
var advances sync.Map

// run is a part of a line in one font.
type run struct {
	text string
	font fyne.Resource
}

// fontOf is the font for one rune: WideFont has neither Latin letters nor a space.
func fontOf(r rune, font fyne.Resource) fyne.Resource {
	if r < 0x2e80 {
		return TextFont()
	}
	return font
}

func runs(line string, font fyne.Resource) []run {
	if font == TextFont() {
		return []run{{line, font}}
	}
	var out []run
	for _, r := range line {
		f := fontOf(r, font)
		if n := len(out); n > 0 && out[n-1].font == f {
			out[n-1].text += string(r)
		} else {
			out = append(out, run{string(r), f})
		}
	}
	return out
}

func lineWidth(line string, font fyne.Resource, em float32) (width float32) {
	for _, r := range runs(line, font) {
		width += textSize(r.text, r.font, em).Width
	}
	return width
}

// advance is the width of one rune of a font at an em height, in Fyne's units.
func advance(r rune, font fyne.Resource, em float32) float32 {
	font = fontOf(r, font)
	key := glyph{r, font == WideFont() && HasFonts(), em}
	if w, ok := advances.Load(key); ok {
		return w.(float32)
	}
	w := textSize(string(r), font, em).Width
	advances.Store(key, w)
	return w
}

func textSize(s string, font fyne.Resource, em float32) fyne.Size {
	size, _ := fyne.CurrentApp().Driver().RenderedTextSize(s, em, fyne.TextStyle{}, font)
	return size
}
