package staff

import "tenin/ui"

func (p *page) conversations(s Conversations) {
	b := p.body
	high := p.MM(18)
	label := s.Topic
	if label == "" {
		label = p.w.AllTopics
	}
	if s.Choosing {
		b = p.title(b, p.w.TopicLabel)
		topics := append([]string{""}, s.Topics...)
		p.list(b, p.columns(), len(topics), s.From, p.MM(20), func(i int, b ui.Box) {
			name := topics[i]
			p.Button(b, ui.ButtonSpec{Label: chop(pick(name == "", p.w.AllTopics, name), 40), Chosen: name == s.Topic, Steps: line, Tap: p.tap(NarrowTo{name})})
		})
		return
	}
	top := b.Top(high)
	width := min(p.MM(110), top.W*0.46)
	p.Button(ui.Box{X: top.X + top.W - width, Y: top.Y, W: width, H: top.H}, ui.ButtonSpec{Label: chop(label, 20), Icon: ui.More, Steps: plain, Tap: p.tap(ChooseTopic{})})
	p.words(top.Left(top.W-width-p.gap), p.w.ConversationsTitle, ui.Type{Ink: p.Colours.Ink}, line...)
	b = b.Below(high + p.gap)
	if len(s.List) == 0 {
		p.calm(b, ui.Talk, p.w.ConversationsNone, "")
		return
	}
	p.list(b, p.columns(), len(s.List), s.From, p.MM(pick(p.Look.BigText, float32(29), 25)), func(i int, b ui.Box) {
		c := s.List[i]
		p.Button(b, ui.ButtonSpec{Label: chop(joined("　", c.When, c.Topic), 40), Sub: length(p.view.Language, c),
			Steps: []ui.Step{ui.Body, ui.Small, 4.8, 4.2}, Tap: p.tap(OpenConversation{c.ID})})
	})
}

func (p *page) reason(s Reason) {
	b := p.body
	actions := p.MM(24)
	foot := b.Bottom(actions)
	b.H -= actions + p.gap
	ready := s.Why != NoReason && (s.Why != Other || s.Words != "")
	p.twoActions(foot, ready, ui.ButtonSpec{Label: p.w.Read, Icon: ui.Talk, Tap: p.tap(ReadConversation{})}, p.w.ReasonNone)
	say, do := p.panes(b, pick(p.Portrait(), float32(0.3), 0.42))
	h := p.Text(say.Top(say.H*0.5), p.w.ReasonTitle, ui.Type{Ink: p.Colours.Ink, Balance: true}, headline...)
	say = say.Below(h + p.gap*0.6)
	c := s.Conversation
	text := joined("　", c.When, c.Topic) + "\n" + length(p.view.Language, c) + "\n" + p.w.ReasonSub
	p.Text(say, p.clip(say, text, 4.2), ui.Type{Ink: p.Colours.Quiet}, ui.Body, ui.Small, 4.8, 4.2)
	rows := do.Rows(len(Whys())+1, p.gap*0.6)
	for i, w := range Whys() {
		r := rows[i]
		r.H = min(r.H, p.MM(24))
		p.Button(r, ui.ButtonSpec{Label: p.w.Whys[w], Chosen: w == s.Why, Steps: line, Tap: p.tap(ChooseWhy{w})})
	}
	last := rows[len(rows)-1]
	last.H = min(last.H, p.MM(26))
	width := min(p.MM(62), last.W*0.42)
	p.Card(last.Left(last.W-width-p.gap*0.6), p.Colours.Card)
	inner := last.Left(last.W - width - p.gap*0.6).Inset(p.MM(2))
	p.words(inner, pick(s.Words == "", "—", s.Words), ui.Type{Ink: p.Colours.Ink}, plain...)
	p.Button(ui.Box{X: last.X + last.W - width, Y: last.Y, W: width, H: last.H}, ui.ButtonSpec{Label: p.w.ReasonWrite, Icon: ui.Pen, Steps: small, Tap: p.tap(WriteReason{})})
}

// twoActions is the way back, and the way on when it is open; otherwise what is missing for it.
func (p *page) twoActions(b ui.Box, ready bool, on ui.ButtonSpec, missing string) {
	boxes := b.Columns(3, p.gap*0.7)
	p.Button(boxes[0], ui.ButtonSpec{Label: p.w.Return, Icon: ui.Back, Steps: plain, Tap: p.tap(Return{})})
	wide := boxes[1]
	wide.W = boxes[2].X + boxes[2].W - wide.X
	if !ready {
		p.words(wide, missing, ui.Type{Ink: p.Colours.Quiet, Align: ui.Centre}, plain...)
		return
	}
	on.Kind, on.Steps = ui.Primary, line
	p.Button(wide, on)
}

func (p *page) transcript(s Transcript) {
	b := p.body
	actions := p.MM(20)
	foot := b.Bottom(actions)
	width := min(p.MM(70), foot.W*0.3)
	p.Button(foot.Left(width), ui.ButtonSpec{Label: p.w.Return, Icon: ui.Back, Steps: plain, Tap: p.tap(Return{})})
	b.H -= actions + p.gap
	head := p.Look.Em(ui.Body) * 1.7
	c := s.Conversation
	p.words(b.Top(head), joined("　", c.When, c.Topic), ui.Type{Ink: p.Colours.Ink}, line...)
	b = b.Below(head)
	why := p.w.Whys[s.Why]
	if s.Why == Other {
		why = ""
	}
	second := p.Look.Em(ui.Small) * 1.7
	p.words(b.Top(second), p.w.ReasonLabel+": "+joined("　", why, s.Words), ui.Type{Ink: p.Colours.Quiet}, small...)
	b = b.Below(second + p.gap*0.6)

	gap := p.gap * 0.7
	y, i := b.Y, min(max(s.From, 0), max(len(s.Turns)-1, 0))
	first := i
	for ; i < len(s.Turns); i++ {
		high := min(p.turnHeight(b.W, s.Turns[i]), b.H)
		if y+high > b.Y+b.H+1 {
			break
		}
		p.turn(ui.Box{X: b.X, Y: y, W: b.W, H: high}, i, s)
		y += high + gap
	}
	pages := foot.After(width + p.gap)
	if first > 0 || i < len(s.Turns) {
		p.pager(pages, len(s.Turns), first, i, max(1, i-first))
	}
}

// turnMargins are what a turn's card keeps free around the text: at the left and right, above and below.
func (p *page) turnMargins(t Turn) (left, right, rim float32) {
	left, right, rim = p.MM(5), p.MM(5), p.MM(3)
	if t.Seconds > 0 {
		right = p.MM(56)
	}
	return left, right, rim
}

func (p *page) turnHeight(width float32, t Turn) float32 {
	left, right, rim := p.turnMargins(t)
	w := width - left - right
	h := p.Height(w, t.Question, ui.Body) + p.Height(w, p.answerOf(t), ui.Body) + 2*rim + p.gap*0.4 + 4
	return max(h, p.MM(25))
}

func (p *page) answerOf(t Turn) string {
	if t.Handed && t.Answer == "" {
		return p.w.Handed
	}
	return t.Answer
}

func (p *page) turn(b ui.Box, i int, s Transcript) {
	t := s.Turns[i]
	p.Card(b, p.Colours.Card)
	left, right, rim := p.turnMargins(t)
	inner := ui.Box{X: b.X + left, Y: b.Y + rim, W: b.W - left - right, H: b.H - 2*rim}
	asked := min(p.Height(inner.W, t.Question, ui.Body)+1, inner.H*0.75)
	p.words(inner.Top(asked+1), t.Question, ui.Type{Ink: p.Colours.Accent}, plain...)
	p.words(inner.Below(asked+p.gap*0.4), p.answerOf(t), ui.Type{Ink: p.Colours.Ink}, plain...)
	if t.Seconds <= 0 {
		return
	}
	high := min(b.H-p.MM(4), p.MM(26))
	button := ui.Box{X: b.X + b.W - p.MM(52), Y: b.Y + (b.H-high)/2, W: p.MM(49), H: high}
	if s.Playing == i+1 {
		p.Button(button, ui.ButtonSpec{Label: p.w.Stop, Icon: ui.Stop, Kind: ui.Primary, Steps: plain, Tap: p.tap(StopSound{})})
		return
	}
	p.Button(button, ui.ButtonSpec{Label: playFor(p.view.Language, t.Seconds), Icon: ui.Play, Steps: small, Tap: p.tap(PlayTurn{i + 1})})
}
