package staff

import (
	"strings"

	"tenin/ui"
)

// MaxSentences is how many sentences an answer may have: more are not listened to.
const MaxSentences = 5

func (p *page) answering(s Answering) {
	b := p.body
	actions := p.MM(24)
	p.answerActions(b.Bottom(actions), s)
	b.H -= actions + p.gap
	question := p.MM(pick(p.Look.BigText, float32(28), 24))
	p.quoted(b.Top(question), p.w.AnswerTo, s.Question)
	b = b.Below(question + p.gap)
	if s.Published {
		p.published(b, s)
		return
	}
	if line := s.Problem; line != "" {
		high := p.Look.Em(ui.Body) * 2
		p.Rect(b.Bottom(high), p.Colours.Warm, p.MM(3))
		p.words(ui.Box{X: b.X + p.MM(4), Y: b.Y + b.H - high, W: b.W - p.MM(8), H: high}, line, ui.Type{Ink: p.Colours.Ink}, plain...)
		b.H -= high + p.gap
	}
	text, more := p.panes(b, pick(p.Portrait(), float32(0.5), 0.56))
	p.sentences(text, s)
	switch {
	case len(s.Similar) == 0:
		p.readings(more, s)
	case len(s.Sentences) == 0:
		p.similar(more, s.Similar)
	case p.Portrait():
		similar := more.Bottom(more.H * 0.48)
		more.H -= similar.H + p.gap
		p.similar(similar, s.Similar)
		p.readings(more, s)
	default:
		// A lying panel has room for one of them, and a button to the other.
		foot := p.MM(16)
		p.Button(more.Bottom(foot), ui.ButtonSpec{Label: pick(s.Comparing, p.w.Readings, p.w.Similar), Icon: ui.More, Kind: ui.Bare, Steps: small, Tap: p.tap(Compare{})})
		more.H -= foot + p.gap*0.5
		if s.Comparing {
			p.similar(more, s.Similar)
		} else {
			p.readings(more, s)
		}
	}
}

// quoted shows somebody's words on a card, with a label above them.
func (p *page) quoted(b ui.Box, label, text string) {
	p.Card(b, p.Colours.Card)
	inner := ui.Box{X: b.X + p.MM(5), Y: b.Y + p.MM(1.5), W: b.W - p.MM(10), H: b.H - p.MM(3)}
	head := min(p.Look.Em(4.8)*1.6, inner.H*0.36)
	p.words(inner.Top(head), label, ui.Type{Ink: p.Colours.Accent}, 4.8, 4.2, 3.6)
	p.words(inner.Below(head), text, ui.Type{Ink: p.Colours.Ink}, plain...)
}

// answerActions are the buttons of the screen: back, listen, publish; after that, take back and done.
func (p *page) answerActions(b ui.Box, s Answering) {
	specs := []ui.ButtonSpec{{Label: p.w.Return, Icon: ui.Back, Tap: p.tap(Return{})}}
	try := ui.ButtonSpec{Label: p.w.Try, Icon: ui.Sound, Tap: p.tap(TrySound{})}
	if s.Playing {
		try = ui.ButtonSpec{Label: p.w.StopTry, Icon: ui.Stop, Tap: p.tap(StopSound{})}
	}
	ready := len(s.Sentences) > 0 && s.Problem == ""
	switch {
	case s.Published:
		specs = []ui.ButtonSpec{{Label: p.w.Undo, Icon: ui.Again, Tap: p.tap(Undo{})}, {Label: p.w.Done, Icon: ui.Check, Kind: ui.Primary, Tap: p.tap(Return{})}}
	case ready && s.Tried && !s.Playing:
		specs = append(specs, try, ui.ButtonSpec{Label: p.w.Publish, Icon: ui.Check, Kind: ui.Primary, Tap: p.tap(Publish{})})
	case ready:
		try.Kind = ui.Primary
		specs = append(specs, try)
	}
	for i := range specs {
		specs[i].Steps = plain
	}
	boxes := b.Columns(3, p.gap*0.7)
	for i, spec := range specs {
		p.Button(boxes[i+3-len(specs)], spec)
	}
	if len(specs) == 1 {
		return
	}
	if ready && !s.Tried && !s.Published {
		p.words(boxes[0], p.w.TryFirst, ui.Type{Ink: p.Colours.Quiet}, small...)
	}
}

// sentences are the answer's sentences, each with a button to change it, and the place for the next.
func (p *page) sentences(b ui.Box, s Answering) {
	head := p.Look.Em(ui.Body) * 1.6
	p.words(b.Top(head), p.w.Sentences, ui.Type{Ink: p.Colours.Accent}, plain...)
	b = b.Below(head + p.gap*0.2)
	add := p.MM(17)
	if len(s.Sentences) < MaxSentences {
		kind := pick(len(s.Sentences) == 0, ui.Primary, ui.Plain)
		p.Button(b.Bottom(add), ui.ButtonSpec{Label: p.w.AddSentence, Icon: ui.Pen, Kind: kind, Steps: plain, Tap: p.tap(EditSentence{len(s.Sentences)})})
		b.H -= add + p.gap*0.6
	}
	if len(s.Sentences) == 0 {
		p.Card(b, p.Colours.Card)
		p.words(b.Inset(p.MM(6)), p.w.NoSentence, ui.Type{Ink: p.Colours.Quiet, Align: ui.Centre, Balance: true}, plain...)
		return
	}
	gap := p.gap * 0.5
	n := min(len(s.Sentences), MaxSentences)
	high := min((b.H-gap*float32(n-1))/float32(n), p.MM(40))
	for i := range n {
		row := ui.Box{X: b.X, Y: b.Y + float32(i)*(high+gap), W: b.W, H: high}
		p.Card(row, p.Colours.Card)
		side := p.MM(16)
		inner := ui.Box{X: row.X + p.MM(4), Y: row.Y + p.MM(1), W: row.W - side - p.MM(8), H: row.H - p.MM(2)}
		p.words(inner, s.Sentences[i], ui.Type{Ink: p.Colours.Ink}, ui.Lead, ui.Body, ui.Small, 4.8, 4.2, 3.6)
		p.Button(ui.Box{X: row.X + row.W - side - p.MM(0.5), Y: row.Y + (row.H-min(side, row.H))/2, W: side, H: min(side, row.H)},
			ui.ButtonSpec{Icon: ui.Pen, Kind: ui.Bare, Steps: plain, Tap: p.tap(EditSentence{i})})
	}
}

// readings are the answer's words with their kana, each a button.
func (p *page) readings(b ui.Box, s Answering) {
	head := p.Look.Em(ui.Body) * 1.6
	p.words(b.Top(head), p.w.Readings, ui.Type{Ink: p.Colours.Accent}, plain...)
	b = b.Below(head + p.gap*0.2)
	if len(s.Words) == 0 {
		p.Card(b, p.Colours.Card)
		p.words(b.Inset(p.MM(4)), p.w.ReadingsNone, ui.Type{Ink: p.Colours.Quiet, Align: ui.Centre, Balance: true}, plain...)
		return
	}
	high, gap := p.MM(pick(p.Look.BigText, float32(20), 17)), p.MM(1.5)
	fill := func(b ui.Box, put func(i int, b ui.Box)) (next int) {
		x, y := b.X, b.Y
		for i := max(s.From, 0); i < len(s.Words); i++ {
			w := s.Words[i]
			longest := max(len([]rune(w.Text)), len([]rune(w.Reading)))
			width := min(max(p.Look.Em(ui.Small)*float32(longest)*1.06+p.MM(7), p.MM(18)), b.W)
			if x > b.X && x+width > b.X+b.W {
				x, y = b.X, y+high+gap
			}
			if y+high > b.Y+b.H {
				return i
			}
			if put != nil {
				put(i, ui.Box{X: x, Y: y, W: width, H: high})
			}
			x += width + gap
		}
		return len(s.Words)
	}
	put := func(i int, b ui.Box) {
		w := s.Words[i]
		p.Button(b, ui.ButtonSpec{Label: chop(w.Text, 14), Sub: chop(w.Reading, 14), Chosen: w.Fixed, Steps: []ui.Step{ui.Small, 4.6, 4, 3.4}, Tap: p.tap(FixReading{i})})
	}
	if s.From <= 0 && fill(b, nil) == len(s.Words) {
		fill(b, put)
		return
	}
	foot := p.MM(16)
	area := ui.Box{X: b.X, Y: b.Y, W: b.W, H: b.H - foot - gap}
	next := fill(area, put)
	half := b.Bottom(foot).Columns(2, gap)
	if s.From > 0 {
		p.Button(half[0], ui.ButtonSpec{Label: p.w.Earlier, Icon: ui.Back, Kind: ui.Bare, Steps: small, Tap: p.tap(ShowFrom{max(0, 2*s.From-max(next, s.From+1))})})
	}
	if next < len(s.Words) {
		p.Button(half[1], ui.ButtonSpec{Label: p.w.Later, Icon: ui.More, Kind: ui.Bare, Steps: small, Tap: p.tap(ShowFrom{max(next, s.From+1)})})
	}
}

// similar are approved entries that come near, as many as have room.
func (p *page) similar(b ui.Box, entries []Approved) {
	head := p.Look.Em(ui.Body) * 1.6
	p.words(b.Top(head), p.w.Similar, ui.Type{Ink: p.Colours.Accent}, plain...)
	b = b.Below(head + p.gap*0.2)
	gap := p.gap * 0.5
	n := max(1, min(len(entries), int((b.H+gap)/(p.MM(pick(p.Look.BigText, float32(32), 24))+gap))))
	for i, row := range b.Rows(n, gap) {
		e := entries[i]
		row.H = min(row.H, p.MM(40))
		p.Card(row, p.Colours.Card)
		width := min(p.MM(46), row.W*0.3)
		high := min(row.H-p.MM(2), p.MM(20))
		inner := ui.Box{X: row.X + p.MM(4), Y: row.Y + p.MM(1), W: row.W - width - p.MM(9), H: row.H - p.MM(2)}
		p.words(inner.Top(inner.H*0.42), e.Question, ui.Type{Ink: p.Colours.Quiet}, small...)
		p.words(inner.Below(inner.H*0.42), e.Answer, ui.Type{Ink: p.Colours.Ink}, ui.Body, ui.Small, 4.8, 4.2, 3.6)
		p.Button(ui.Box{X: row.X + row.W - width - p.MM(1), Y: row.Y + (row.H-high)/2, W: width, H: high},
			ui.ButtonSpec{Label: p.w.Use, Steps: small, Tap: p.tap(UseSimilar{e.ID})})
	}
}

func (p *page) published(b ui.Box, s Answering) {
	p.Rect(b, p.Colours.Wash, p.MM(4))
	inner := b.Inset(p.MM(8))
	r := min(p.MM(16), inner.H*0.14)
	p.Circle(inner.X+r, inner.Y+r, r, p.Colours.Accent, p.Colours.Accent, 0)
	p.Icon(ui.Check, ui.Box{X: inner.X + r*0.45, Y: inner.Y + r*0.45, W: r * 1.1, H: r * 1.1}, p.Colours.OnInk)
	head := inner.Top(2 * r).After(2*r + p.gap)
	p.words(head, p.w.Published, ui.Type{Ink: p.Colours.Ink}, headline...)
	inner = inner.Below(2*r + p.gap)
	h := p.Text(inner.Top(inner.H*0.3), p.w.PublishedSub, ui.Type{Ink: p.Colours.Quiet}, plain...)
	inner = inner.Below(h + p.gap)
	text := strings.Join(s.Sentences, "\n")
	p.Text(inner, p.clip(inner, text, 4.2), ui.Type{Ink: p.Colours.Ink}, ui.Title, ui.Lead, ui.Body, ui.Small, 4.2)
}
