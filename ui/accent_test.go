package ui

import (
	"testing"

	"pgregory.net/rapid"
)

func TestEveryAccentThatAShopMayChooseCanBeRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		accent := rapid.Uint32Range(1, 0xffffff).Draw(t, "accent")
		for _, pair := range (Look{Accent: accent}).Palette().Pairs() {
			if c := Contrast(pair.Text, pair.Ground); c < LeastContrast {
				t.Fatalf("#%06x: %s has %.2f:1", accent, pair.Name, c)
			}
		}
	})
}

func TestAnAccentThatCanBeReadIsDrawnAsItIsAndHighContrastDoesWithout(t *testing.T) {
	const crimson = 0x8c1f33
	if p := (Look{Accent: crimson}).Palette(); p.Accent != rgb(crimson) || p.Wash == calm.Wash || p.Deep == calm.Deep {
		t.Errorf("%+v", p)
	}
	if p := (Look{Accent: 0x165e83}).Palette(); p != calm {
		t.Errorf("the screens' own accent gives %+v", p)
	}
	if p := (Look{Accent: crimson, HighContrast: true}).Palette(); p != strong {
		t.Errorf("%+v", p)
	}
}
