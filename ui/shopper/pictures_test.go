//go:build engines

package shopper

import (
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"tenin/ui"
)

func capture(t *testing.T, v variant) image.Image {
	t.Helper()
	fyne.CurrentApp().Settings().SetTheme(ui.Theme(v.look))
	w := test.NewTempWindow(t, Draw(v.state.view, v.look, v.size, func(Event) {}))
	w.SetPadded(false)
	w.Resize(v.size)
	return w.Canvas().Capture()
}

// shrink is the picture at a fifth of its size in 16 greys, each the mean of 25 dots: enough to see any text that has
// moved, changed or gone, small enough to keep some hundreds of them.
const shrinkBy = 5

func shrink(img image.Image) *image.Paletted {
	greys := make(color.Palette, 16)
	for i := range greys {
		greys[i] = color.Gray{uint8(i * 17)}
	}
	b := img.Bounds()
	out := image.NewPaletted(image.Rect(0, 0, b.Dx()/shrinkBy, b.Dy()/shrinkBy), greys)
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			sum := uint32(0)
			for dy := range shrinkBy {
				for dx := range shrinkBy {
					r, g, bl, _ := img.At(x*shrinkBy+dx, y*shrinkBy+dy).RGBA()
					sum += (299*(r>>8) + 587*(g>>8) + 114*(bl>>8)) / 1000
				}
			}
			out.SetColorIndex(x, y, uint8((sum/(shrinkBy*shrinkBy)+8)/17))
		}
	}
	return out
}

func write(t *testing.T, path string, img image.Image) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(f, img); err != nil {
		t.Fatal(err)
	}
}

// TENIN_PICTURES=DIR writes every picture in full size to DIR, to be looked at; TENIN_PICTURES_ACCEPT=1 makes what is drawn
// now the masters.
func TestEveryScreenLooksAsItDidWhenSomebodyLookedAtIt(t *testing.T) {
	app(t)
	look, accept := os.Getenv("TENIN_PICTURES"), os.Getenv("TENIN_PICTURES_ACCEPT") != ""
	for _, v := range variants() {
		img := capture(t, v)
		if look != "" {
			write(t, filepath.Join(look, v.name+".png"), img)
		}
		small := shrink(img)
		master := filepath.Join("testdata", "masters", v.name+".png")
		if accept {
			write(t, master, small)
			continue
		}
		f, err := os.Open(master)
		if err != nil {
			t.Errorf("%s has no master: look at it, then run with TENIN_PICTURES_ACCEPT=1", v.name)
			continue
		}
		want, err := png.Decode(f)
		f.Close()
		if err != nil || want.Bounds() != small.Bounds() {
			t.Errorf("%s: its master cannot be compared (%v)", v.name, err)
			continue
		}
		if n := differing(small, want); n > 0 {
			write(t, filepath.Join("testdata", "failed", v.name+".png"), img)
			t.Errorf("%s: %d dots differ from its master; the picture is in testdata/failed", v.name, n)
		}
	}
}

// differing counts the dots that differ by more than one of 16 greys, which rounding may make.
func differing(a, b image.Image) int {
	n := 0
	for y := range a.Bounds().Dy() {
		for x := range a.Bounds().Dx() {
			ra, _, _, _ := a.At(x, y).RGBA()
			rb, _, _, _ := b.At(x, y).RGBA()
			if d := int(ra>>8) - int(rb>>8); d > 17 || d < -17 {
				n++
			}
		}
	}
	return n
}
