//go:build !engines

package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

// HasFonts reports whether the fonts of the screens are part of this program.
func HasFonts() bool { return false }

// TextFont is Fyne's own font: without the tag engines the program carries no Japanese one.
func TextFont() fyne.Resource { return theme.DefaultTextFont() }

// WideFont is Fyne's own font, as TextFont.
func WideFont() fyne.Resource { return theme.DefaultTextFont() }
