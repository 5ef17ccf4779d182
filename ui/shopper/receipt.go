package shopper

import (
	"image/color"

	qrcode "github.com/skip2/go-qrcode"

	"tenin/ui"
)

func (p *page) receipt(s Receipt) {
	say, do := p.panes(0.42)
	end := p.words(say, p.w.ReceiptTitle, p.w.ReceiptSub)
	if t := keptFor(p.view.Language, s.Days); t != "" {
		rest := say.Below(end - say.Y + p.gap*0.6)
		p.Text(rest, t, ui.Type{Ink: p.Colours.Quiet}, ui.Body, ui.Small)
	}
	high := p.MM(26)
	p.Button(do.Bottom(high), ui.ButtonSpec{Label: p.w.Finish, Icon: ui.Home, Kind: ui.Primary, Steps: []ui.Step{ui.Lead, ui.Body}, Tap: p.tap(Finish{})})
	do.H -= high + p.gap
	p.Card(do, p.Colours.Card)
	inner := do.Inset(p.MM(6))
	line := p.Look.Em(ui.Title) * 1.4
	side := min(inner.W, inner.H-line-p.gap, p.MM(110))
	y := inner.Y + (inner.H-side-line-p.gap)/2
	content := s.QR
	if content == "" {
		content = s.Code
	}
	p.qr(ui.Box{X: inner.X + (inner.W-side)/2, Y: y, W: side, H: side}, content)
	p.Text(ui.Box{X: inner.X, Y: y + side + p.gap, W: inner.W, H: line}, s.Code, ui.Type{Ink: p.Colours.Ink, Align: ui.Middle}, ui.Title, ui.Lead, ui.Body)
}

// qr draws a QR code (ISO/IEC 18004, level M) of rectangles, so that a camera sees whole dots at any size. Runs of dark
// modules in a row are one rectangle each.
func (p *page) qr(b ui.Box, content string) {
	code, err := qrcode.New(content, qrcode.Medium)
	if err != nil {
		return // too long for a code: the text below stays
	}
	code.DisableBorder = true
	bits := code.Bitmap()
	const quiet = 4
	dot := float32(int(b.W / float32(len(bits)+2*quiet)))
	if dot < 1 {
		return
	}
	side := dot * float32(len(bits))
	x0, y0 := float32(int(b.X+(b.W-side)/2)), float32(int(b.Y+(b.H-side)/2))
	p.Rect(ui.Box{X: x0 - quiet*dot, Y: y0 - quiet*dot, W: side + 2*quiet*dot, H: side + 2*quiet*dot}, color.White, 0)
	for y, row := range bits {
		for x := 0; x < len(row); x++ {
			from := x
			for x < len(row) && row[x] {
				x++
			}
			if x > from {
				p.Rect(ui.Box{X: x0 + float32(from)*dot, Y: y0 + float32(y)*dot, W: float32(x-from) * dot, H: dot}, color.Black, 0)
			}
		}
	}
}
