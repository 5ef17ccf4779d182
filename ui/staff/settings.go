package staff

import (
	"slices"

	"fyne.io/fyne/v2"

	"tenin/ui"
	"tenin/ui/shopper"
)

func (p *page) settings(s Settings) {
	list, open := p.panes(p.body, pick(p.Portrait(), float32(0.34), 0.34))
	for i, r := range list.Rows(len(AllSettings()), p.gap*0.6) {
		t := AllSettings()[i]
		r.H = min(r.H, p.MM(30))
		on := isOn(t, s)
		p.Button(r, ui.ButtonSpec{Label: p.w.Settings[t], Sub: pick(on, p.w.On, p.w.Off), Icon: pick(on, ui.Check, ui.More), Chosen: t == s.Shown, Steps: []ui.Step{ui.Body, ui.Small, 4.8, 4.2}, Tap: p.tap(ShowSetting{t})})
	}
	p.Card(open, p.Colours.Card)
	p.setting(open.Inset(p.MM(5)), s)
}

// isOn says how a switch stands.
func isOn(t Setting, s Settings) bool {
	switch t {
	case Pause:
		return s.Paused
	case Mute:
		return s.Muted
	case CloseToday:
		return s.Closed
	case Notice:
		return s.Notice != ""
	}
	return slices.ContainsFunc(s.Topics, func(topic TopicSwitch) bool { return topic.Off })
}

// setting is the switch that is open: what it does, the button, and what a shopper sees.
func (p *page) setting(b ui.Box, s Settings) {
	about := p.w.SettingsAbout[s.Shown]
	h := p.Text(b.Top(b.H*0.25), about, ui.Type{Ink: p.Colours.Ink, Balance: true}, ui.Body, ui.Small, 4.8)
	b = b.Below(h + p.gap)
	var preview, rest ui.Box
	if p.Portrait() {
		w := b.W * 0.46
		preview, rest = ui.Box{X: b.X + b.W - w, Y: b.Y, W: w, H: b.H}, b.Left(b.W-w-p.gap)
	} else {
		w := min(b.W*0.5, b.H*0.62)
		preview, rest = ui.Box{X: b.X + b.W - w, Y: b.Y, W: w, H: b.H}, b.Left(b.W-w-p.gap)
	}
	p.preview(preview, s)
	high := p.MM(24)
	switch s.Shown {
	case Pause, Mute, CloseToday:
		on := isOn(s.Shown, s)
		label, icon := p.w.Start[s.Shown], map[Setting]ui.Icon{Pause: ui.Stop, Mute: ui.SoundOff, CloseToday: ui.Home}[s.Shown]
		if on {
			label, icon = p.w.End[s.Shown], ui.Play
		}
		p.Button(rest.Top(min(p.MM(32), rest.H)), ui.ButtonSpec{Label: label, Icon: icon, Kind: ui.Primary, Steps: plain, Tap: p.tap(Switch{s.Shown, !on})})
	case Notice:
		p.Button(rest.Bottom(high), ui.ButtonSpec{Label: p.w.NoticeWrite, Icon: ui.Pen, Kind: ui.Primary, Steps: plain, Tap: p.tap(WriteNotice{})})
		rest.H -= high + p.gap
		if s.Notice != "" {
			p.Button(rest.Bottom(high), ui.ButtonSpec{Label: p.w.NoticeRemove, Icon: ui.Cross, Steps: plain, Tap: p.tap(RemoveNotice{})})
			rest.H -= high + p.gap
		}
		p.words(rest, pick(s.Notice == "", p.w.NoticeNone, s.Notice), ui.Type{Ink: pick(s.Notice == "", p.Colours.Quiet, p.Colours.Ink)}, line...)
	case TopicOff:
		if len(s.Topics) == 0 {
			p.words(rest, p.w.TopicsNone, ui.Type{Ink: p.Colours.Quiet}, plain...)
			return
		}
		p.list(rest, 1, len(s.Topics), s.From, p.MM(pick(p.Look.BigText, float32(24), 21)), func(i int, b ui.Box) {
			t := s.Topics[i]
			p.Button(b, ui.ButtonSpec{Label: chop(t.Name, 24), Sub: pick(t.Off, p.w.TopicHandedOver, p.w.TopicAnswered), Chosen: t.Off,
				Steps: []ui.Step{ui.Body, ui.Small, 4.8, 4.2, 3.6}, Tap: p.tap(SwitchTopic{t.Name, !t.Off})})
		})
	}
}

// Seen is what shoppers see with a switch on, and whether their sound is off. The picture beside the switch is drawn from it.
// notice is today's, topic one that is off; language is the shopper's.
func Seen(t Setting, shop, notice, topic string, language shopper.Language) (v shopper.View, silent bool) {
	w := In(pick(language == shopper.Japanese, Japanese, English))
	v = shopper.View{Language: language, Shop: shop}
	switch t {
	case Pause, CloseToday:
		v.Screen = shopper.Closed{Notice: notice}
	case Mute:
		v.Screen = shopper.Answer{Text: w.Sample, Speaking: true}
	case Notice:
		v.Screen = shopper.Attract{Notice: notice}
	case TopicOff:
		v.Screen = shopper.Answer{Question: topic, Text: w.HandOff}
	}
	return v, t == Mute
}

// preview draws the shopper's screen small: same picture, a smaller panel.
func (p *page) preview(b ui.Box, s Settings) {
	head := p.Look.Em(4.8) * 1.6
	p.words(b.Top(head), p.w.Seen, ui.Type{Ink: p.Colours.Quiet, Align: ui.Centre}, 4.8, 4.2, 3.6)
	b = b.Below(head + p.gap*0.4)
	width := min(b.W, b.H*9/16)
	high := width * 16 / 9
	frame := ui.Box{X: b.X + (b.W-width)/2, Y: b.Y, W: width, H: high}
	look := ui.Look{DPI: ui.DefaultDPI * width / 1080, HighContrast: p.Look.HighContrast, Accent: p.Look.Accent}
	topic := ""
	for _, t := range s.Topics {
		if topic == "" || t.Off {
			topic = t.Name
		}
		if t.Off {
			break
		}
	}
	language := pick(p.view.Language == Japanese, shopper.Japanese, shopper.English)
	var view shopper.View
	view, look.Silent = Seen(s.Shown, p.view.Shop, s.Notice, topic, language)
	p.Still(shopper.Draw(view, look, fyne.NewSize(width, high), func(shopper.Event) {}), frame)
	edge := max(1, p.MM(0.5))
	for _, side := range []ui.Box{frame.Top(edge), frame.Bottom(edge), frame.Left(edge), {X: frame.X + frame.W - edge, Y: frame.Y, W: edge, H: frame.H}} {
		p.Rect(side, p.Colours.Edge, 0)
	}
}
