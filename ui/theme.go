package ui

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

// Theme is the look as Fyne wants it, for what Fyne draws by itself (a window's ground). It is light whatever the
// desktop says, and every style of text has the same font: the program carries one weight.
func Theme(l Look) fyne.Theme { return shopTheme{l} }

type shopTheme struct{ look Look }

func (t shopTheme) Color(name fyne.ThemeColorName, _ fyne.ThemeVariant) color.Color {
	p := t.look.Palette()
	switch name {
	case theme.ColorNameBackground, theme.ColorNameOverlayBackground, theme.ColorNameMenuBackground:
		return p.Paper
	case theme.ColorNameForeground:
		return p.Ink
	case theme.ColorNamePrimary, theme.ColorNameFocus:
		return p.Accent
	case theme.ColorNameForegroundOnPrimary:
		return p.OnInk
	}
	return theme.DefaultTheme().Color(name, theme.VariantLight)
}

func (t shopTheme) Font(fyne.TextStyle) fyne.Resource { return TextFont() }

func (t shopTheme) Icon(name fyne.ThemeIconName) fyne.Resource {
	return theme.DefaultTheme().Icon(name)
}

func (t shopTheme) Size(name fyne.ThemeSizeName) float32 {
	switch name {
	case theme.SizeNameText:
		return t.look.Em(Body)
	case theme.SizeNamePadding:
		return t.look.MM(1)
	}
	return theme.DefaultTheme().Size(name)
}
