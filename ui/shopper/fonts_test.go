package shopper

import (
	"fmt"
	"testing"

	"golang.org/x/image/font/sfnt"

	"tenin/ui"
)

func TestEveryPhraseCanBeDrawn(t *testing.T) {
	if !ui.HasFonts() {
		t.Skip("the screens' fonts are not part of a program without the tag engines")
	}
	for _, l := range []Language{Japanese, English} {
		if m := ui.Undrawable(fmt.Sprint(In(l), Countdown(l, 1234567890), waited(l, 75), keptFor(l, 30))); m != "" {
			t.Errorf("%s: the font has no %q", l.Name(), m)
		}
	}
	wide, err := sfnt.Parse(ui.WideFont().Content())
	if err != nil {
		t.Fatal(err)
	}
	var buffer sfnt.Buffer
	for _, l := range []Language{Chinese, Korean} {
		for _, r := range fmt.Sprint(FixedIn(l), l.Name()) {
			if r < 0x2e80 {
				continue // Latin letters and spaces are drawn in the other font
			}
			if g, err := wide.GlyphIndex(&buffer, r); err != nil || g == 0 {
				t.Errorf("%s: the font has no %c", l.Name(), r)
			}
		}
	}
}
