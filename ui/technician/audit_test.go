package technician

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

func TestTheScreensHoldInHighContrast(t *testing.T) {
	uitest.Audit(t, variants(), lay, func(l *ui.Look) { l.HighContrast = true })
}

func TestTheScreensHoldOnALargePanel(t *testing.T) {
	uitest.Audit(t, variants(), lay, func(l *ui.Look) { l.DPI = 69 }) // 32 inches
}

func TestEveryProblemFitsWhereItIsTold(t *testing.T) {
	for _, l := range Languages() {
		uitest.Audit(t, drawn(everyProblem(l), l), lay, func(*ui.Look) {})
	}
}
