package uitest

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

// Compare draws an object and compares it with testdata/masters/NAME.png, at a fifth of the size in 16 greys.
// TENIN_PICTURES=DIR writes every picture in full size to DIR, to be looked at; TENIN_PICTURES_ACCEPT=1 makes what is drawn
// now the masters.
func Compare(t *testing.T, name string, l ui.Look, size fyne.Size, o fyne.CanvasObject) {
	t.Helper()
	fyne.CurrentApp().Settings().SetTheme(ui.Theme(l))
	w := test.NewTempWindow(t, o)
	w.SetPadded(false)
	w.Resize(size)
	img := w.Canvas().Capture().(*image.NRGBA)
	if look := os.Getenv("TENIN_PICTURES"); look != "" {
		write(t, filepath.Join(look, name+".png"), img, png.BestSpeed)
	}
	small := shrink(img)
	master := filepath.Join("testdata", "masters", name+".png")
	if os.Getenv("TENIN_PICTURES_ACCEPT") != "" {
		write(t, master, small, png.BestCompression)
		return
	}
	f, err := os.Open(master)
	if err != nil {
		t.Fatal("there is no master: look at the picture, then run with TENIN_PICTURES_ACCEPT=1")
	}
	defer f.Close()
	want, err := png.Decode(f)
	if err != nil || want.Bounds() != small.Bounds() {
		t.Fatalf("the master cannot be compared (%v)", err)
	}
	if n := differing(small, want); n > 0 {
		write(t, filepath.Join("testdata", "failed", name+".png"), img, png.BestSpeed)
		t.Errorf("%d dots differ from the master; the picture is in testdata/failed", n)
	}
}

// shrink is the picture at a fifth of its size in 16 greys, each the mean of 25 dots: enough to see any text that has
// moved, changed or gone, small enough to keep some hundreds of them.
const shrinkBy = 5

func shrink(img *image.NRGBA) *image.Paletted {
	greys := make(color.Palette, 16)
	for i := range greys {
		greys[i] = color.Gray{uint8(i * 17)}
	}
	b := img.Bounds()
	out := image.NewPaletted(image.Rect(0, 0, b.Dx()/shrinkBy, b.Dy()/shrinkBy), greys)
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			sum := 0
			for dy := range shrinkBy {
				at := img.PixOffset(x*shrinkBy, y*shrinkBy+dy)
				for range shrinkBy {
					sum += (299*int(img.Pix[at]) + 587*int(img.Pix[at+1]) + 114*int(img.Pix[at+2])) / 1000
					at += 4
				}
			}
			out.SetColorIndex(x, y, uint8((sum/(shrinkBy*shrinkBy)+8)/17))
		}
	}
	return out
}

func write(t *testing.T, path string, img image.Image, level png.CompressionLevel) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	encoder := png.Encoder{CompressionLevel: level}
	if err := encoder.Encode(f, img); err != nil {
		t.Fatal(err)
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
