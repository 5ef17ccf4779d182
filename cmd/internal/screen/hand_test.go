package screen

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"
)

// key is something to touch that says what happens to it.
type key struct {
	widget.BaseWidget
	name string
	log  *[]string
}

func newKey(name string, log *[]string, x float32) *key {
	k := &key{name: name, log: log}
	k.ExtendBaseWidget(k)
	k.Resize(fyne.NewSize(50, 50))
	k.Move(fyne.NewPos(x, 100))
	return k
}

func (k *key) say(what string)               { *k.log = append(*k.log, k.name+" "+what) }
func (k *key) Tapped(*fyne.PointEvent)       { k.say("tapped") }
func (k *key) MouseDown(*desktop.MouseEvent) { k.say("down") }
func (k *key) MouseUp(*desktop.MouseEvent)   { k.say("up") }
func (k *key) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(container.NewWithoutLayout())
}

// sliding is a key that follows the finger.
type sliding struct{ *key }

func (s sliding) Dragged(e *fyne.DragEvent) { s.say("dragged") }
func (s sliding) DragEnd()                  { s.say("left") }

func press(h *hand, x, y float32) { h.MouseDown(mouse(x, y, desktop.MouseButtonPrimary)) }
func lift(h *hand, x, y float32)  { h.MouseUp(mouse(x, y, desktop.MouseButtonPrimary)) }
func mouse(x, y float32, b desktop.MouseButton) *desktop.MouseEvent {
	return &desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: fyne.NewPos(x, y)}, Button: b}
}
func drag(h *hand, x, y float32) {
	h.Dragged(&fyne.DragEvent{PointEvent: fyne.PointEvent{Position: fyne.NewPos(x, y)}})
}

func TestATouchMeansWhatWasUnderTheFingerWhenItCameDown(t *testing.T) {
	test.NewTempApp(t)
	for _, c := range []struct {
		name string
		do   func(h *hand, redraw func())
		want []string
	}{
		{"a tap", func(h *hand, _ func()) { press(h, 20, 120); lift(h, 22, 118) }, []string{"a down", "a up", "a tapped"}},
		{"a tap while the picture changes", func(h *hand, redraw func()) { press(h, 20, 120); redraw(); lift(h, 20, 120) },
			[]string{"a down", "a up", "a tapped"}},
		{"a finger that slides off", func(h *hand, _ func()) { press(h, 20, 120); drag(h, 120, 120); lift(h, 120, 120) }, []string{"a down", "redrawn"}},
		{"a finger that slides on", func(h *hand, _ func()) { press(h, 20, 20); lift(h, 20, 120) }, nil},
		{"nothing under it", func(h *hand, _ func()) { press(h, 500, 500); lift(h, 500, 500) }, nil},
		{"a key that follows", func(h *hand, _ func()) { press(h, 220, 120); drag(h, 280, 120); lift(h, 280, 120) },
			[]string{"s down", "s dragged", "s up", "s left"}},
		{"the topmost of two", func(h *hand, _ func()) { press(h, 120, 120); lift(h, 120, 120) }, []string{"c down", "c up", "c tapped"}},
		{"the other buttons", func(h *hand, _ func()) {
			h.MouseDown(mouse(20, 120, desktop.MouseButtonSecondary))
			h.MouseUp(mouse(20, 120, desktop.MouseButtonSecondary))
		}, nil},
		{"a second finger", func(h *hand, _ func()) { press(h, 20, 120); press(h, 120, 120); lift(h, 20, 120) }, []string{"a down", "a up", "a tapped"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var log []string
			h := newHand(func() { log = append(log, "redrawn") })
			picture := func(a string) fyne.CanvasObject {
				hidden := newKey("hidden", &log, 0)
				hidden.Hide()
				return container.NewWithoutLayout(container.NewWithoutLayout(newKey(a, &log, 0), newKey("b", &log, 100), newKey("c", &log, 100)),
					sliding{newKey("s", &log, 200)}, hidden)
			}
			h.picture = picture("a")
			c.do(h, func() { h.picture = picture("x") })
			if len(log) != len(c.want) {
				t.Fatalf("%q, want %q", log, c.want)
			}
			for i := range log {
				if log[i] != c.want[i] {
					t.Fatalf("%q, want %q", log, c.want)
				}
			}
		})
	}
}

func TestTheHandHidesThePointer(t *testing.T) {
	if newHand(func() {}).Cursor() != desktop.HiddenCursor {
		t.Error("the pointer is seen")
	}
}
