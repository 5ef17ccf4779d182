package ui

import (
	"bytes"
	"os"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"
)

func TestMain(m *testing.M) {
	os.Setenv("LANG", "ja_JP.UTF-8")
	os.Exit(m.Run())
}

func FuzzNoBytesBreakTheChangeOfAFontsHeight(f *testing.F) {
	f.Add([]byte("\x00\x01\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00hhea\x00\x00\x00\x00\x00\x00\x00\x1c\x00\x00\x00\x24"))
	f.Fuzz(func(t *testing.T, data []byte) {
		before := bytes.Clone(data)
		if out := roomy(data, 0.1); len(out) != len(data) || !bytes.Equal(before, data) {
			t.Error("the font's size or the original changed")
		}
	})
}

func TestNoTailOfALetterIsCut(t *testing.T) {
	if !HasFonts() {
		t.Skip("the screens' fonts are not part of a program without the tag engines")
	}
	test.NewTempApp(t)
	s := NewSheet(Look{}, fyne.NewSize(400, 120))
	s.Text(Box{10, 10, 380, 100}, "gjpqy（」Åｙ", Type{Ink: s.Colours.Ink}, Title)
	w := test.NewTempWindow(t, s.Object())
	w.SetPadded(false)
	w.Resize(fyne.NewSize(400, 120))
	img := w.Canvas().Capture()
	var text *canvas.Text
	for _, o := range s.objects {
		if c, ok := o.(*canvas.Text); ok {
			text = c
		}
	}
	first, last := -1, -1
	for y := range 120 {
		for x := range 400 {
			if r, _, _, _ := img.At(x, y).RGBA(); r < 0x8000 {
				if first < 0 {
					first = y
				}
				last = y
			}
		}
	}
	top, bottom := int(text.Position().Y), int(text.Position().Y+text.Size().Height)
	if first <= top || last >= bottom-1 {
		t.Errorf("ink from %d to %d in a line from %d to %d: it touches the edge, so something is cut", first, last, top, bottom)
	}
}

func TestEveryCharacterOfTheDemoShopCanBeDrawn(t *testing.T) {
	if !HasFonts() {
		t.Skip("the screens' fonts are not part of a program without the tag engines")
	}
	for _, name := range []string{"answers.jsonl", "products.csv"} {
		text, err := os.ReadFile("../llm/knowledge/demo/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if m := Undrawable(string(text)); m != "" {
			t.Errorf("%s: the font has no %q", name, m)
		}
	}
}

func TestTheNamesThatShopsHaveCanBeDrawn(t *testing.T) {
	if !HasFonts() {
		t.Skip("the screens' fonts are not part of a program without the tag engines")
	}
	if m := Undrawable("髙島﨑渡邊齋藤①②㈱℡№〒々〆ヶ～－…「」『』【】ｱｲｳ￥€£①Ⅳ㎡㎝"); m != "" {
		t.Errorf("the font has no %q", m)
	}
	if Undrawable("直\U0001f600") == "" {
		t.Error("a smiling face is said to be drawable")
	}
}
