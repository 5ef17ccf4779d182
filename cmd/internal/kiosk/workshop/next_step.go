package workshop

import (
	"math"
	"slices"

	"tenin/storage/seal"
	"tenin/ui"
	"tenin/ui/technician"
)

// How far a touch may be from its target, in millimetres: a finger's tip covers about 8. Who is further off than missMM
// aimed at something else, or the panel is turned; after mostMisses it is the panel.
const (
	shiftedMM  = 7
	missMM     = 20
	mostMisses = 4
)

// openStep shows a step and fills its screen with what can be known without a test.
func (n *next) openStep(s technician.Step) {
	if int(s) >= steps || !slices.Contains(technician.StepsOf(n.device), s) {
		return
	}
	n.stop()
	n.at = s
	n.showStep()
	switch s {
	case technician.StepTurn, technician.StepNetwork, technician.StepShop, technician.StepBrand, technician.StepClock, technician.StepHub, technician.StepSealing, technician.StepAccess:
		if n.facts[s] == nil {
			n.do(Peek{s})
		}
	}
}

// showStep shows the step that the technician is at, as it stands.
func (n *next) showStep() { n.screen = n.stepScreen(n.results[n.at]) }

// stepScreen is the screen of the step that the technician is at, with a result.
func (n *next) stepScreen(r technician.Result) technician.Screen {
	if n.at == technician.StepFinish {
		return technician.Finish{Result: r, Rows: n.rows()}
	}
	switch s := n.facts[n.at].(type) {
	case technician.Turn:
		s.Result, s.Phase = r, technician.TurnIdle
		return s
	case technician.Network:
		s.Result = r
		return s
	case technician.Shop:
		s.Result = r
		return s
	case technician.Brand:
		s.Result = r
		return s
	case technician.Clock:
		s.Result = r
		return s
	case technician.Panel:
		s.Result = r
		return s
	case technician.Microphone:
		s.Result, s.Phase = r, technician.MicrophoneIdle
		return s
	case technician.Loudspeaker:
		s.Result, s.Phase = r, technician.LoudspeakerIdle
		return s
	case technician.Echo:
		s.Result = r
		return s
	case technician.Hub:
		s.Result = r
		return s
	case technician.Sealing:
		s.Result = r
		return s
	case technician.Access:
		s.Result = r
		return s
	}
	switch n.at {
	case technician.StepTurn:
		return technician.Turn{Result: r}
	case technician.StepNetwork:
		return technician.Network{Result: r}
	case technician.StepShop:
		return technician.Shop{Result: r}
	case technician.StepBrand:
		return technician.Brand{Result: r, Choices: technician.Accents()}
	case technician.StepClock:
		return technician.Clock{Result: r}
	case technician.StepPanel:
		return technician.Panel{Result: r, Targets: technician.TargetCount}
	case technician.StepMicrophone:
		return technician.Microphone{Result: r}
	case technician.StepLoudspeaker:
		return technician.Loudspeaker{Result: r}
	case technician.StepEcho:
		return technician.Echo{Result: r}
	case technician.StepHub:
		return technician.Hub{Result: r}
	case technician.StepSealing:
		return technician.Sealing{Result: r}
	case technician.StepRecovery:
		phase := technician.RecoveryBefore
		if r.Mark == technician.Good {
			phase = technician.RecoveryKept
		}
		return technician.Recovery{Result: r, Phase: phase}
	}
	return technician.Access{Result: r}
}

// begin runs a step's test.
func (n *next) begin(t Task) {
	n.results[n.at] = technician.Result{}
	n.results[technician.StepFinish] = technician.Result{}
	n.screen = n.stepScreen(technician.Result{Mark: technician.Busy})
	n.do(t)
}

func (n *next) touchStep(e technician.Event) {
	if t, ok := n.screen.(technician.Targets); ok {
		if touched, ok := e.(technician.Touched); ok {
			n.touched(t, touched)
		}
		return
	}
	switch e := e.(type) {
	case technician.Next:
		n.toNext()
	case technician.OpenStep:
		// The one way from a step to another: a hub that does not answer leads back to the network.
		if n.at == technician.StepHub && e.Step == technician.StepNetwork && !n.asking() {
			n.openStep(e.Step)
		}
	case technician.ChooseTurn:
		n.chooseTurn(e.Degrees)
	case technician.ChooseRadio:
		n.chooseWay(func(s *technician.Network) { s.Radio = e.Radio })
	case technician.ChooseFixed:
		n.chooseWay(func(s *technician.Network) { s.Fixed = e.Fixed })
	case technician.Test:
		n.test()
	case technician.EditField:
		n.edit(e.Field)
	case technician.Answer:
		n.answer(e.Yes)
	case technician.ChooseSpeaks:
		if s, ok := n.facts[n.at].(technician.Shop); ok && n.at == technician.StepShop {
			s.Speaks = e.Speaks
			n.change(s)
		}
	case technician.ChooseAccent:
		if s, ok := n.facts[n.at].(technician.Brand); ok && n.at == technician.StepBrand {
			n.accent(s, e.RGB&0xffffff)
		}
	case technician.Confirm:
		if n.at == technician.StepClock && !n.busy {
			n.begin(ConfirmClock{})
		}
	case technician.Without:
		n.without()
	case technician.WrittenDown:
		if r, ok := n.screen.(technician.Recovery); ok && r.Phase == technician.RecoveryShown {
			// The groups leave the State here, before anything of them is typed.
			groups := len(r.Groups)
			n.screen = nil
			n.editGroup(n.asked[0], groups)
		}
	}
}

// toNext goes to the next step that is not done, or to the last.
func (n *next) toNext() {
	if n.asking() || n.pending {
		return
	}
	all := technician.StepsOf(n.device)
	at := slices.Index(all, n.at)
	for i := 1; i < len(all); i++ {
		step := all[(at+i)%len(all)]
		if step != technician.StepFinish && !n.results[step].Done() {
			n.openStep(step)
			return
		}
	}
	n.openStep(technician.StepFinish)
}

// asking reports whether a test is under way or waits for an answer.
func (n *next) asking() bool {
	switch s := n.screen.(type) {
	case technician.Turn:
		if s.Phase != technician.TurnIdle {
			return true
		}
	case technician.Microphone:
		return s.Phase != technician.MicrophoneIdle
	case technician.Loudspeaker:
		return s.Phase != technician.LoudspeakerIdle
	}
	return n.busy && n.testing()
}

func (n *next) test() {
	if n.asking() {
		return
	}
	switch n.at {
	case technician.StepTurn:
		if s, ok := n.facts[n.at].(technician.Turn); ok {
			n.chooseTurn(s.Shown)
		}
	case technician.StepNetwork:
		n.testNetwork()
	case technician.StepShop:
		if s, ok := n.facts[n.at].(technician.Shop); ok {
			n.begin(SaveShop{s})
		}
	case technician.StepBrand:
		s, ok := n.facts[n.at].(technician.Brand)
		if ok && s.Ratio >= ui.LeastContrast {
			n.begin(SaveBrand{s})
		}
	case technician.StepClock:
		n.begin(LookAtClock{})
	case technician.StepPanel:
		n.begin(LookAtPanel{})
	case technician.StepMicrophone:
		n.begin(Listen{})
		n.screen = technician.Microphone{Phase: technician.MicrophoneRoom}
	case technician.StepLoudspeaker:
		n.begin(PlayTone{})
		n.screen = technician.Loudspeaker{Phase: technician.LoudspeakerTone}
	case technician.StepEcho:
		n.begin(MeasureEcho{})
	case technician.StepHub:
		n.begin(AskHub{})
	case technician.StepSealing:
		n.begin(Seal{})
	case technician.StepRecovery:
		if r, ok := n.screen.(technician.Recovery); ok && r.Phase != technician.RecoveryShown {
			n.begin(MakeRecovery{})
			n.pending = true // from now on, whatever comes of it
		}
	case technician.StepAccess:
		n.stop()
		n.forget()
		n.fromSet = true
		who := technician.Technician
		if a, ok := n.facts[n.at].(technician.Access); ok && a.Managers == 0 {
			who = technician.Manager // without whom there can be no other
		}
		n.screen = technician.PIN{Purpose: technician.PINChoose, Who: who, Most: mostDigits}
	case technician.StepFinish:
		for _, r := range n.rows() {
			if !r.Result.Done() {
				n.results[n.at] = technician.Result{Mark: technician.Bad, Problem: technician.StepsLeft}
				n.showStep()
				return
			}
		}
		n.begin(CompleteSetUp{n.rows()})
	}
}

// without does a step without what it is about. Neither is green.
func (n *next) without() {
	if n.asking() {
		return
	}
	switch n.at {
	case technician.StepHub:
		n.stop()
		n.settle(technician.Result{Mark: technician.Fair, Problem: technician.HubNone})
	case technician.StepSealing:
		n.begin(Seal{File: true})
	}
}

// settle is how the step that the technician is at stands now.
func (n *next) settle(r technician.Result) {
	n.results[n.at] = r
	n.results[technician.StepFinish] = technician.Result{}
	n.showStep()
}

// told shows a test while it runs.
func (n *next) told(s technician.Screen) {
	if m, ok := s.(technician.Microphone); ok && n.at == technician.StepMicrophone {
		if _, shown := n.screen.(technician.Microphone); shown && m.Phase != technician.MicrophoneIdle && m.Phase != technician.MicrophoneAsks {
			m.Result = technician.Result{}
			n.screen = m
		}
	}
}

// found takes what a task found.
func (n *next) found(s technician.Screen) {
	switch s := s.(type) {
	case technician.Health:
		if _, ok := n.screen.(technician.Health); ok {
			n.screen, n.health = s, technician.Good
			for _, l := range s.Lines {
				n.health = max(n.health, l.Mark)
			}
		}
		return
	case technician.Bundle:
		if _, ok := n.screen.(technician.Bundle); ok {
			if s.Result.Mark == technician.Busy {
				s.Result.Mark = technician.Undone
			}
			n.screen = s
		}
		return
	}
	if n.peeked(s) {
		return
	}
	r := n.resultOf(s)
	if r.Mark == technician.Busy || r.Mark == technician.Undone {
		r = technician.Result{Mark: technician.Bad, Problem: technician.TestFailed, Detail: r.Detail}
	}
	switch s := s.(type) {
	case technician.Turn:
		n.turnEnded(s, r)
		return
	case technician.Network:
		if r.Done() {
			n.dropPassphrase()
		}
	case technician.Panel:
		n.facts[n.at] = s
		if r.Done() {
			n.screen = technician.Targets{}
			return
		}
	case technician.Microphone:
		n.facts[n.at] = s
		if r.Done() {
			s.Phase = technician.MicrophoneAsks
			n.screen = s
			return
		}
	case technician.Loudspeaker:
		speaking := false
		if shown, ok := n.screen.(technician.Loudspeaker); ok {
			speaking = shown.Phase == technician.LoudspeakerSentence
		}
		n.facts[n.at] = s
		if r.Done() {
			s.Phase = technician.LoudspeakerAsksTone
			if speaking {
				s.Phase = technician.LoudspeakerAsksSentence
			}
			n.screen = s
			return
		}
	}
	n.settle(r)
}

// peeked takes what a Peek found: the screen of the step is the one that is shown, and no test of it is under way. What the
// technician has changed meanwhile stays.
func (n *next) peeked(s technician.Screen) bool {
	if n.testing() {
		if s != nil {
			n.keep(s)
		}
		return false
	}
	if n.facts[n.at] == nil && !n.belongs(s) {
		s = n.stepScreen(technician.Result{}) // nothing is known: it can still be typed
	}
	if n.facts[n.at] == nil {
		n.keep(s)
		n.showStep()
	}
	return true
}

// testing reports whether the screen waits for its step's test.
func (n *next) testing() bool {
	switch s := n.screen.(type) {
	case technician.Turn:
		return s.Phase != technician.TurnIdle || s.Result.Mark == technician.Busy
	case technician.Microphone:
		return s.Phase != technician.MicrophoneIdle
	case technician.Loudspeaker:
		return s.Phase != technician.LoudspeakerIdle
	case technician.Recovery:
		return s.Result.Mark == technician.Busy
	case technician.Finish:
		return s.Result.Mark == technician.Busy
	}
	return n.resultOf(n.screen).Mark == technician.Busy
}

// keep remembers what is known of the step.
func (n *next) keep(s technician.Screen) {
	if !n.belongs(s) {
		return
	}
	if b, ok := s.(technician.Brand); ok {
		b.Choices = technician.Accents()
		if b.Accent == 0 {
			b.Accent = b.Choices[0]
		}
		b.Ratio, b.Nearest = ui.AccentRatio(b.Accent), ui.NearestAccent(b.Accent)
		s = b
	}
	n.facts[n.at] = s
}

// belongs reports whether a screen is the one of the step that the technician is at.
func (n *next) belongs(s technician.Screen) bool {
	switch s.(type) {
	case technician.Turn:
		return n.at == technician.StepTurn
	case technician.Network:
		return n.at == technician.StepNetwork
	case technician.Shop:
		return n.at == technician.StepShop
	case technician.Brand:
		return n.at == technician.StepBrand
	case technician.Clock:
		return n.at == technician.StepClock
	case technician.Panel:
		return n.at == technician.StepPanel
	case technician.Microphone:
		return n.at == technician.StepMicrophone
	case technician.Loudspeaker:
		return n.at == technician.StepLoudspeaker
	case technician.Echo:
		return n.at == technician.StepEcho
	case technician.Hub:
		return n.at == technician.StepHub
	case technician.Sealing:
		return n.at == technician.StepSealing
	case technician.Access:
		return n.at == technician.StepAccess
	}
	return false
}

// resultOf is what a step's screen says of its test; a screen of another step says that the test did not run.
func (n *next) resultOf(s technician.Screen) technician.Result {
	if !n.belongs(s) {
		return technician.Result{Mark: technician.Undone}
	}
	switch s := s.(type) {
	case technician.Turn:
		return s.Result
	case technician.Network:
		return s.Result
	case technician.Shop:
		return s.Result
	case technician.Brand:
		return s.Result
	case technician.Clock:
		return s.Result
	case technician.Panel:
		return s.Result
	case technician.Microphone:
		return s.Result
	case technician.Loudspeaker:
		return s.Result
	case technician.Echo:
		return s.Result
	case technician.Hub:
		return s.Result
	case technician.Sealing:
		return s.Result
	case technician.Access:
		return s.Result
	}
	return technician.Result{}
}

// answer takes the technician's answer to what a test asked.
func (n *next) answer(yes bool) {
	switch s := n.screen.(type) {
	case technician.Turn:
		n.answerTurn(s, yes)
	case technician.Microphone:
		if s.Phase == technician.MicrophoneAsks {
			n.settle(judged(yes, s.Result, technician.SpeechMisheard))
		}
	case technician.Loudspeaker:
		switch {
		case s.Phase == technician.LoudspeakerAsksTone && yes:
			n.screen = technician.Loudspeaker{Phase: technician.LoudspeakerSentence, Device: s.Device, Said: s.Said}
			n.do(Speak{})
		case s.Phase == technician.LoudspeakerAsksTone:
			n.settle(judged(false, s.Result, technician.ToneUnheard))
		case s.Phase == technician.LoudspeakerAsksSentence:
			n.settle(judged(yes, s.Result, technician.SentenceUnclear))
		}
	}
}

func judged(yes bool, r technician.Result, otherwise technician.Problem) technician.Result {
	if yes {
		return r
	}
	return technician.Result{Mark: technician.Bad, Problem: otherwise}
}

// touched takes a touch of the panel's test.
func (n *next) touched(t technician.Targets, e technician.Touched) {
	p, ok := n.facts[technician.StepPanel].(technician.Panel)
	if !ok || t.Next >= technician.TargetCount {
		return
	}
	dpi := float64(p.DPI)
	if dpi <= 0 {
		dpi = ui.DefaultDPI
	}
	x, y := technician.TargetAt(t.Next)
	mm := math.Hypot(float64(e.X-x)*float64(p.Width), float64(e.Y-y)*float64(p.Height)) / dpi * 25.4
	if !(mm <= missMM) { // a touch at no place is none
		if t.Missed++; t.Missed >= mostMisses {
			n.settle(technician.Result{Mark: technician.Bad, Problem: technician.TouchMissed})
			return
		}
		n.screen = t
		return
	}
	if t.Next == 0 {
		p.Hit, p.WorstMM = 0, 0
	}
	p.Hit, p.Targets, p.WorstMM = p.Hit+1, technician.TargetCount, max(p.WorstMM, float32(mm))
	n.facts[technician.StepPanel] = p
	if t.Next++; t.Next < technician.TargetCount {
		n.screen = t
		return
	}
	r := p.Result
	if p.WorstMM > shiftedMM {
		r = technician.Result{Mark: technician.Bad, Problem: technician.TouchShifted}
	}
	n.settle(r)
}

// made shows a new recovery key.
func (n *next) made(m Made) {
	if _, waits := n.screen.(technician.Recovery); !waits || m.Result.Mark == technician.Bad || len(m.Groups) == 0 || len(m.Groups) > 2*seal.RecoveryGroups {
		n.forget()
		if m.Result.Mark != technician.Bad {
			m.Result = technician.Result{Mark: technician.Bad, Problem: technician.TestFailed}
		}
		n.settle(m.Result)
		return
	}
	n.asked = m.Asked
	n.screen = technician.Recovery{Phase: technician.RecoveryShown, Groups: append([]string(nil), m.Groups...)}
}

// confirmed is what became of the groups that were typed back. A key that was typed wrongly is void: it may have been
// written down wrongly, and it is on no screen any more to compare with.
func (n *next) confirmed(r technician.Result) {
	if r.Mark != technician.Good {
		n.forget()
		n.settle(r)
		return
	}
	n.pending = false
	n.settle(r)
}

// void settles a recovery key that was given up before its check.
func (n *next) void(p technician.Problem) {
	n.results[technician.StepRecovery] = technician.Result{Mark: technician.Bad, Problem: p}
}
