//go:build engines

package technician

import (
	"testing"

	"tenin/ui/uitest"
)

func TestEveryScreenLooksAsItDidWhenSomebodyLookedAtIt(t *testing.T) {
	app(t)
	for _, v := range variants() {
		t.Run(v.name, func(t *testing.T) {
			uitest.Compare(t, v.name, v.look, v.size, Draw(v.state.view, v.look, v.size, func(Event) {}))
		})
	}
}
