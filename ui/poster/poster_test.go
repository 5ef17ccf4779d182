package poster

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"image"
	"image/color"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"tenin/ui"
)

func TestMain(m *testing.M) {
	os.Setenv("LANG", "ja_JP.UTF-8")
	os.Exit(m.Run())
}

func sample() Poster {
	return Poster{Language: "ja", Shop: "てんいん百貨店 <本店>", Title: "お知らせ", Lead: "はじめに", Sections: []Section{{"目的", []string{"答えるため", "よくするため"}}}, Foot: []string{"責任者"}}
}

func TestTheTextHasEveryWordInItsOrder(t *testing.T) {
	var out bytes.Buffer
	if err := Text(&out, sample(), sample()); err != nil {
		t.Fatal(err)
	}
	if want := "てんいん百貨店 <本店>\nお知らせ\n\nはじめに\n\n目的\n- 答えるため\n- よくするため\n\n責任者\n"; out.String() != want+"\n\n"+want {
		t.Errorf("%q", out.String())
	}
}

func TestTheDocumentForABrowserQuotesWhatTheShopWrote(t *testing.T) {
	var out bytes.Buffer
	if err := HTML(&out, sample()); err != nil {
		t.Fatal(err)
	}
	if s := out.String(); strings.Contains(s, "<本店>") || !strings.Contains(s, "&lt;本店&gt;") || !strings.Contains(s, `<html lang="ja">`) {
		t.Error(s)
	}
}

func TestAPageOfTheDocumentHoldsItsPictureDotForDot(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 5, 3))
	for i := range 15 {
		img.Set(i%5, i/5, color.RGBA{uint8(i), uint8(2 * i), uint8(255 - i), 255})
	}
	var out bytes.Buffer
	if err := PDF(&out, "題", img, img); err != nil {
		t.Fatal(err)
	}
	data := out.Bytes()
	// Each entry of the table points at its object.
	start, _ := strconv.Atoi(string(regexp.MustCompile(`startxref\n(\d+)`).FindSubmatch(data)[1]))
	if !bytes.HasPrefix(data[start:], []byte("xref\n0 10\n")) {
		t.Fatalf("no table at %d", start)
	}
	for i, entry := range regexp.MustCompile(`(\d{10}) 00000 n \n`).FindAllSubmatch(data[start:], -1) {
		at, _ := strconv.Atoi(string(entry[1]))
		if !bytes.HasPrefix(data[at:], fmt.Appendf(nil, "%d 0 obj", i+1)) {
			t.Errorf("object %d is not at %d", i+1, at)
		}
	}
	_, rest, _ := bytes.Cut(data, []byte("/FlateDecode"))
	_, rest, _ = bytes.Cut(rest, []byte("stream\n"))
	z, err := zlib.NewReader(bytes.NewReader(rest))
	if err != nil {
		t.Fatal(err)
	}
	dots, err := io.ReadAll(z)
	if err != nil || len(dots) != 45 || dots[3*7] != 7 || dots[3*7+1] != 14 || dots[3*7+2] != 248 {
		t.Errorf("%v %v", dots, err)
	}
}

func TestAPageIsPaintedOrSaidWhyNot(t *testing.T) {
	if !ui.HasFonts() {
		if _, err := Paint(sample(), 60); !errors.Is(err, ErrNoFont) {
			t.Error(err)
		}
		return
	}
	img, err := Paint(sample(), 60)
	if err != nil || img.Bounds().Dx() != 496 || img.Bounds().Dy() != 702 {
		t.Fatalf("%v %v", img.Bounds(), err)
	}
	dark := 0
	for i := 0; i < len(img.Pix); i += 4 {
		if img.Pix[i] < 128 {
			dark++
		}
	}
	if dark < 500 {
		t.Errorf("%d dark dots", dark)
	}
	long := sample()
	long.Lead = strings.Repeat("長い。", 3000)
	if _, err := Paint(long, 60); !errors.Is(err, ErrTooLong) {
		t.Error(err)
	}
	odd := sample()
	odd.Shop = "\U0001f600"
	if _, err := Paint(odd, 60); !errors.Is(err, ErrUndrawable) {
		t.Error(err)
	}
}
