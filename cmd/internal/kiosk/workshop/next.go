package workshop

import (
	"tenin/ui/technician"
)

// Next is what follows from an event. It changes nothing that s refers to.
func Next(s State, e Event) (State, []Effect) {
	n := &next{State: s}
	n.take(e)
	if n.open {
		n.effects = append(n.effects, Show{n.view(), n.look})
	}
	return n.State, n.effects
}

func (n *next) take(e Event) {
	if o, ok := e.(Opened); ok {
		if !n.open {
			run, look := n.run, n.look
			n.State = State{open: true, language: o.Language, look: look, run: run}
			n.screen = technician.PIN{Most: mostDigits}
			n.do(IsGuarded{})
		}
		return
	}
	if !n.open {
		return
	}
	switch e := e.(type) {
	case Touch:
		n.idle = 0
		if !n.unstoppable() {
			n.waited = 0
		}
		n.touch(e.Event)
	case Tick:
		n.tick()
	case Told:
		if n.current(e.Run) {
			n.told(e.Screen)
		}
	case Found:
		if n.ended(e.Run) {
			n.found(e.Screen)
		}
	case Guard:
		if n.ended(e.Run) {
			n.kiosk, n.device = e.Kiosk, e.Device
			n.entered = !e.Guarded
			switch {
			case e.Shut:
				n.screen = technician.PIN{Most: mostDigits, Refusal: technician.PINShut}
			case n.entered && n.device: // a new one, at which there is nothing else to do
				n.list()
			case n.entered:
				n.menu()
			}
		}
	case Entered:
		if n.ended(e.Run) {
			n.tookPIN(e.Entry)
		}
	case Made:
		if n.ended(e.Run) {
			n.made(e)
		}
	case Challenged:
		if n.ended(e.Run) {
			n.screen = technician.Wipe{Phase: technician.WipeTypes, Challenge: e.Number}
		}
	case Done:
		if n.ended(e.Run) {
			n.done(e.Result)
		}
	}
}

// current reports whether a task is the one under way.
func (n *next) current(run int) bool { return n.busy && run == n.run }

// ended is current for the task's last event.
func (n *next) ended(run int) bool {
	if !n.current(run) {
		return false
	}
	n.busy = false
	return true
}

func (n *next) menu() {
	n.stop()
	n.forget()
	n.screen = technician.Menu{SetUp: n.worst(), Health: n.health}
}

// leave locks the screens.
func (n *next) leave() {
	if n.unstoppable() {
		return
	}
	n.stop()
	n.forget()
	n.dropPassphrase()
	n.State = State{run: n.run, look: n.look}
	n.effects = append(n.effects, Close{})
}

func (n *next) tick() {
	if n.holding {
		if w, ok := n.screen.(technician.Wipe); ok {
			w.Held = min(w.Held+1, w.Need)
			n.screen = w
		}
	}
	if t, ok := n.screen.(technician.Turn); ok {
		n.countTurn(t)
	}
	if p, ok := n.screen.(technician.PIN); ok && p.Wait > 0 {
		if p.Wait--; p.Wait == 0 {
			p.Refusal = technician.PINFine
		}
		n.screen = p
	}
	if w, ok := n.screen.(technician.Wipe); ok && w.Phase == technician.WipeDone {
		if n.waited++; n.waited == wipedSeconds {
			n.aside(UsePower{technician.PowerProgram})
		}
		return
	}
	if p, ok := n.screen.(technician.Power); ok && p.Phase == technician.PowerGoes {
		if n.waited++; n.waited >= mostGoing {
			n.stop()
			n.screen = technician.Power{What: p.What, Result: technician.Result{Mark: technician.Bad, Problem: technician.TestFailed}}
		}
		return
	}
	if n.busy && n.entered && n.waited < mostWaited {
		n.waited++ // a test is waited for, but not for ever
		return
	}
	if n.idle++; n.idle >= idleSeconds {
		n.leave()
	}
}

func (n *next) touch(e technician.Event) {
	switch e := e.(type) {
	case technician.ChooseLanguage:
		n.language = e.Language
		if s, ok := n.screen.(technician.Edit); ok {
			s.Board = n.keysOf(s.Field)
			n.screen = s
		}
		return
	case technician.ToggleBigText:
		n.look.BigText = !n.look.BigText
		return
	case technician.ToggleContrast:
		n.look.HighContrast = !n.look.HighContrast
		return
	case technician.StillHere:
		return
	case technician.Leave:
		n.leave()
		return
	}
	if n.unstoppable() {
		return
	}
	if _, ok := e.(technician.Back); ok {
		n.back()
		return
	}
	switch s := n.screen.(type) {
	case technician.PIN:
		n.touchPIN(s, e)
	case technician.Edit:
		switch e := e.(type) {
		case technician.Typed:
			n.typeKey(s, e.Key)
		case technician.ToggleHidden:
			n.toggleHidden(s)
		}
	case technician.Wipe:
		n.touchWipe(s, e)
	case technician.Menu:
		if o, ok := e.(technician.Open); ok && n.entered {
			n.openPage(o.Page)
		}
	case technician.SetUp:
		if o, ok := e.(technician.OpenStep); ok {
			n.openStep(o.Step)
		}
	case technician.Health:
		if _, ok := e.(technician.Test); ok && !n.busy {
			n.screen = technician.Health{}
			n.do(LookAtHealth{})
		}
	case technician.Bundle:
		n.touchBundle(s, e)
	case technician.Power:
		n.touchPower(s, e)
	default:
		n.touchStep(e)
	}
}

func (n *next) openPage(p technician.Page) {
	n.forget()
	switch p {
	case technician.PageSetUp:
		n.list()
	case technician.PageHealth:
		n.screen = technician.Health{}
		n.do(LookAtHealth{})
	case technician.PageBundle:
		n.screen = technician.Bundle{Chosen: -1, Result: technician.Result{Mark: technician.Busy}}
		n.do(ListBundle{})
	case technician.PagePIN:
		n.fromSet = false
		n.screen = technician.PIN{Purpose: technician.PINChoose, Most: mostDigits}
	case technician.PagePower:
		n.screen = technician.Power{}
	case technician.PageWipe:
		n.screen = technician.Wipe{Need: holdSeconds}
	}
}

// back goes one screen back.
func (n *next) back() {
	if !n.entered {
		// Giving the recovery key up leads to the lock again.
		n.stop()
		n.forget()
		n.screen = technician.PIN{Most: mostDigits}
		return
	}
	switch s := n.screen.(type) {
	case technician.Edit:
		if s.Field == technician.FieldRecoveryGroup {
			n.void(technician.RecoveryUnsafe)
		}
		n.forget()
		n.showStep()
	case technician.Targets:
		n.showStep()
	case technician.PIN:
		if n.forget(); n.fromSet {
			n.showStep()
		} else {
			n.menu()
		}
	case technician.Wipe, technician.Power, technician.Health, technician.Bundle, technician.SetUp, technician.Menu, nil:
		n.menu()
	default:
		n.stop()
		if n.pending {
			n.void(technician.RecoveryUnsafe)
		}
		n.forget()
		n.list()
	}
}

func (n *next) list() {
	rows := append(n.rows(), technician.Row{Step: technician.StepFinish, Result: n.results[technician.StepFinish]})
	n.screen = technician.SetUp{Rows: rows}
}

func (n *next) touchBundle(s technician.Bundle, e technician.Event) {
	if n.busy {
		return
	}
	switch e := e.(type) {
	case technician.Test:
		n.openPage(technician.PageBundle)
	case technician.ChoosePlace:
		if e.Index >= 0 && e.Index < len(s.Places) {
			s.Chosen = e.Index
			n.screen = s
		}
	case technician.Confirm:
		if s.Chosen >= 0 && s.Chosen < len(s.Places) {
			place := s.Places[s.Chosen]
			s.Result, s.Path = technician.Result{Mark: technician.Busy}, ""
			n.screen = s
			n.do(WriteBundle{place})
		}
	}
}

func (n *next) touchPower(s technician.Power, e technician.Event) {
	switch e := e.(type) {
	case technician.ChoosePower:
		if s.Phase == technician.PowerChoose {
			n.screen = technician.Power{Phase: technician.PowerAsks, What: e.What}
		}
	case technician.Confirm:
		if s.Phase == technician.PowerAsks {
			n.screen, n.waited = technician.Power{Phase: technician.PowerGoes, What: s.What}, 0
			n.do(UsePower{s.What})
		}
	}
}

// touchWipe leads to the wipe: a warning, a number to type, a button to hold, and the finger lifted from it. Each step needs
// the one before it on the screen.
func (n *next) touchWipe(s technician.Wipe, e technician.Event) {
	if n.busy {
		return
	}
	switch s.Phase {
	case technician.WipeWarns:
		if _, ok := e.(technician.Confirm); ok {
			n.do(MakeChallenge{})
		}
	case technician.WipeTypes:
		switch e := e.(type) {
		case technician.Digit:
			if e.N >= 0 && e.N <= 9 && len(s.Typed) < len(s.Challenge) {
				s.Typed, s.Differs = s.Typed+string(rune('0'+e.N)), false
			}
		case technician.Rub:
			s.Typed = s.Typed[:max(len(s.Typed)-1, 0)]
		case technician.Enter:
			if s.Challenge != "" && s.Typed == s.Challenge {
				n.screen = technician.Wipe{Phase: technician.WipeHolds, Need: holdSeconds}
				return
			}
			s.Typed, s.Differs = "", true
		}
		n.screen = s
	case technician.WipeHolds:
		switch e.(type) {
		case technician.HoldDown:
			n.holding, s.Held = true, 0
		case technician.HoldUp:
			if n.holding && s.Held >= s.Need && s.Need > 0 {
				n.holding = false
				n.screen = technician.Wipe{Phase: technician.WipeRuns}
				n.do(Wipe{})
				return
			}
			n.holding, s.Held = false, 0
		}
		n.screen = s
	}
}

// done ends a task without a screen of its own.
func (n *next) done(r technician.Result) {
	switch s := n.screen.(type) {
	case technician.Wipe:
		if r.Mark == technician.Good {
			n.screen, n.waited = technician.Wipe{Phase: technician.WipeDone}, 0
			return
		}
		n.screen = technician.Wipe{Phase: technician.WipeWarns, Result: r}
	case technician.Power:
		if r.Mark != technician.Good {
			n.screen = technician.Power{What: s.What, Result: r}
		}
	case technician.Finish:
		n.results[technician.StepFinish] = r
		n.showStep()
	case technician.Recovery:
		n.confirmed(r)
	}
}
