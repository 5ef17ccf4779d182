package workshop

import (
	"slices"

	"tenin/ui/technician"
)

// chooseTurn turns the picture to see whether it is right. What it shows already needs no trial.
func (n *next) chooseTurn(degrees int) {
	s, ok := n.facts[n.at].(technician.Turn)
	if !ok || n.at != technician.StepTurn || n.asking() || !slices.Contains(technician.Turns(), degrees) {
		return
	}
	if degrees == s.Shown {
		n.begin(KeepTurn{degrees})
		return
	}
	n.begin(TryTurn{degrees})
	n.turning = true // from now on, whatever comes of it
	n.screen = technician.Turn{Phase: technician.TurnTries, Kept: s.Kept, Shown: s.Shown}
}

// turnEnded is what became of a turn: a trial is asked about, what was kept or turned back is settled.
func (n *next) turnEnded(s technician.Turn, r technician.Result) {
	shown, _ := n.screen.(technician.Turn)
	s.Phase, s.Result = technician.TurnIdle, technician.Result{}
	n.facts[technician.StepTurn] = s
	switch {
	case shown.Phase == technician.TurnTries && r.Done():
		s.Phase, s.Left = technician.TurnAsks, technician.TurnSeconds
		n.screen = s
	case shown.Phase == technician.TurnReturns:
		n.turning = false
		if r.Mark != technician.Bad {
			r = n.turned
		}
		n.settle(r)
	default:
		if r.Done() {
			if n.turning { // what was measured of the panel was measured of another picture
				n.facts[technician.StepPanel], n.results[technician.StepPanel] = nil, technician.Result{}
			}
			n.turning = false
		}
		n.forget() // what could not be kept is turned back
		if !r.Done() {
			n.facts[technician.StepTurn] = technician.Turn{Kept: s.Kept, Shown: s.Kept}
		}
		n.settle(r)
	}
}

// countTurn counts the seconds in which somebody may say that the picture is right: who cannot touch a panel that is turned
// wrongly has only to wait.
func (n *next) countTurn(s technician.Turn) {
	if s.Phase != technician.TurnAsks {
		return
	}
	if s.Left--; s.Left > 0 {
		n.screen = s
		return
	}
	n.turnBack(s, technician.Result{Mark: technician.Bad, Problem: technician.TurnUnkept})
}

func (n *next) answerTurn(s technician.Turn, yes bool) {
	if s.Phase != technician.TurnAsks {
		return
	}
	if !yes {
		n.turnBack(s, technician.Result{})
		return
	}
	n.begin(KeepTurn{s.Shown})
}

// turnBack shows the picture as it was; then is how the step stands after that.
func (n *next) turnBack(s technician.Turn, then technician.Result) {
	n.turned = then
	n.begin(TurnBack{})
	n.screen = technician.Turn{Phase: technician.TurnReturns, Kept: s.Kept, Shown: s.Shown}
}
