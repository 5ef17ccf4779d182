//go:build engines

package ui

import (
	_ "embed"

	"fyne.io/fyne/v2"
)

// Both files are fetched by the build from the distribution's packages and checked against fonts/SHA256SUMS.

//go:embed fonts/BIZUDPGothic-Regular.ttf
var textFont []byte

//go:embed fonts/DroidSansFallback.ttf
var wideFont []byte

var (
	textFontResource = fyne.NewStaticResource("BIZUDPGothic-Regular.ttf", roomy(textFont, 0.08))
	wideFontResource = fyne.NewStaticResource("DroidSansFallback.ttf", wideFont)
)

// HasFonts reports whether the fonts of the screens are part of this program.
func HasFonts() bool { return true }

// TextFont is BIZ UDPGothic, for Japanese and Latin text.
func TextFont() fyne.Resource { return textFontResource }

// WideFont has the simplified Chinese and Korean characters that TextFont lacks.
func WideFont() fyne.Resource { return wideFontResource }
