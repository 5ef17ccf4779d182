package uitest

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"tenin/ui"
)

// The two ways in which a counter's panel stands, in dots.
var (
	Portrait  = fyne.NewSize(1080, 1920)
	Landscape = fyne.NewSize(1920, 1080)
)

// State is a screen with a name: V is a package's View.
type State[V any] struct {
	Name string
	View V
}

// Variant is a state as it is drawn on one panel in one look; its name is its master's.
type Variant[V any] struct {
	Name string
	Look ui.Look
	Size fyne.Size
	View V
}

// Variants are states in both orientations and both sizes of text. language ends their names.
func Variants[V any](states []State[V], language string) (all []Variant[V]) {
	for _, s := range states {
		for i, size := range []fyne.Size{Portrait, Landscape} {
			for _, big := range []bool{false, true} {
				name := s.Name + "-" + language + [...]string{"-portrait", "-landscape"}[i]
				if big {
					name += "-big"
				}
				all = append(all, Variant[V]{name, ui.Look{BigText: big}, size, s.View})
			}
		}
	}
	return all
}

// App has texts measured and drawn as the screens do, until the test ends.
func App(t *testing.T) {
	t.Helper()
	test.NewTempApp(t).Settings().SetTheme(ui.Theme(ui.Look{}))
}

// Audit tells the Faults of each variant as compose lays it out, after change.
func Audit[V any](t *testing.T, list []Variant[V], compose func(V, ui.Look, fyne.Size) *ui.Sheet, change func(*ui.Look)) {
	t.Helper()
	if !ui.HasFonts() {
		t.Skip("texts can be measured in the screens' own fonts only: run with the tag engines")
	}
	App(t)
	for _, v := range list {
		change(&v.Look)
		for _, f := range Faults(compose(v.View, v.Look, v.Size), v.Size) {
			t.Errorf("%s: %s", v.Name, f)
		}
	}
}

// Masters compares each variant with its master: see Compare.
func Masters[V any](t *testing.T, list []Variant[V], draw func(V, ui.Look, fyne.Size) fyne.CanvasObject) {
	t.Helper()
	App(t)
	for _, v := range list {
		t.Run(v.Name, func(t *testing.T) { Compare(t, v.Name, v.Look, v.Size, draw(v.View, v.Look, v.Size)) })
	}
}
