package technician

import (
	"fmt"
	"slices"
	"strings"

	"tenin/ui"
)

// step draws a step: its name and how it stands, then what belongs to it; and the buttons.
func (p *page) step(step Step, r Result, good string, blocks []block, buttons ...ui.ButtonSpec) {
	share := float32(0.62)
	if p.Portrait() && len(buttons) > 3 {
		share = 0.54
	}
	say, do := p.panes(share)
	all := []block{p.titled(r.Mark, p.stepLine(step), p.w.Steps[step][0])}
	if r.Mark == Undone && r.Problem == NoProblem {
		all = append(all, p.note(p.w.Steps[step][1], p.Colours.Ink))
	} else {
		all = append(all, p.verdict(r, good))
	}
	p.column(say, append(all, blocks...)...)
	if r.Mark != Busy {
		next := ui.ButtonSpec{Label: p.w.Next, Icon: ui.Play, Tap: p.tap(Next{})}
		if r.Done() {
			next.Kind = ui.Primary
			for i := range buttons {
				buttons[i].Kind = ui.Plain
			}
			buttons = append([]ui.ButtonSpec{next}, buttons...)
		} else {
			buttons = append(buttons, next)
		}
	}
	p.stack(do, p.MM(26), buttons...)
}

func (p *page) stepLine(step Step) string {
	all := StepsOf(p.view.Device)
	return fmt.Sprintf(p.w.StepLine, slices.Index(all, step)+1, len(all))
}

// test is the button that runs a step's test; label is what it is called before its first run.
func (p *page) test(r Result, label string) ui.ButtonSpec {
	spec := ui.ButtonSpec{Label: label, Kind: ui.Primary, Tap: p.tap(Test{})}
	if r.Mark != Undone {
		spec.Label, spec.Icon = p.w.Again, ui.Again
	}
	return spec
}

func (p *page) field(f Field) ui.ButtonSpec {
	return ui.ButtonSpec{Label: p.w.Fields[f][0], Icon: ui.Pen, Tap: p.tap(EditField{f})}
}

func (p *page) shop(s Shop) {
	buttons := []ui.ButtonSpec{p.test(s.Result, p.w.Save), p.field(FieldShopName), p.field(FieldFloor)}
	choice := p.drawn(p.MM(19), func(b ui.Box) {
		for i, c := range b.Columns(3, p.MM(2)) {
			p.Button(c, ui.ButtonSpec{Label: p.w.Speaks[Speaks(i)], Chosen: s.Speaks == Speaks(i), Steps: []ui.Step{ui.Small, 5, 4.4, 3.8}, Tap: p.tap(ChooseSpeaks{Speaks(i)})})
		}
	})
	p.step(StepShop, s.Result, p.w.Marks[Good], []block{
		p.fact(p.w.Fields[FieldShopName][0], clip(s.Name, 60)), p.fact(p.w.Fields[FieldFloor][0], clip(s.Floor, 60)), p.fact(p.w.SpeaksLabel, p.w.Speaks[s.Speaks]), choice}, buttons...)
}

func (p *page) brand(s Brand) {
	sample := p.drawn(p.MM(22), func(b ui.Box) {
		p.Card(b, p.Colours.Card)
		half := b.Columns(2, 0)
		accent := nrgba(either(s.Ratio < ui.LeastContrast, s.Accent, s.Nearest))
		p.Text(half[0].Inset(p.MM(2)), p.w.Sample, ui.Type{Ink: accent, Align: ui.Middle}, ui.Lead, ui.Body, ui.Small)
		p.Rect(half[1].Inset(p.MM(2.5)), accent, p.MM(2))
		p.Text(half[1].Inset(p.MM(4)), p.w.Sample, ui.Type{Ink: p.Colours.OnInk, Align: ui.Middle}, ui.Lead, ui.Body, ui.Small)
	})
	choices := s.Choices[:min(len(s.Choices), 8)]
	swatches := p.drawn(p.MM(float32(18*((len(choices)+3)/4))), func(b ui.Box) {
		for i, place := range grid(b, 4, (len(choices)+3)/4, p.MM(2)) {
			if i >= len(choices) {
				break
			}
			rgb := choices[i]
			p.Button(place, ui.ButtonSpec{Tap: p.tap(ChooseAccent{rgb})})
			p.Rect(place.Inset(p.MM(2.5)), nrgba(rgb), p.MM(2))
			if rgb == s.Accent {
				side := p.MM(9)
				p.Icon(ui.Check, ui.Box{X: place.X + (place.W-side)/2, Y: place.Y + (place.H-side)/2, W: side, H: side}, p.Colours.OnInk)
			}
		}
	})
	ratio := fmt.Sprintf(p.w.Ratio, s.Accent, s.Ratio, ui.LeastContrast)
	buttons := []ui.ButtonSpec{p.test(s.Result, p.w.Save), p.field(FieldBrandName), p.field(FieldAccent)}
	if s.Ratio < ui.LeastContrast {
		buttons = append(buttons, ui.ButtonSpec{Label: fmt.Sprintf(p.w.TakeNearest, s.Nearest), Icon: ui.Check, Tap: p.tap(ChooseAccent{s.Nearest})})
	}
	p.step(StepBrand, s.Result, p.w.Marks[Good], []block{p.fact(p.w.Fields[FieldBrandName][0], clip(s.Name, 60)), p.fact(p.w.Fields[FieldAccent][0], ratio), swatches, sample}, buttons...)
}

func grid(b ui.Box, columns, rows int, gap float32) []ui.Box {
	var all []ui.Box
	for _, r := range b.Rows(rows, gap) {
		all = append(all, r.Columns(columns, gap)...)
	}
	return all
}

func (p *page) clock(s Clock) {
	blocks := []block{p.fact(p.w.ClockNow, s.Now), p.fact(p.w.ClockSource, p.w.Sources[s.Source])}
	if len(s.Refused) > 0 {
		blocks = append(blocks, p.note(p.w.ClockRefused, p.Colours.Ink))
		for _, r := range s.Refused {
			blocks = append(blocks, p.item(Bad, p.w.Refusals[r]))
		}
	}
	buttons := []ui.ButtonSpec{p.test(s.Result, p.w.Look), p.field(FieldTime)}
	if s.Result.Mark == Bad && s.Now != "" {
		buttons = append(buttons, ui.ButtonSpec{Label: p.w.ClockConfirm, Icon: ui.Check, Tap: p.tap(Confirm{})})
	}
	p.step(StepClock, s.Result, p.w.ClockGood, blocks, p.unless(s.Result.Mark == Busy, buttons...)...)
}

func (p *page) panel(s Panel) {
	blocks := []block{p.fact(p.w.PanelDots, fmt.Sprintf("%d × %d", s.Width, s.Height))}
	density := p.w.Unknown
	if s.DPI > 0 {
		density = fmt.Sprintf("%.0f dpi (%.1f″)", s.DPI, diagonal(s.Width, s.Height)/float64(s.DPI))
	}
	blocks = append(blocks, p.fact(p.w.PanelDensity, density))
	if s.Hit > 0 {
		blocks = append(blocks, p.fact(p.w.PanelTouch, fmt.Sprintf(p.w.PanelHit, s.Hit, s.Targets, s.WorstMM)))
	}
	p.step(StepPanel, s.Result, p.w.PanelGood, blocks, p.test(s.Result, p.w.PanelStart))
}

func (p *page) microphone(s Microphone) {
	blocks := []block{p.fact(p.w.Device, clip(s.Device, 60))}
	if s.Phase == MicrophoneRoom || s.Phase == MicrophoneSpeak {
		blocks = append(blocks, p.drawn(p.MM(14), func(b ui.Box) { p.meter(b, s.Level) }))
	}
	if s.NoiseDB < 0 {
		blocks = append(blocks, p.fact(p.w.Noise, fmt.Sprintf("%.0f dBFS", s.NoiseDB)))
	}
	if s.SpeechDB < 0 {
		blocks = append(blocks, p.fact(p.w.Voice, fmt.Sprintf("%.0f dBFS (+%.0f dB)", s.SpeechDB, s.SpeechDB-s.NoiseDB)))
	}
	if s.Heard != "" {
		blocks = append(blocks, p.fact(p.w.Heard, clip(s.Heard, 120)))
	}
	asks := map[MicrophonePhase]string{MicrophoneRoom: p.w.BeQuiet, MicrophoneSpeak: p.w.SaySomething, MicrophoneThinks: p.w.Recognises, MicrophoneAsks: p.w.WasItSaid}
	if q := asks[s.Phase]; q != "" {
		p.asking(StepMicrophone, q, s.Phase == MicrophoneAsks, blocks)
		return
	}
	p.step(StepMicrophone, s.Result, p.w.MicrophoneGood, blocks, p.test(s.Result, p.w.Start))
}

func (p *page) loudspeaker(s Loudspeaker) {
	blocks := []block{p.fact(p.w.Device, clip(s.Device, 60))}
	asks := map[LoudspeakerPhase]string{LoudspeakerTone: p.w.TonePlays, LoudspeakerAsksTone: p.w.ToneHeard, LoudspeakerSentence: p.w.SentencePlays, LoudspeakerAsksSentence: p.w.SentenceClear}
	if s.Said != "" && s.Phase >= LoudspeakerSentence {
		blocks = append(blocks, p.fact(p.w.Sentence, clip(s.Said, 120)))
	}
	if q := asks[s.Phase]; q != "" {
		p.asking(StepLoudspeaker, q, s.Phase == LoudspeakerAsksTone || s.Phase == LoudspeakerAsksSentence, blocks)
		return
	}
	p.step(StepLoudspeaker, s.Result, p.w.LoudspeakerGood, blocks, p.test(s.Result, p.w.Start))
}

// asking is a test while it runs, with what it wants of the technician; with a question there are two answers.
func (p *page) asking(step Step, text string, question bool, blocks []block) {
	say, do := p.panes(0.62)
	p.column(say, append([]block{p.titled(Busy, p.stepLine(step), p.w.Steps[step][0]), p.headline(text)}, blocks...)...)
	if question {
		p.stack(do, p.MM(30),
			ui.ButtonSpec{Label: p.w.Yes, Icon: ui.Check, Kind: ui.Primary, Tap: p.tap(Answer{true})},
			ui.ButtonSpec{Label: p.w.No, Icon: ui.Cross, Tap: p.tap(Answer{false})})
	}
}

func (p *page) echo(s Echo) {
	var blocks []block
	if s.Verdict != EchoUnknown {
		blocks = append(blocks, p.fact(p.w.EchoLoss, fmt.Sprintf("%.0f dB", s.LossDB)), p.fact(p.w.EchoDelay, fmt.Sprintf("%.0f ms", s.DelayMS)),
			p.note(p.w.Verdicts[s.Verdict], p.Colours.Ink))
	}
	if s.Result.Mark == Busy {
		blocks = append(blocks, p.note(p.w.EchoRuns, p.Colours.Quiet))
	}
	p.step(StepEcho, s.Result, p.w.Marks[Good], blocks, p.unless(s.Result.Mark == Busy, p.test(s.Result, p.w.Start))...)
}

// unless leaves buttons out while something holds.
func (p *page) unless(holds bool, specs ...ui.ButtonSpec) []ui.ButtonSpec {
	if holds {
		return nil
	}
	return specs
}

func (p *page) hub(s Hub) {
	blocks := []block{p.fact(p.w.Fields[FieldHubAddress][0], clip(s.Address, 60))}
	if s.Joined {
		reach := either(s.Result.Problem == HubUnasked, p.w.HubSilent, p.w.Unknown)
		if s.Reachable {
			reach = p.w.HubAnswers
			if s.RoundTripMS > 0 {
				reach += fmt.Sprintf(" (%.0f ms)", s.RoundTripMS)
			}
		}
		blocks = append(blocks, p.fact(p.w.HubName, clip(s.Name, 60)), p.fact(p.w.HubKey, groupsOf(clip(s.Fingerprint, 64), 4)), p.fact(p.w.HubReach, reach))
	}
	buttons := []ui.ButtonSpec{}
	if s.Joined {
		buttons = append(buttons, p.test(s.Result, p.w.Look))
	}
	if p.view.Device && s.Result.Problem == HubNetwork {
		buttons = append(buttons, ui.ButtonSpec{Label: p.w.ToNetwork, Icon: ui.Back, Kind: ui.Primary, Tap: p.tap(OpenStep{StepNetwork})})
	}
	buttons = append(buttons, p.field(FieldHubAddress), p.field(FieldHubCode))
	if !s.Joined {
		buttons = append(buttons, ui.ButtonSpec{Label: p.w.HubWithout, Icon: ui.NoRecord, Tap: p.tap(Without{})})
	}
	p.step(StepHub, s.Result, p.w.HubGood, blocks, p.unless(s.Result.Mark == Busy, buttons...)...)
}

func (p *page) access(s Access) {
	p.step(StepAccess, s.Result, p.w.AccessGood, []block{
		p.fact(p.w.Managers, fmt.Sprint(s.Managers)), p.fact(p.w.Technicians, fmt.Sprint(s.Technicians)), p.fact(p.w.OtherStaff, fmt.Sprint(s.Staff)), p.note(p.w.AccessNote, p.Colours.Quiet)},
		p.unless(s.Result.Mark == Busy, ui.ButtonSpec{Label: either(s.Managers == 0, p.w.ChoosePIN, p.w.ChooseManagerPIN), Icon: ui.Padlock, Kind: ui.Primary, Tap: p.tap(Test{})})...)
}

// groupsOf writes a long string in groups, so that two people can compare it.
func groupsOf(s string, n int) string {
	var b strings.Builder
	for i, r := range []rune(s) {
		if i > 0 && i%n == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}

func (p *page) sealing(s Sealing) {
	by := p.w.Seals[s.By]
	if s.Asks {
		by += p.w.SealAsks
	}
	if !s.Sealed && s.By != SealUnknown {
		by += p.w.SealPlanned
	}
	blocks := []block{p.fact(p.w.SealBy, by)}
	for _, t := range s.Against {
		blocks = append(blocks, p.item(Good, fmt.Sprintf(p.w.Against, p.w.Threats[t])))
	}
	for _, t := range s.NotAgainst {
		blocks = append(blocks, p.item(Bad, fmt.Sprintf(p.w.NotAgainst, p.w.Threats[t])))
	}
	buttons := []ui.ButtonSpec{p.test(s.Result, either(s.Sealed, p.w.SealNow, p.w.Look))}
	if !s.Sealed && s.Result.Problem == SealFailed {
		buttons = append(buttons, ui.ButtonSpec{Label: p.w.SealWithFile, Icon: ui.Padlock, Tap: p.tap(Without{})})
	}
	p.step(StepSealing, s.Result, p.w.SealGood, blocks, p.unless(s.Result.Mark == Busy, buttons...)...)
}

func (p *page) recovery(s Recovery) {
	if s.Phase != RecoveryShown {
		label := either(s.Phase == RecoveryKept, p.w.RecoveryShow, p.w.RecoveryNew)
		p.step(StepRecovery, s.Result, p.w.RecoveryGood, nil,
			p.unless(s.Result.Mark == Busy, ui.ButtonSpec{Label: label, Icon: ui.Padlock, Kind: ui.Primary, Tap: p.tap(Test{})})...)
		return
	}
	say, do := p.panes(0.72)
	groups := s.Groups[:min(len(s.Groups), 16)]
	columns := either(p.Portrait(), 3, 2)
	if len(groups) > 9 {
		columns = 4
	}
	rows := max(1, (len(groups)+columns-1)/columns)
	card := p.drawn(min(p.MM(float32(26*rows)), say.H*0.5), func(b ui.Box) {
		p.Card(b, p.Colours.Card)
		for i, place := range grid(b.Inset(p.MM(2)), columns, rows, p.MM(2)) {
			if i < len(groups) {
				number := fmt.Sprint(i + 1)
				h := p.Text(place, number, ui.Type{Ink: p.Colours.Quiet, Align: ui.Centre}, 4)
				p.Text(place.Below(h), groups[i], ui.Type{Ink: p.Colours.Ink, Align: ui.Centre}, ui.Title, ui.Lead, ui.Body, ui.Small, 4.6, 4)
			}
		}
	})
	p.column(say, p.titled(Busy, p.stepLine(StepRecovery), p.w.RecoveryOnce), card, p.note(p.w.RecoveryWrite, p.Colours.Ink))
	p.stack(do, p.MM(28), ui.ButtonSpec{Label: p.w.RecoveryWritten, Icon: ui.Check, Kind: ui.Primary, Tap: p.tap(WrittenDown{})})
}
