package shopper

import (
	"testing"

	"fyne.io/fyne/v2"

	"tenin/ui"
	"tenin/ui/uitest"
)

func lay(v View, l ui.Look, size fyne.Size) *ui.Sheet { return compose(v, l, size, func(Event) {}) }

func TestEveryTextFitsIsReadableAndEveryButtonIsAFingerWide(t *testing.T) {
	uitest.Audit(t, variants(), lay, func(*ui.Look) {})
}

func TestTheScreensHoldInHighContrastWithSilenceAndStillness(t *testing.T) {
	uitest.Audit(t, variants(), lay, func(l *ui.Look) { l.HighContrast, l.Silent, l.ReducedMotion = true, true, true })
}

func TestTheScreensHoldOnALargePanel(t *testing.T) {
	uitest.Audit(t, variants(), lay, func(l *ui.Look) { l.DPI = 69 }) // 32 inches
}
