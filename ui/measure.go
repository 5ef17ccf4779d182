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

// Advance is the width of one rune of a font at an em height, in Fyne's units.
func advance(r rune, font fyne.Resource, em float32) float32 {
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
