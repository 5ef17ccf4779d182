package ui

import (
	"bytes"
	"os"
	"testing"

	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
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

// A dot of room is needed at the smallest text, of some 15 dots: Fyne puts the baseline on a whole one.
func TestNoLetterIsHigherThanTheLineOfItsFont(t *testing.T) {
	if !HasFonts() {
		t.Skip("the screens' fonts are not part of a program without the tag engines")
	}
	parsed, err := sfnt.Parse(TextFont().Content())
	if err != nil {
		t.Fatal(err)
	}
	var buffer sfnt.Buffer
	em := fixed.I(1000)
	claim, err := parsed.Metrics(&buffer, em, font.HintingNone)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range "gjpqyQÅÇ|（）「」、。漢髙龍" {
		g, err := parsed.GlyphIndex(&buffer, r)
		if err != nil {
			t.Fatal(err)
		}
		b, _, err := parsed.GlyphBounds(&buffer, g, em, font.HintingNone)
		if room := fixed.I(1000) / 15; err != nil || -b.Min.Y > claim.Ascent || b.Max.Y+room > claim.Descent {
			t.Errorf("%c reaches from %v to %v, the line from %v to %v (%v)", r, b.Min.Y, b.Max.Y, -claim.Ascent, claim.Descent, err)
		}
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
