package keyboard

import (
	"strings"

	"tenin/ui"
)

// Draw puts the keyboard into a box of a sheet: what was typed, candidates, keys, and the row that is always there.
func Draw(s *ui.Sheet, b ui.Box, v View, press func(Key)) {
	gap := s.MM(1.2)
	lying := b.W > 1.5*b.H
	rows := float32(8) // candidates, five of keys, two below
	if lying {
		rows = 6 // candidates stand beside the text, and the two below are one
	}
	field := max(min(s.MM(32), b.H*0.2), s.MM(15))
	row := max(min(s.MM(21), (b.H-field-12*gap)/rows), s.MM(ui.MinTouch))
	top := b.Top(field)
	rest := b.Below(field + 2*gap)
	if lying {
		drawText(s, top.Left(b.W*0.46), v)
		drawCandidates(s, top.After(b.W*0.46+2*gap), v, press)
	} else {
		drawText(s, top, v)
		drawCandidates(s, rest.Top(row), v, press)
		rest = rest.Below(row + 2*gap)
	}
	under := row
	if !lying {
		under = 2*row + gap
	}
	bottom := rest.Bottom(under)
	keys := ui.Box{X: rest.X, Y: rest.Y, W: rest.W, H: rest.H - under - 2*gap}
	if lying {
		drawLayouts(s, bottom.Left(b.W*0.46), v, press)
		drawActions(s, bottom.After(b.W*0.46+2*gap), v, press)
	} else {
		drawLayouts(s, bottom.Top(row), v, press)
		drawActions(s, bottom.Bottom(row), v, press)
	}
	switch v.State.Layout {
	case Gojuon:
		drawColumns(s, keys, Columns, press)
	case Flick:
		drawFlick(s, keys, press)
	case Digits:
		drawRows(s, keys, []string{"123", "456", "789", "-0/"}, min(keys.W, s.MM(130)), v, press)
	case Numbers:
		drawRows(s, keys, []string{"123", "456", "789", ".0/"}, min(keys.W, s.MM(130)), v, press)
	case Signs:
		drawRows(s, keys, signs, keys.W, v, press)
	default:
		drawRows(s, keys, []string{"1234567890", "qwertyuiop", "asdfghjkl-", "zxcvbnm'?."}, keys.W, v, press)
	}
}

func drawText(s *ui.Sheet, b ui.Box, v View) {
	p := s.Colours
	s.Card(b, p.Card)
	inner := ui.Box{X: b.X + s.MM(5), Y: b.Y + s.MM(1), W: b.W - s.MM(10), H: b.H - s.MM(2)}
	text := v.State.String()
	if text == "" {
		hint := "ここに文字が出ます"
		if v.English {
			hint = "Your words appear here"
		}
		s.Text(inner, hint, ui.Type{Ink: p.Quiet, Align: ui.Middle}, ui.Lead, ui.Body)
		return
	}
	// The end is what was typed last: a long text loses its beginning, not its end.
	runes := []rune(text)
	for len(runes) > 1 && s.Height(inner.W, "…"+string(runes), ui.Body) > inner.H {
		runes = runes[1:]
	}
	if len(runes) < len([]rune(text)) {
		text = "…" + string(runes)
	}
	composing := v.State.Composing + v.State.Pending
	if fixed, ok := strings.CutSuffix(text, composing); ok && composing != "" {
		text = fixed + "［" + composing + "］"
		if s.Height(inner.W, text, ui.Body) > inner.H {
			text = fixed + composing
		}
	}
	s.Text(inner, text, ui.Type{Ink: p.Ink, Align: ui.Middle}, ui.Title, ui.Lead, ui.Body, ui.Small)
}

func drawCandidates(s *ui.Sheet, b ui.Box, v View, press func(Key)) {
	if len(v.Candidates) == 0 {
		return
	}
	columns := min(len(v.Candidates), 4)
	if len(v.Candidates[0]) > 24 {
		columns = min(columns, 3)
	}
	for i, c := range b.Columns(columns, s.MM(1.2)) {
		text := v.Candidates[i]
		s.Button(c, ui.ButtonSpec{Label: text, Steps: []ui.Step{ui.Lead, ui.Body, ui.Small, 4.4}, Tap: func() { press(Key{Kind: Choose, Text: text}) }})
	}
}

func drawColumns(s *ui.Sheet, b ui.Box, columns []string, press func(Key)) {
	for i, c := range b.Columns(len(columns), s.MM(1.2)) {
		for j, place := range c.Rows(5, s.MM(1.2)) {
			if r := []rune(columns[i])[j]; r != noKey {
				letter(s, place, string(r), string(r), press)
			}
		}
	}
}

func drawRows(s *ui.Sheet, b ui.Box, rows []string, width float32, v View, press func(Key)) {
	b = ui.Box{X: b.X + (b.W-width)/2, Y: b.Y, W: width, H: b.H}
	for i, r := range b.Rows(len(rows), s.MM(1.2)) {
		for j, place := range r.Columns(len([]rune(rows[i])), s.MM(1.2)) {
			key := string([]rune(rows[i])[j])
			label := key
			if v.State.Shift {
				label = strings.ToUpper(key)
			}
			letter(s, place, label, key, press)
		}
	}
}

func letter(s *ui.Sheet, b ui.Box, label, key string, press func(Key)) {
	s.Button(b, ui.ButtonSpec{Label: label, Steps: []ui.Step{ui.Lead, ui.Body}, Tap: func() { press(Key{Kind: Insert, Text: key}) }})
}

func drawFlick(s *ui.Sheet, b ui.Box, press func(Key)) {
	width := min(b.W, s.MM(170))
	b = ui.Box{X: b.X + (b.W-width)/2, Y: b.Y, W: width, H: b.H}
	for i, row := range b.Rows(4, s.MM(1.2)) {
		for j, place := range row.Columns(3, s.MM(1.2)) {
			kana := FlickKeys[i*3+j]
			if kana == "゛" {
				s.Button(place, ui.ButtonSpec{Label: "小 ゛゜", Steps: []ui.Step{ui.Lead, ui.Body}, Tap: func() { press(Key{Kind: Modify}) }})
				continue
			}
			s.Add(newFlickKey(s, kana, func(text string) { press(Key{Kind: Insert, Text: text}) }), place)
		}
	}
}

// signs are the signs of ASCII.
var signs = []string{"!\"#$%&'(", ")*+,-./:", ";<=>?@[\\", "]^_`{|}~"}

var layoutNames = map[Layout]string{Gojuon: "あいう", Flick: "フリック", Romaji: "ローマ字", Latin: "ABC", Digits: "123", Numbers: "123", Signs: "!?#"}

func drawLayouts(s *ui.Sheet, b ui.Box, v View, press func(Key)) {
	offers := v.Offers
	if offers == nil {
		offers = Layouts()
	}
	for i, place := range b.Columns(len(offers), s.MM(1.2)) {
		l := offers[i]
		s.Button(place, ui.ButtonSpec{Label: layoutNames[l], Chosen: v.State.Layout == l, Steps: []ui.Step{ui.Small, 5, 4.4, 3.8},
			Tap: func() { press(Key{Kind: Switch, Layout: l}) }})
	}
}

func drawActions(s *ui.Sheet, b ui.Box, v View, press func(Key)) {
	gap := s.MM(1.2)
	enter := ui.Box{X: b.X + b.W*0.66, Y: b.Y, W: b.W * 0.34, H: b.H}
	rest := ui.Box{X: b.X, Y: b.Y, W: b.W*0.66 - gap, H: b.H}
	space, erase := "空白", "消す"
	if v.English {
		space, erase = "Space", "Delete"
	}
	places := rest.Columns(3, gap)
	switch v.State.Layout {
	case Latin:
		s.Button(places[0], ui.ButtonSpec{Icon: ui.Shift, Chosen: v.State.Shift, Tap: func() { press(Key{Kind: Shift}) }})
	case Numbers, Signs:
		places = rest.Columns(2, gap)
		places = append(places[:1:1], places...)
	default:
		s.Button(places[0], ui.ButtonSpec{Label: "小 ゛゜", Tap: func() { press(Key{Kind: Modify}) }})
	}
	s.Button(places[1], ui.ButtonSpec{Label: space, Tap: func() { press(Key{Kind: Space}) }})
	s.Button(places[2], ui.ButtonSpec{Label: erase, Tap: func() { press(Key{Kind: Delete}) }})
	s.Button(enter, ui.ButtonSpec{Label: v.Enter, Kind: ui.Primary, Tap: func() { press(Key{Kind: Enter}) }})
}
