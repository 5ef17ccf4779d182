package ui

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"
)

func TestEveryTextColourIsReadableOnEveryGroundItMayStandOn(t *testing.T) {
	for _, l := range []Look{{}, {HighContrast: true}} {
		for _, pair := range l.Palette().Pairs() {
			if c := Contrast(pair.Text, pair.Ground); c < 4.5 {
				t.Errorf("high contrast %v: %s has %.2f:1, WCAG AA wants 4.5:1", l.HighContrast, pair.Name, c)
			}
		}
		p := l.Palette()
		for _, ground := range []fyne.CanvasObject{canvas.NewRectangle(p.Paper), canvas.NewRectangle(p.Card)} {
			if c := Contrast(p.Edge, ground.(*canvas.Rectangle).FillColor); c < 3 {
				t.Errorf("the edge of a button has %.2f:1, WCAG AA wants 3:1", c)
			}
		}
	}
}

func TestHighContrastReachesTripleA(t *testing.T) {
	for _, pair := range (Look{HighContrast: true}).Palette().Pairs() {
		if c := Contrast(pair.Text, pair.Ground); c < 7 {
			t.Errorf("%s has %.2f:1, want 7:1", pair.Name, c)
		}
	}
}

func TestContrastIsThatOfTheStandard(t *testing.T) {
	if c := Contrast(rgb(0x000000), rgb(0xffffff)); c < 20.99 || c > 21.01 {
		t.Errorf("black on white: %f, want 21", c)
	}
	if c := Contrast(rgb(0x767676), rgb(0xffffff)); c < 4.53 || c > 4.55 {
		t.Errorf("#767676 on white: %f, want 4.54", c)
	}
}

func TestTheTypeScaleGrowsAndBigTextIsBigger(t *testing.T) {
	last := float32(0)
	for _, s := range []Step{Small, Body, Lead, Title, Caption, Display} {
		em := (Look{}).Em(s)
		if em <= last {
			t.Errorf("step %v is not larger than the one before it", s)
		}
		if big := (Look{BigText: true}).Em(s); big < em*1.1 {
			t.Errorf("big text enlarges step %v from %.0f to %.0f only", s, em, big)
		}
		last = em
	}
}

func TestTheThemeIsLightWhateverTheDesktopSays(t *testing.T) {
	for _, v := range []fyne.ThemeVariant{0, 1} {
		th := Theme(Look{})
		if c := Contrast(th.Color("background", v), rgb(0xffffff)); c > 1.3 {
			t.Errorf("variant %d: the background is not light", v)
		}
		if c := Contrast(th.Color("foreground", v), th.Color("background", v)); c < 4.5 {
			t.Errorf("variant %d: text has %.1f:1", v, c)
		}
	}
}

func TestAStageShowsWhatWasPresentedLast(t *testing.T) {
	test.NewTempApp(t)
	stage := NewStage()
	w := test.NewTempWindow(t, stage)
	w.SetPadded(false)
	w.Resize(fyne.NewSize(60, 60))
	for _, colour := range []uint32{0xff0000, 0x00ff00, 0x0000ff} {
		stage.Present(func(fyne.Size) fyne.CanvasObject { return canvas.NewRectangle(rgb(colour)) })
		r, g, b, _ := w.Canvas().Capture().At(30, 30).RGBA()
		if got := (r>>8)<<16 | (g>>8)<<8 | b>>8; got != colour {
			t.Errorf("the window shows %06x, want %06x", got, colour)
		}
	}
}

func TestAButtonAnswersTheFingerBeforeItIsLifted(t *testing.T) {
	test.NewTempApp(t)
	s := NewSheet(Look{}, fyne.NewSize(200, 100))
	taps := 0
	s.Button(Box{10, 10, 180, 80}, ButtonSpec{Label: "OK", Tap: func() { taps++ }})
	w := test.NewTempWindow(t, s.Object())
	w.SetPadded(false)
	w.Resize(fyne.NewSize(200, 100))
	b := s.objects[len(s.objects)-1].(*Button)
	before := w.Canvas().Capture().At(30, 50)
	b.MouseDown(nil)
	if w.Canvas().Capture().At(30, 50) == before {
		t.Error("nothing changed when the button was touched")
	}
	b.MouseUp(nil)
	if w.Canvas().Capture().At(30, 50) != before {
		t.Error("the button stayed pressed")
	}
	test.Tap(b)
	if taps != 1 {
		t.Errorf("%d taps arrived, want 1", taps)
	}
}

func TestEveryPictogramIsDrawn(t *testing.T) {
	test.NewTempApp(t)
	for _, i := range Icons() {
		s := NewSheet(Look{}, fyne.NewSize(48, 48))
		s.Icon(i, s.Area, s.Colours.Ink)
		w := test.NewTempWindow(t, s.Object())
		w.SetPadded(false)
		w.Resize(fyne.NewSize(48, 48))
		img, dark := w.Canvas().Capture(), 0
		for y := range 48 {
			for x := range 48 {
				if r, _, _, _ := img.At(x, y).RGBA(); r < 0x8000 {
					dark++
				}
			}
		}
		if dark < 60 {
			t.Errorf("pictogram %s: %d dark dots", i, dark)
		}
	}
}
