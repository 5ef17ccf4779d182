package workshop

import (
	"fmt"
	"strconv"
	"strings"

	"tenin/storage/seal"
	"tenin/ui"
	"tenin/ui/keyboard"
	"tenin/ui/technician"
)

// edit opens the keyboard for a field of the step that is on the screen.
func (n *next) edit(f technician.Field) {
	layout, text := keyboard.Latin, ""
	switch s := n.facts[n.at].(type) {
	case technician.Shop:
		switch f {
		case technician.FieldShopName:
			text = s.Name
		case technician.FieldFloor:
			text = s.Floor
		default:
			return
		}
		layout = n.words()
	case technician.Brand:
		switch f {
		case technician.FieldBrandName:
			text, layout = s.Name, n.words()
		case technician.FieldAccent:
			text = fmt.Sprintf("%06X", s.Accent)
		default:
			return
		}
	case technician.Clock:
		if f != technician.FieldTime {
			return
		}
		layout = keyboard.Digits
	case technician.Hub:
		switch f {
		case technician.FieldHubAddress:
			if text = n.hub; text == "" {
				text = s.Address
			}
		case technician.FieldHubCode:
		default:
			return
		}
	case technician.Network:
		var ok bool
		if layout, text, ok = networkField(s, f); !ok || n.asking() {
			return
		}
	default:
		return
	}
	n.stop()
	n.board = keyboard.State{Layout: layout, Text: text}
	n.hidden = f == technician.FieldPassphrase
	n.screen = technician.Edit{Field: f, Board: n.keysOf(f), Secret: n.hidden, Hidden: n.hidden}
}

// words is the layout for a shop's words.
func (n *next) words() keyboard.Layout {
	if n.language == technician.English {
		return keyboard.Latin
	}
	return keyboard.Gojuon
}

func (n *next) typeKey(s technician.Edit, k keyboard.Key) {
	n.board = keyboard.Press(n.board, k)
	s.Board, s.Problem = n.keysOf(s.Field), technician.NoProblem
	n.screen = s
	if k.Kind == keyboard.Enter {
		n.enter(s, strings.TrimSpace(n.board.Text))
	}
}

// enter takes what was typed into a field.
func (n *next) enter(s technician.Edit, text string) {
	wrong := func(p technician.Problem) {
		s.Problem = p
		n.screen = s
	}
	switch s.Field {
	case technician.FieldLostKey:
		if text == "" {
			return
		}
		n.lost = append(append([]string(nil), n.lost...), text)
		if len(n.lost) < seal.RecoveryGroups {
			n.editLost(technician.NoProblem)
			return
		}
		n.board = keyboard.State{}
		n.screen = technician.PIN{Purpose: technician.PINChoose, Most: mostDigits}
		return
	case technician.FieldRecoveryGroup:
		if text == "" {
			return
		}
		if n.typed == "" {
			n.typed = text
			n.editGroup(n.asked[1], s.Groups)
			return
		}
		first := n.typed
		n.typed, n.board, n.asked = "", keyboard.State{}, [2]int{}
		n.screen = technician.Recovery{Result: technician.Result{Mark: technician.Busy}}
		n.do(ConfirmRecovery{first, text})
		return
	}
	switch fact := n.facts[n.at].(type) {
	case technician.Shop:
		if ui.Undrawable(text) != "" {
			wrong(technician.NameUndrawable)
			return
		}
		if s.Field == technician.FieldFloor {
			fact.Floor = text
		} else {
			fact.Name = text
		}
		n.change(fact)
	case technician.Brand:
		if s.Field == technician.FieldAccent {
			rgb, err := strconv.ParseUint(strings.TrimPrefix(text, "#"), 16, 24)
			if err != nil || len(strings.TrimPrefix(text, "#")) != 6 {
				return
			}
			n.board = keyboard.State{}
			n.accent(fact, uint32(rgb))
			return
		}
		if ui.Undrawable(text) != "" {
			wrong(technician.NameUndrawable)
			return
		}
		fact.Name = text
		n.change(fact)
	case technician.Network:
		n.enterNetwork(s, fact, text)
	case technician.Clock:
		if len(text) != 12 {
			wrong(technician.ClockWrong)
			return
		}
		n.begin(SetClock{text})
	case technician.Hub:
		if text == "" {
			return
		}
		if s.Field == technician.FieldHubAddress {
			n.hub = text
			fact.Address = text
			n.change(fact)
			return
		}
		address := n.hub
		if address == "" {
			address = fact.Address
		}
		n.begin(JoinHub{address, text})
	}
}

// change takes a draft: what was tested before is no longer what stands there.
func (n *next) change(draft technician.Screen) {
	n.board = keyboard.State{}
	n.facts[n.at] = draft
	n.results[n.at] = technician.Result{}
	n.results[technician.StepFinish] = technician.Result{}
	n.showStep()
}

func (n *next) accent(b technician.Brand, rgb uint32) {
	b.Accent, b.Ratio, b.Nearest = rgb, ui.AccentRatio(rgb), ui.NearestAccent(rgb)
	n.change(b)
	if b.Ratio < ui.LeastContrast {
		n.results[n.at] = technician.Result{Mark: technician.Bad, Problem: technician.AccentTooPale}
		n.showStep()
	}
}

// editGroup asks for a group of a recovery key that was shown.
func (n *next) editGroup(group, groups int) {
	n.board = keyboard.State{Layout: keyboard.Latin}
	n.screen = technician.Edit{Field: technician.FieldRecoveryGroup, Board: n.keys(), Group: group, Groups: groups}
}
