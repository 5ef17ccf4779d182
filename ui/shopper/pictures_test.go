//go:build engines

package shopper

import (
	"testing"

	"fyne.io/fyne/v2"

	"tenin/ui"
	"tenin/ui/uitest"
)

func TestEveryScreenLooksAsItDidWhenSomebodyLookedAtIt(t *testing.T) {
	uitest.Masters(t, variants(), func(v View, l ui.Look, size fyne.Size) fyne.CanvasObject { return Draw(v, l, size, func(Event) {}) })
}
