package workshop

import (
	"strings"

	"tenin/storage/seal"
	"tenin/ui/keyboard"
	"tenin/ui/technician"
)

func (n *next) touchPIN(s technician.PIN, e technician.Event) {
	if n.busy {
		return
	}
	// Who is locked out by wrong PINs may still have the recovery key.
	if _, lost := e.(technician.LostPIN); s.Wait > 0 && !lost {
		return
	}
	switch e := e.(type) {
	case technician.Digit:
		if e.N >= 0 && e.N <= 9 && len(n.pin) < mostDigits {
			n.pin += string(rune('0' + e.N))
			s.Refusal = technician.PINFine
		}
	case technician.Rub:
		n.pin = n.pin[:max(len(n.pin)-1, 0)]
	case technician.Enter:
		if n.pin != "" {
			n.enterPIN(s)
		}
		return
	case technician.LostPIN:
		if s.Purpose == technician.PINEnter {
			n.forget()
			n.lost = []string{}
			n.editLost(technician.NoProblem)
		}
		return
	}
	s.Typed = len(n.pin)
	n.screen = s
}

func (n *next) enterPIN(s technician.PIN) {
	typed := n.pin
	n.pin = ""
	again := technician.PIN{Purpose: s.Purpose, Who: s.Who, Most: mostDigits}
	switch s.Purpose {
	case technician.PINEnter:
		n.screen = again
		n.do(CheckPIN{typed})
	case technician.PINChoose:
		if len(typed) < leastDigits {
			again.Refusal = technician.PINShort
			n.screen = again
			return
		}
		n.first = typed
		n.screen = technician.PIN{Purpose: technician.PINRepeat, Who: s.Who, Most: mostDigits}
	case technician.PINRepeat:
		if typed != n.first {
			n.first = ""
			n.screen = technician.PIN{Purpose: technician.PINChoose, Who: s.Who, Most: mostDigits, Refusal: technician.PINDifferent}
			return
		}
		n.first = ""
		n.screen = again
		if !n.entered {
			groups := strings.Join(n.lost, "-")
			n.lost = nil
			n.do(ResetPIN{groups, typed})
			return
		}
		n.do(SetPIN{s.Who, typed})
	}
}

// tookPIN is what became of a PIN.
func (n *next) tookPIN(e Entry) {
	s, ok := n.screen.(technician.PIN)
	if !ok {
		return
	}
	switch {
	case e.Problem != technician.NoProblem && !n.entered:
		// The recovery key was not the vault's: it is typed again from its first group.
		n.lost = []string{}
		n.editLost(e.Problem)
	case e.Refusal != technician.PINFine && s.Purpose == technician.PINRepeat:
		if !n.entered {
			// What was typed of the recovery key is gone, so that it does not lie about while a PIN is thought of.
			n.screen = technician.PIN{Most: mostDigits, Refusal: e.Refusal, Wait: e.Wait}
			return
		}
		n.screen = technician.PIN{Purpose: technician.PINChoose, Who: s.Who, Most: mostDigits, Refusal: e.Refusal, Wait: e.Wait}
	case e.Refusal != technician.PINFine:
		n.screen = technician.PIN{Purpose: s.Purpose, Most: mostDigits, Refusal: e.Refusal, Wait: e.Wait}
	case s.Purpose == technician.PINEnter, !n.entered:
		n.entered = true
		n.menu()
	case n.fromSet:
		n.at = technician.StepAccess
		n.screen = n.stepScreen(technician.Result{Mark: technician.Busy})
		n.do(CountAccess{})
	default:
		n.menu()
	}
}

// editLost asks for the next group of the recovery key.
func (n *next) editLost(p technician.Problem) {
	n.board = keyboard.State{Layout: keyboard.Latin}
	n.screen = technician.Edit{Field: technician.FieldLostKey, Board: n.keys(), Problem: p, Group: len(n.lost) + 1, Groups: seal.RecoveryGroups}
}

// keys is the keyboard as it is drawn.
func (n *next) keys() keyboard.View {
	english := n.language == technician.English
	enter := "決定"
	if english {
		enter = "Done"
	}
	return keyboard.View{State: n.board, Enter: enter, English: english}
}
