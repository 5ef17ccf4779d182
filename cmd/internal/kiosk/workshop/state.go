package workshop

import (
	"tenin/firmware/enrol"
	"tenin/ui"
	"tenin/ui/keyboard"
	"tenin/ui/technician"
)

const (
	// idleSeconds without a touch lock the screens; the last of them are counted on the screen. A recovery key takes two
	// minutes to write down.
	idleSeconds  = 240
	countSeconds = 60
	// mostWaited is for how long a task keeps the screens from locking themselves.
	mostWaited = 900
	// mostGoing is how long a restart may take until it is told that it did not happen.
	mostGoing = 90
	// wipedSeconds is for how long it is shown that all was erased, before the program starts anew.
	wipedSeconds = 5
	// holdSeconds is for how long the wipe's button is held.
	holdSeconds = 3
	// mostDigits is the longest PIN of the number pad, leastDigits the shortest that can be chosen.
	mostDigits  = 12
	leastDigits = 6
	// steps is how many there are.
	steps = int(technician.StepFinish) + 1
)

// State is all that the screens remember. The zero State is closed.
type State struct {
	open     bool
	entered  bool // a PIN was given, or none stands before the screens
	device   bool // the machine was flashed: turning the picture and the network are steps too
	language technician.Language
	look     ui.Look
	kiosk    string

	screen technician.Screen // what is shown
	run    int               // number of the last task
	busy   bool              // it is under way
	idle   int               // seconds since the last touch
	waited int               // seconds for which a task has been waited for

	at      technician.Step // the step that is on the screen, or was last
	results [steps]technician.Result
	facts   [steps]technician.Screen // what is known of each step
	health  technician.Mark

	pin     string // digits that were typed
	first   string // a new PIN, typed for the first time
	fromSet bool   // the new PIN was asked for by the set-up's step, not by the menu

	turning bool              // the picture is turned, and nobody has said that it is right
	turned  technician.Result // how the step stands when it is turned back
	secret  enrol.SecretText  // the Wi-Fi's passphrase, until it is saved
	hidden  bool              // what is typed is shown as dots

	board   keyboard.State
	hub     string   // address that was typed
	lost    []string // groups of the recovery key, for a lost PIN
	asked   [2]int   // groups of a new recovery key that are typed back; zeros: none is pending
	typed   string   // the first of them
	pending bool     // the Bench has a recovery key that is not the vault's

	holding bool
}

// Open reports whether the technician's screens are shown.
func (s State) Open() bool { return s.open }

// next changes a State and collects what is to be done.
type next struct {
	State
	effects []Effect
}

// do begins a task. Whatever was under way is no longer wanted.
func (n *next) do(t Task) {
	n.stop()
	n.run++
	n.busy = true
	n.effects = append(n.effects, Do{n.run, t})
}

// stop ends the task under way.
func (n *next) stop() {
	if n.busy {
		n.effects = append(n.effects, Cancel{})
		n.busy = false
	}
}

// aside does a task whose end nobody waits for: its number is that of none.
func (n *next) aside(t Task) { n.effects = append(n.effects, Do{0, t}) }

// forget drops what was typed, and a recovery key that was shown and not checked.
func (n *next) forget() {
	n.pin, n.first, n.typed, n.lost, n.board, n.holding = "", "", "", nil, keyboard.State{}, false
	n.asked = [2]int{}
	if n.pending {
		n.pending = false
		n.aside(ForgetRecovery{})
	}
	if n.turning {
		n.turning = false
		n.facts[technician.StepTurn] = nil // how it is then is looked at
		n.aside(TurnBack{})
	}
	if r, ok := n.screen.(technician.Recovery); ok && len(r.Groups) > 0 {
		n.screen = technician.Menu{}
	}
}

// view is the picture of a State.
func (s State) view() technician.View {
	v := technician.View{Language: s.language, Kiosk: s.kiosk, Device: s.device, Screen: s.screen}
	if left := idleSeconds - s.idle; left <= countSeconds && !s.unstoppable() {
		v.Left = max(left, 1)
	}
	return v
}

func (s State) unstoppable() bool {
	switch w := s.screen.(type) {
	case technician.Wipe:
		return w.Phase >= technician.WipeRuns
	case technician.Power:
		return w.Phase == technician.PowerGoes
	}
	return false
}

// rows are all steps before the last one.
func (s State) rows() []technician.Row {
	rows := make([]technician.Row, 0, steps-1)
	for _, step := range technician.StepsOf(s.device) {
		if step != technician.StepFinish {
			rows = append(rows, technician.Row{Step: step, Result: s.results[step]})
		}
	}
	return rows
}

// worst is the mark of the whole set-up.
func (s State) worst() technician.Mark {
	mark := technician.Good
	for _, r := range s.rows() {
		switch r.Result.Mark {
		case technician.Bad:
			return technician.Bad
		case technician.Undone, technician.Busy:
			mark = technician.Undone
		case technician.Fair:
			if mark == technician.Good {
				mark = technician.Fair
			}
		}
	}
	return mark
}
