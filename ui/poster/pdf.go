package poster

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"image"
	"io"
)

// PDF writes pictures of A4 pages as a document that fills a page with each (ISO 32000-1: 7.5 file structure, 8.9 images).
// Its words are dots: whoever wants to copy them takes the text or the HTML.
func PDF(w io.Writer, title string, pages ...*image.RGBA) error {
	var out bytes.Buffer
	var offsets []int
	object := func(format string, args ...any) {
		offsets = append(offsets, out.Len())
		fmt.Fprintf(&out, "%d 0 obj\n", len(offsets))
		fmt.Fprintf(&out, format, args...)
		out.WriteString("\nendobj\n")
	}
	const widthPt, heightPt = "595.276", "841.890" // 210 × 297 mm
	out.WriteString("%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
	object("<< /Type /Catalog /Pages 2 0 R >>")
	var kids bytes.Buffer
	for i := range pages {
		fmt.Fprintf(&kids, "%d 0 R ", 4+3*i)
	}
	object("<< /Type /Pages /Kids [ %s] /Count %d >>", &kids, len(pages))
	object("<< /Title <%X> >>", utf16(title))
	for i, img := range pages {
		at := 4 + 3*i
		object("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %s %s] /Resources << /XObject << /P %d 0 R >> >> /Contents %d 0 R >>", widthPt, heightPt, at+2, at+1)
		paint := fmt.Sprintf("q %s 0 0 %s 0 0 cm /P Do Q", widthPt, heightPt)
		object("<< /Length %d >>\nstream\n%s\nendstream", len(paint), paint)
		dots, err := packed(img)
		if err != nil {
			return err
		}
		b := img.Bounds()
		object("<< /Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream",
			b.Dx(), b.Dy(), len(dots), dots)
	}
	table := out.Len()
	fmt.Fprintf(&out, "xref\n0 %d\n0000000000 65535 f \n", len(offsets)+1)
	for _, o := range offsets {
		fmt.Fprintf(&out, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&out, "trailer\n<< /Size %d /Root 1 0 R /Info 3 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(offsets)+1, table)
	_, err := w.Write(out.Bytes())
	return err
}

// packed are a picture's dots, red, green and blue, compressed.
func packed(img *image.RGBA) ([]byte, error) {
	var out bytes.Buffer
	z := zlib.NewWriter(&out)
	b := img.Bounds()
	row := make([]byte, 3*b.Dx())
	for y := range b.Dy() {
		from := img.PixOffset(b.Min.X, b.Min.Y+y)
		for x := range b.Dx() {
			copy(row[3*x:3*x+3], img.Pix[from+4*x:])
		}
		if _, err := z.Write(row); err != nil {
			return nil, err
		}
	}
	err := z.Close()
	return out.Bytes(), err
}

// utf16 is a text string with its mark, as PDF wants it (7.9.2.2).
func utf16(text string) []byte {
	out := []byte{0xfe, 0xff}
	for _, r := range text {
		if r > 0xffff {
			r = 0xfffd
		}
		out = append(out, byte(r>>8), byte(r))
	}
	return out
}
