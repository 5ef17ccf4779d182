package shopper

import (
	"fyne.io/fyne/v2"

	"tenin/ui"
)

func (p *page) attract(s Attract) {
	say, do := p.panes(0.46)
	top := say
	if s.Notice != "" {
		h := p.Height(say.W-p.MM(12), s.Notice, ui.Body) + p.MM(8)
		h = min(h, say.H*0.3)
		p.Rect(say.Top(h), p.Colours.Wash, p.MM(3))
		p.Text(say.Top(h).Inset(p.MM(4)), s.Notice, ui.Type{Ink: p.Colours.Ink}, ui.Body, ui.Small)
		top = say.Below(h + p.gap)
	} else if p.Portrait() {
		top = say.Below(say.H * 0.1)
	} else {
		top = say.Below(say.H * 0.08)
	}
	h := p.Text(top.Top(top.H*0.5), p.w.Welcome, ui.Type{Ink: p.Colours.Ink, Balance: true}, ui.Display, ui.Caption, ui.Title)
	top = top.Below(h + p.gap)
	h = p.Text(top, p.w.WelcomeSub, ui.Type{Ink: p.Colours.Quiet, Balance: true}, ui.Lead, ui.Body)
	top = top.Below(h + p.gap*1.6)
	if len(s.Examples) > 0 {
		p.quote(top, p.w.Example, s.Examples[((s.Slide%len(s.Examples))+len(s.Examples))%len(s.Examples)])
	}
	note := p.w.MicClosed
	if s.Preparing {
		note = p.w.Preparing
	}
	line := p.Height(do.W, note, ui.Body)
	p.Text(do.Bottom(line), note, ui.Type{Ink: p.Colours.Quiet, Align: ui.Centre}, ui.Body)
	do.H -= line + p.gap
	d := min(do.W*0.9, do.H*0.92, p.MM(126))
	x, y := do.X+do.W/2, do.Y+do.H/2
	if s.Preparing {
		p.Circle(x, y, d/2, p.Colours.Wash, p.Colours.Line, p.MM(0.5))
		p.dots(ui.Box{X: x - d/4, Y: y - d/12, W: d / 2, H: d / 6}, 1)
		return
	}
	p.Circle(x, y, d/2, p.Colours.Wash, p.Colours.Accent, outline(p))
	d *= 0.84
	p.Button(ui.Box{X: x - d/2, Y: y - d/2, W: d, H: d}, ui.ButtonSpec{Label: p.w.Touch, Icon: ui.Mic, Kind: ui.Primary, Round: true,
		Steps: []ui.Step{ui.Caption, ui.Title, ui.Lead, ui.Body}, Tap: p.tap(Start{})})
}

func (p *page) consent(s Consent) {
	say, do := p.panes(0.5)
	points := s.Points
	if len(points) == 0 {
		points = p.w.ConsentPoints
	}
	h := p.Text(say.Top(say.H*0.3), p.w.ConsentTitle, ui.Type{Ink: p.Colours.Ink, Balance: true}, ui.Caption, ui.Title)
	say = say.Below(h + p.gap*1.4)
	step := ui.Lead
	indent := p.MM(10)
	total := func(step ui.Step) (sum float32) {
		for _, t := range points {
			sum += p.Height(say.W-indent, t, step) + p.gap
		}
		return sum
	}
	for _, step = range []ui.Step{11, ui.Lead, 8, ui.Body, ui.Small} {
		if total(step) <= say.H {
			break
		}
	}
	for _, t := range points {
		h := p.Height(say.W-indent, t, step)
		p.Circle(say.X+p.MM(2.4), say.Y+p.Look.Em(step)*0.78, p.MM(1.5), p.Colours.Accent, nil, 0)
		p.Text(ui.Box{X: say.X + indent, Y: say.Y, W: say.W - indent, H: min(h, say.H)}, t, ui.Type{Ink: p.Colours.Ink, Balance: true}, step)
		say = say.Below(h + p.gap)
	}
	large := []ui.Step{ui.Title, ui.Lead, ui.Body}
	p.stack(do, p.MM(44),
		ui.ButtonSpec{Label: p.w.Speak, Sub: p.w.SpeakSub, Icon: ui.Mic, Kind: ui.Primary, Steps: large, Tap: p.tap(Consented{Speak})},
		ui.ButtonSpec{Label: p.w.Type, Sub: p.w.TypeSub, Icon: ui.Pen, Steps: large, Tap: p.tap(Consented{Type})},
		ui.ButtonSpec{Label: p.w.NoRecord, Sub: p.w.NoRecordSub, Icon: ui.NoRecord, Steps: large, Tap: p.tap(Consented{Unrecorded})})
}

func (p *page) listening(s Listening) {
	say, do := p.panes(0.68)
	title, sub := p.w.Listening, p.w.ListeningSub
	if s.Message {
		sub = p.w.ListeningMessage
	}
	say = p.lowered(say)
	r := min(p.MM(20), say.H*0.12)
	icon := ui.Mic
	if s.Hint != None {
		icon = ui.MicOff
		title, sub = p.w.Reasons[s.Hint][0], p.w.Reasons[s.Hint][1]
	}
	p.emblem(say.X+r, say.Y+r, r, icon, s.Hint == None)
	p.meter(ui.Box{X: say.X + 2*r + p.gap, Y: say.Y + r*0.3, W: min(say.W-2*r-p.gap, p.MM(150)), H: 1.4 * r}, s.Level)
	rest := say.Below(2*r + p.gap*1.2)
	if s.Words == "" {
		p.words(rest, title, sub)
	} else {
		h := p.Text(rest.Top(rest.H*0.3), title, ui.Type{Ink: p.Colours.Accent, Balance: true}, ui.Lead)
		p.partial(rest.Below(h+p.gap*0.6), s)
	}
	kept := p.w.NotKept
	if s.Kept {
		kept = p.w.Kept
	}
	line := p.Height(do.W, kept, ui.Body)
	low := do.Bottom(min(do.H, p.MM(30)*2+p.gap*2+line))
	if !p.Portrait() {
		low.Y = do.Y + (do.H-low.H)/2
	}
	p.Circle(low.X+p.MM(2.4), low.Y+line/2, p.MM(1.8), either(s.Kept, p.Colours.Paper, p.Colours.Accent), p.Colours.Accent, p.MM(0.6))
	p.Text(low.Top(line).After(p.MM(8)), kept, ui.Type{Ink: p.Colours.Quiet}, ui.Body)
	p.stack(low.Below(line+p.gap), p.MM(30),
		ui.ButtonSpec{Label: p.w.Done, Icon: ui.Check, Kind: ui.Primary, Steps: []ui.Step{ui.Lead, ui.Body}, Tap: p.tap(DoneSpeaking{})},
		ui.ButtonSpec{Label: p.w.Cancel, Icon: ui.Cross, Steps: []ui.Step{ui.Lead, ui.Body}, Tap: p.tap(Cancel{})})
}

// partial shows what was heard so far, large, the end of it always in sight; a mark stands where words still change.
func (p *page) partial(b ui.Box, s Listening) {
	runes := []rune(s.Words)
	for len(runes) > 1 && p.Height(b.W, "…"+string(runes), ui.Title) > b.H {
		runes = runes[1:]
	}
	text := string(runes)
	if len(runes) < len([]rune(s.Words)) {
		text = "…" + text
	}
	ink := p.Colours.Ink
	if s.Firm == 0 {
		ink = p.Colours.Quiet
	}
	h := p.Text(b, text, ui.Type{Ink: ink}, ui.Caption, ui.Title)
	if s.Firm < len([]rune(s.Words)) {
		p.Rect(ui.Box{X: b.X, Y: b.Y + h + p.MM(2), W: p.MM(24), H: p.MM(1.4)}, p.Colours.Accent, p.MM(0.7))
	}
}

func (p *page) thinking(s Thinking) {
	say, do := p.panes(0.7)
	say = p.lowered(say)
	p.dots(ui.Box{X: say.X, Y: say.Y, W: p.MM(54), H: p.MM(20)}, s.Beat)
	end := p.words(say.Below(p.MM(20)+p.gap).Top(say.H*0.45), p.w.Thinking, p.w.ThinkingSub)
	p.quote(say.Below(end-say.Y+p.gap*1.4), p.w.Question, s.Words)
	p.stack(do, p.MM(28), ui.ButtonSpec{Label: p.w.Cancel, Icon: ui.Cross, Steps: []ui.Step{ui.Lead, ui.Body}, Tap: p.tap(Cancel{})})
}

// dots are three discs, one of them full; with reduced motion it is always the middle one.
func (p *page) dots(b ui.Box, beat int) {
	if p.Look.ReducedMotion {
		beat = 1
	}
	r := min(b.H/2, b.W/8)
	for i := range 3 {
		fill := p.Colours.Wash
		if i == ((beat%3)+3)%3 {
			fill = p.Colours.Accent
		}
		p.Circle(b.X+r+float32(i)*(b.W-2*r)/2, b.Y+b.H/2, r, fill, p.Colours.Accent, p.MM(0.5))
	}
}

func (p *page) answer(s Answer) {
	say, do := p.panes(0.56)
	if s.Speaking {
		// Wherever the answer is touched, the voice stops. Buttons lie above.
		p.Patch(say, p.tap(Interrupt{}))
	}
	title, icon := p.w.Answered, ui.Check
	if s.Speaking {
		title, icon = p.w.Speaking, either(p.Look.Silent, ui.Sound, ui.SoundOff)
	}
	r := p.MM(9)
	p.emblem(say.X+r, say.Y+r, r, icon, s.Speaking)
	line := ui.Box{X: say.X + 2*r + p.gap*0.8, Y: say.Y, W: say.W - 2*r - p.gap*0.8, H: 2 * r}
	head := title
	if s.Speaking && p.Look.Silent {
		head = p.w.SilentNote
	}
	p.Text(middle(p, line, head, ui.Lead, ui.Body, ui.Small), head, ui.Type{Ink: p.Colours.Accent}, ui.Lead, ui.Body, ui.Small)
	say = say.Below(2*r + p.gap*0.8)
	if s.Question != "" {
		h := min(p.Height(say.W, s.Question, ui.Body), p.Look.Em(ui.Body)*3.2)
		p.Text(say.Top(h), s.Question, ui.Type{Ink: p.Colours.Quiet}, ui.Body, ui.Small)
		say = say.Below(h + p.gap*0.8)
	}
	sentences := Sentences(s.Text)
	current, from := -1, s.From
	if s.Speaking {
		current = sentenceAt(s.Text, sentences, s.Heard)
	}
	p.scrolled(say, sentences, from, current, ui.Caption, ui.Title, 10.5, ui.Lead)

	high, second := p.MM(25), p.MM(20)
	var actions []ui.ButtonSpec
	if s.Speaking {
		actions = append(actions, ui.ButtonSpec{Label: p.w.Stop, Icon: ui.Stop, Tap: p.tap(Interrupt{}), Kind: ui.Primary})
	} else {
		actions = append(actions, ui.ButtonSpec{Label: p.w.SpeakAgain, Icon: ui.Mic, Tap: p.tap(SpeakAgain{}), Kind: ui.Primary})
	}
	actions[0].Steps = []ui.Step{ui.Lead, ui.Body, ui.Small}
	p.Button(do.Bottom(high), actions[0])
	do.H -= high + p.gap
	if s.AskHelped || s.Thanked {
		p.helped(do.Bottom(second), s.Thanked)
		do.H -= second + p.gap
	}
	var more []ui.ButtonSpec
	if s.HasMap {
		more = append(more, ui.ButtonSpec{Label: p.w.Place, Icon: ui.Pin, Tap: p.tap(ShowPlace{})})
	}
	if s.HasDetail {
		more = append(more, ui.ButtonSpec{Label: p.w.Detail, Icon: ui.More, Tap: p.tap(ShowDetail{})})
	}
	if len(more) > 0 {
		p.row(do.Top(second), more...)
		do = do.Below(second + p.gap)
	}
	if s.Place != "" {
		h := p.Height(do.W-p.MM(12), s.Place, ui.Body)
		if h <= do.H {
			p.Icon(ui.Pin, ui.Box{X: do.X, Y: do.Y, W: p.MM(9), H: min(h, p.MM(11))}, p.Colours.Accent)
			p.Text(do.Top(h).After(p.MM(12)), s.Place, ui.Type{Ink: p.Colours.Ink}, ui.Body)
			do = do.Below(h + p.gap)
		}
	}
	p.related(do, s.Related)
}

// scrolled shows sentences with a button for those that do not fit.
func (p *page) scrolled(b ui.Box, sentences []string, from, current int, steps ...ui.Step) {
	if from < 0 || from >= len(sentences) {
		from = 0
	}
	if current > from && from == 0 {
		// Follow the voice: if the sentence that is spoken has no room, the text begins with it.
		if !p.roomFor(b, sentences, current, steps[len(steps)-1]) {
			from = current
		}
	}
	if p.roomFor(b, sentences[from:], len(sentences)-from-1, steps[len(steps)-1]) {
		p.captions(b, sentences, from, current, steps...)
		return
	}
	high := p.MM(17)
	text := ui.Box{X: b.X, Y: b.Y, W: b.W, H: b.H - high - p.gap}
	_, next := p.captions(text, sentences, from, current, steps...)
	p.Button(ui.Box{X: b.X, Y: b.Y + b.H - high, W: min(b.W, p.MM(90)), H: high},
		ui.ButtonSpec{Label: p.w.More, Icon: ui.More, Tap: p.tap(ShowFrom{next})})
}

func (p *page) roomFor(b ui.Box, sentences []string, last int, step ui.Step) bool {
	pad, y := p.MM(4), float32(0)
	for _, s := range sentences[:last+1] {
		y += p.Height(b.W-2*pad, s, step) + pad
	}
	return y <= b.H+1
}

func (p *page) helped(b ui.Box, thanked bool) {
	if thanked {
		p.Text(middle(p, b, p.w.Thanks, ui.Lead), p.w.Thanks, ui.Type{Ink: p.Colours.Accent}, ui.Lead, ui.Body)
		return
	}
	buttons := ui.Box{X: b.X + b.W*0.46, Y: b.Y, W: b.W * 0.54, H: b.H}
	text := b.Left(b.W*0.46 - p.gap)
	p.Text(middle(p, text, p.w.Helped, ui.Body, ui.Small), p.w.Helped, ui.Type{Ink: p.Colours.Ink, Balance: true}, ui.Body, ui.Small)
	p.row(buttons, ui.ButtonSpec{Label: p.w.Yes, Tap: p.tap(Helped{true})}, ui.ButtonSpec{Label: p.w.No, Tap: p.tap(Helped{false})})
}

// related shows as many of the questions as have room.
func (p *page) related(b ui.Box, questions []string) {
	label := p.Height(b.W, p.w.Related, ui.Small) + p.MM(1)
	high := p.MM(19)
	n := min(len(questions), int((b.H-label+p.gap*0.7)/(high+p.gap*0.7)))
	if n <= 0 {
		return
	}
	p.Text(b.Top(label), p.w.Related, ui.Type{Ink: p.Colours.Quiet}, ui.Small)
	b = b.Below(label)
	for i, r := range b.Top(float32(n)*(high+p.gap*0.7)-p.gap*0.7).Rows(n, p.gap*0.7) {
		q := questions[i]
		p.Button(r, ui.ButtonSpec{Label: q, Steps: []ui.Step{ui.Body, ui.Small, 4.8}, Tap: p.tap(Ask{q})})
	}
}

func (p *page) detail(s Detail) {
	say, do := p.panes(0.8)
	h := p.Text(say.Top(say.H*0.25), s.Title, ui.Type{Ink: p.Colours.Ink, Balance: true}, ui.Title, ui.Lead, ui.Body)
	p.scrolled(say.Below(h+p.gap), Sentences(s.Text), s.From, -1, 11, ui.Lead, 8, ui.Body)
	p.stack(do, p.MM(28),
		ui.ButtonSpec{Label: p.w.Back, Icon: ui.Back, Kind: ui.Primary, Steps: []ui.Step{ui.Lead, ui.Body, ui.Small}, Tap: p.tap(Return{})})
}

func (p *page) clarify(s Clarify) {
	say, do := p.panes(0.4)
	h := p.Text(say.Top(say.H*0.5), p.w.ClarifyTitle, ui.Type{Ink: p.Colours.Ink, Balance: true}, ui.Caption, ui.Title, ui.Lead)
	p.quote(say.Below(h+p.gap), "", s.Heard)
	specs := make([]ui.ButtonSpec, 0, 4)
	for _, c := range s.Choices[:min(3, len(s.Choices))] {
		specs = append(specs, ui.ButtonSpec{Label: c, Steps: []ui.Step{ui.Lead, ui.Body, ui.Small}, Tap: p.tap(Ask{c})})
	}
	specs = append(specs, ui.ButtonSpec{Label: p.w.SpeakAgain, Icon: ui.Mic, Kind: ui.Primary, Steps: []ui.Step{ui.Lead, ui.Body, ui.Small}, Tap: p.tap(SpeakAgain{})})
	if len(s.Choices) > 0 {
		specs[len(specs)-1].Label = p.w.NoneOfThese
		specs[len(specs)-1].Icon = ui.Again
	}
	p.stack(do, p.MM(30), specs...)
}

func (p *page) staff(s Staff) {
	say, do := p.panes(0.6)
	title, text := p.w.StaffTitle, p.w.StaffSub
	switch {
	case s.Coming:
		title = p.w.StaffComing
	case s.Late:
		text = p.w.StaffLate + "\n" + p.w.StaffSub
	}
	end := p.says(say.Top(say.H*0.8), ui.Bell, title, text, true)
	low := say.Below(end - say.Y + p.gap*1.4)
	if s.Topic != "" {
		p.quote(low, waited(p.view.Language, s.Waited), s.Topic)
	} else {
		p.Text(low, waited(p.view.Language, s.Waited), ui.Type{Ink: p.Colours.Accent}, ui.Lead, ui.Body)
	}
	p.stack(do, p.MM(30),
		ui.ButtonSpec{Label: p.w.StaffKeepAsking, Icon: ui.Mic, Kind: ui.Primary, Steps: []ui.Step{ui.Lead, ui.Body}, Tap: p.tap(SpeakAgain{})},
		ui.ButtonSpec{Label: p.w.LeaveMessage, Icon: ui.Pen, Steps: []ui.Step{ui.Lead, ui.Body}, Tap: p.tap(LeaveMessage{})})
}

func (p *page) message(s Message) {
	say, do := p.panes(0.6)
	large := []ui.Step{ui.Lead, ui.Body, ui.Small}
	if s.Sent {
		p.says(say, ui.Check, p.w.MessageSent, p.w.MessageSentSub, true)
		p.stack(do, p.MM(30), ui.ButtonSpec{Label: p.w.SpeakAgain, Icon: ui.Mic, Kind: ui.Primary, Steps: large, Tap: p.tap(SpeakAgain{})})
		return
	}
	end := p.words(say.Top(say.H*0.5), p.w.MessageTitle, p.w.MessageSub)
	p.quote(say.Below(end-say.Y+p.gap*1.2), "", s.Text)
	p.stack(do, p.MM(30),
		ui.ButtonSpec{Label: p.w.MessageSend, Icon: ui.Check, Kind: ui.Primary, Steps: large, Tap: p.tap(SendMessage{})},
		ui.ButtonSpec{Label: p.w.MessageAgain, Icon: ui.Again, Steps: large, Tap: p.tap(LeaveMessage{})},
		ui.ButtonSpec{Label: p.w.MessageDrop, Icon: ui.Cross, Steps: large, Tap: p.tap(DiscardMessage{})})
}

func (p *page) typing(s Typing) {
	title := p.w.TypingTitle
	if s.Message {
		title = p.w.TypingMessage
	}
	p.typingBoard(title, s)
}

func (p *page) trouble(s Trouble) {
	say, do := p.panes(0.55)
	reason := p.w.Reasons[s.Reason]
	icon := ui.MicOff
	switch s.Reason {
	case NotUnderstood:
		icon = ui.Again
	case EngineLost, Unavailable:
		icon = ui.Cross
	}
	p.caution(say, icon, reason[0], reason[1])
	large := []ui.Step{ui.Lead, ui.Body, ui.Small}
	again := ui.ButtonSpec{Label: p.w.Retry, Icon: ui.Mic, Kind: ui.Primary, Steps: large, Tap: p.tap(Retry{})}
	write := ui.ButtonSpec{Label: p.w.Type, Icon: ui.Pen, Steps: large, Tap: p.tap(TypeInstead{})}
	call := ui.ButtonSpec{Label: p.w.CallStaff, Icon: ui.Bell, Steps: large, Tap: p.tap(CallStaff{p.view.Language})}
	switch s.Reason {
	case NoMicrophone, Muted:
		write.Kind = ui.Primary
		p.stack(do, p.MM(30), write, call)
	case Unavailable:
		call.Kind = ui.Primary
		p.stack(do, p.MM(30), call)
	default:
		p.stack(do, p.MM(30), again, write, call)
	}
}

// caution draws a card as high as what it says. The card is painted first, so its height is measured before.
func (p *page) caution(b ui.Box, icon ui.Icon, title, text string) {
	pad := p.MM(9)
	r := min(p.MM(20), b.H*0.12)
	inner := ui.Box{X: b.X + pad, Y: b.Y + 2*pad + 2*r, W: b.W - 2*pad, H: b.H - 3*pad - 2*r}
	probe := &page{Sheet: ui.NewSheet(p.Look, fyne.NewSize(p.Area.W, p.Area.H)), view: p.view, w: p.w, gap: p.gap}
	end := probe.words(inner, title, text)
	p.Rect(b.Top(end-b.Y+pad), p.Colours.Warm, p.MM(4))
	p.emblem(b.X+pad+r, b.Y+pad+r, r, icon, true)
	p.words(inner, title, text)
}

func (p *page) resetting() {
	say, _ := p.panes(0.7)
	say = say.Below(say.H * 0.2)
	p.dots(ui.Box{X: say.X, Y: say.Y, W: p.MM(54), H: p.MM(20)}, 1)
	p.words(say.Below(p.MM(20)+p.gap), p.w.Resetting, p.w.ResettingSub)
}

func (p *page) closed(s Closed) {
	say, _ := p.panes(0.7)
	text := s.Notice
	if text == "" {
		text = p.w.ClosedSub
	}
	p.says(say.Below(say.H*0.15), ui.Home, p.w.Closed, text, false)
}
