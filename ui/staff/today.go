package staff

import (
	"fmt"
	"strconv"

	"tenin/ui"
)

func (p *page) today(s Today) {
	b := p.title(p.body, joined("　", p.w.Tabs[TodayTab], s.Day))
	if p.Portrait() {
		tiles := p.MM(34)
		p.tiles(b.Top(tiles), s)
		b = b.Below(tiles + p.gap)
		hours := b.H * 0.3
		p.hours(b.Bottom(hours), s.Hours)
		b.H -= hours + p.gap
		p.topics(b, s)
		return
	}
	left := b.Left((b.W - 2*p.gap) * 0.44)
	tiles := p.MM(pick(p.Look.BigText, float32(66), 62))
	p.tiles(left.Top(tiles), s)
	p.hours(left.Below(tiles+p.gap), s.Hours)
	p.topics(b.After(left.W+2*p.gap), s)
}

// tiles shows the day's four numbers.
func (p *page) tiles(b ui.Box, s Today) {
	var boxes []ui.Box
	if p.Portrait() {
		boxes = b.Columns(4, p.gap*0.7)
	} else {
		for _, r := range b.Rows(2, p.gap*0.7) {
			boxes = append(boxes, r.Columns(2, p.gap*0.7)...)
		}
	}
	for i, t := range [][2]string{
		{p.w.Questions, strconv.Itoa(s.Questions)}, {p.w.Answered, strconv.Itoa(s.Answered)}, {p.w.HandedOff, strconv.Itoa(s.HandedOff)},
		{p.w.Helped, fmt.Sprintf(p.w.YesNo, s.Yes, s.No)},
	} {
		c := boxes[i]
		p.Card(c, p.Colours.Card)
		inner := c.Inset(p.MM(2))
		label := min(p.Look.Em(ui.Small)*1.6*1.2, inner.H*0.42)
		p.words(inner.Top(label), t[0], ui.Type{Ink: p.Colours.Quiet, Align: ui.Centre}, small...)
		p.words(inner.Below(label), t[1], ui.Type{Ink: p.Colours.Ink, Align: ui.Centre, Balance: true}, ui.Title, ui.Lead, ui.Body, ui.Small, 4.8, 4.2)
	}
}

// topics is a bar chart: a bar's whole length is how often a topic was asked about, its lighter end what went to a person. The
// numbers stand beside it in words.
func (p *page) topics(b ui.Box, s Today) {
	head := p.Look.Em(ui.Body) * 1.6
	p.words(b.Top(head), p.w.ByTopic, ui.Type{Ink: p.Colours.Accent}, plain...)
	b = b.Below(head + p.gap*0.3)
	if len(s.Topics) == 0 {
		p.Card(b, p.Colours.Card)
		p.words(b.Inset(p.MM(6)), p.w.NothingYet, ui.Type{Ink: p.Colours.Quiet, Align: ui.Centre, Balance: true}, plain...)
		return
	}
	most := 1
	for _, t := range s.Topics {
		most = max(most, t.Questions)
	}
	least := p.Look.Em(ui.Body) * 1.9
	high := least
	if n := float32(len(s.Topics)); s.From <= 0 {
		high = min(max((b.H-p.gap*0.7*(n-1))/n, least), 1.7*least)
	}
	p.list(b, 1, len(s.Topics), s.From, high, func(i int, b ui.Box) {
		t := s.Topics[i]
		name := b.Left(b.W * 0.34)
		count := ui.Box{X: b.X + b.W*0.72, Y: b.Y, W: b.W * 0.28, H: b.H}
		bars := ui.Box{X: name.X + name.W + p.MM(3), Y: b.Y + b.H*0.18, W: b.W*0.38 - p.MM(6), H: b.H * 0.64}
		p.words(name, t.Name, ui.Type{Ink: p.Colours.Ink}, ui.Body, ui.Small, 4.8, 4.2)
		whole := bars.W * float32(max(t.Questions, 0)) / float32(most)
		handed := whole * float32(min(max(t.HandedOff, 0), t.Questions)) / float32(max(t.Questions, 1))
		p.Rect(bars.Left(max(whole-handed, 0)), p.Colours.Accent, 0)
		if handed > 0 {
			p.Card(bars.Left(whole).After(whole-handed), p.Colours.Wash)
		}
		text := strconv.Itoa(t.Questions)
		if t.HandedOff > 0 {
			text = fmt.Sprintf(p.w.OfThem, t.Questions, t.HandedOff)
		}
		p.words(count, text, ui.Type{Ink: p.Colours.Quiet}, small...)
	})
}

// hours is a column for each hour from the first to the last with a question, and at least from 10 to 20.
func (p *page) hours(b ui.Box, hours [24]int) {
	head := p.Look.Em(ui.Body) * 1.6
	p.words(b.Top(head), p.w.ByHour, ui.Type{Ink: p.Colours.Accent}, plain...)
	b = b.Below(head + p.gap*0.3)
	first, last, most := 10, 20, 1
	for h, n := range hours {
		if n > 0 {
			first, last, most = min(first, h), max(last, h), max(most, n)
		}
	}
	p.Card(b, p.Colours.Card)
	inner := b.Inset(p.MM(3))
	label := p.Look.Em(4.2) * 1.6
	number := p.Look.Em(4.2) * 1.6
	for i, c := range inner.Columns(last-first+1, p.MM(1)) {
		hour := first + i
		area := ui.Box{X: c.X, Y: c.Y + number, W: c.W, H: c.H - label - number}
		h := area.H * float32(max(hours[hour], 0)) / float32(most)
		if hours[hour] > 0 {
			p.Rect(area.Bottom(h), p.Colours.Accent, p.MM(0.8))
			p.words(ui.Box{X: c.X, Y: area.Y + area.H - h - number, W: c.W, H: number}, strconv.Itoa(hours[hour]), ui.Type{Ink: p.Colours.Quiet, Align: ui.Centre}, 4.2, 3.6, 3)
		}
		p.words(c.Bottom(label), strconv.Itoa(hour), ui.Type{Ink: p.Colours.Ink, Align: ui.Centre}, 4.2, 3.6, 3)
	}
}
