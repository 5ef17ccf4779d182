package shopper

import (
	"testing"

	"tenin/ui"
	"tenin/ui/uitest"
)

func audit(t *testing.T, change func(*variant)) {
	if !ui.HasFonts() {
		t.Skip("texts can be measured in the screens' own fonts only: run with the tag engines")
	}
	app(t)
	for _, v := range variants() {
		change(&v)
		for _, f := range uitest.Faults(compose(v.state.view, v.look, v.size, func(Event) {}), v.size) {
			t.Errorf("%s: %s", v.name, f)
		}
	}
}

func TestEveryTextFitsIsReadableAndEveryButtonIsAFingerWide(t *testing.T) {
	audit(t, func(*variant) {})
}

func TestTheScreensHoldInHighContrastWithSilenceAndStillness(t *testing.T) {
	audit(t, func(v *variant) { v.look.HighContrast, v.look.Silent, v.look.ReducedMotion = true, true, true })
}

func TestTheScreensHoldOnALargePanel(t *testing.T) {
	audit(t, func(v *variant) { v.look.DPI = 69 }) // 32 inches
}
