package technician

import (
	"testing"

	"tenin/ui"
	"tenin/ui/uitest"
)

func audit(t *testing.T, list []variant, change func(*variant)) {
	if !ui.HasFonts() {
		t.Skip("texts can be measured in the screens' own fonts only: run with the tag engines")
	}
	app(t)
	for _, v := range list {
		change(&v)
		for _, f := range uitest.Faults(compose(v.state.view, v.look, v.size, func(Event) {}), v.size) {
			t.Errorf("%s: %s", v.name, f)
		}
	}
}

func TestEveryTextFitsIsReadableAndEveryButtonIsAFingerWide(t *testing.T) {
	audit(t, variants(), func(*variant) {})
}

func TestTheScreensHoldInHighContrast(t *testing.T) {
	audit(t, variants(), func(v *variant) { v.look.HighContrast = true })
}

func TestTheScreensHoldOnALargePanel(t *testing.T) {
	audit(t, variants(), func(v *variant) { v.look.DPI = 69 }) // 32 inches
}

func TestEveryProblemFitsWhereItIsTold(t *testing.T) {
	for _, l := range Languages() {
		audit(t, drawn(everyProblem(l), l), func(*variant) {})
	}
}
