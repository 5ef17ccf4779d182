package workshop

import (
	"strings"
	"unicode/utf8"

	"tenin/firmware/enrol"
	"tenin/storage/seal"
	"tenin/ui"
	"tenin/ui/keyboard"
	"tenin/ui/technician"
)

// networkField is the keyboard for a field of the network, and what is in it; false: that step has no such field.
func networkField(s technician.Network, f technician.Field) (layout keyboard.Layout, text string, ok bool) {
	switch f {
	case technician.FieldAddress:
		return keyboard.Numbers, s.Address, true
	case technician.FieldGateway:
		return keyboard.Numbers, s.Gateway, true
	case technician.FieldDNS:
		return keyboard.Numbers, s.DNS, true
	case technician.FieldNetworkName:
		return keyboard.Latin, s.Name, true
	case technician.FieldPassphrase:
		return keyboard.Latin, "", true // what was typed is not shown again
	case technician.FieldCountry:
		return keyboard.Latin, s.Country, true
	case technician.FieldProxy:
		return keyboard.Latin, s.Proxy, true
	}
	return 0, "", false
}

// dot stands for a character that is not shown.
const dot = "•"

// keysOf is the keyboard of a field as it is drawn.
func (n *next) keysOf(f technician.Field) keyboard.View {
	v := n.keys()
	switch f {
	case technician.FieldAddress, technician.FieldGateway, technician.FieldDNS, technician.FieldCountry, technician.FieldProxy, technician.FieldPassphrase:
		v.Offers = keyboard.Typewriter()
	case technician.FieldNetworkName:
		v.Offers = append(keyboard.Layouts(), keyboard.Signs)
	}
	if f == technician.FieldPassphrase && n.hidden {
		v.State = keyboard.State{Layout: v.State.Layout, Shift: v.State.Shift, Text: strings.Repeat(dot, utf8.RuneCountInString(v.State.String()))}
	}
	return v
}

func (n *next) toggleHidden(s technician.Edit) {
	if s.Secret {
		n.hidden = !n.hidden
		s.Hidden, s.Board = n.hidden, n.keysOf(s.Field)
		n.screen = s
	}
}

// enterNetwork takes what was typed into a field of the network. A field that cannot be stays on the screen.
func (n *next) enterNetwork(s technician.Edit, draft technician.Network, text string) {
	typed, fresh := n.secret, false
	switch s.Field {
	case technician.FieldAddress:
		draft.Address = text
	case technician.FieldGateway:
		draft.Gateway = text
	case technician.FieldDNS:
		draft.DNS = strings.Join(entries(text), " ")
	case technician.FieldNetworkName:
		if text != draft.Name && draft.Passphrase == technician.PassphraseKept {
			draft.Passphrase = technician.PassphraseNone // the one that is kept is another network's
		}
		draft.Name = text
	case technician.FieldPassphrase:
		typed, fresh = enrol.SecretText{Secret: seal.NewSecret([]byte(text))}, true
		if draft.Passphrase = technician.PassphraseTyped; text == "" {
			draft.Passphrase = technician.PassphraseNone
		}
	case technician.FieldCountry:
		draft.Country = strings.ToUpper(text)
	case technician.FieldProxy:
		draft.Proxy = text
	}
	problem, detail := mistakeOf(draft, typed)
	if s.Field == technician.FieldNetworkName && ui.Undrawable(text) != "" {
		problem = technician.NameUndrawable
	}
	if problem == technician.NameUndrawable || problem != technician.NoProblem && problem == problemOf[s.Field] {
		if fresh {
			n.aside(DropPassphrase{typed})
		}
		s.Problem, s.Detail = problem, detail
		n.screen = s
		return
	}
	if fresh {
		n.dropPassphrase()
		n.secret = typed
	}
	n.change(draft)
	n.mistaken(problem, detail)
}

// problemOf is the problem that each field can have.
var problemOf = map[technician.Field]technician.Problem{
	technician.FieldAddress: technician.NetworkAddress, technician.FieldGateway: technician.NetworkGateway, technician.FieldDNS: technician.NetworkDNS,
	technician.FieldNetworkName: technician.NetworkName, technician.FieldPassphrase: technician.NetworkPassphrase,
	technician.FieldCountry: technician.NetworkCountry, technician.FieldProxy: technician.NetworkProxy,
}

// dropPassphrase has the passphrase wiped when nothing that was begun before needs it any more.
func (n *next) dropPassphrase() {
	if n.secret.Len() > 0 {
		n.aside(DropPassphrase{n.secret})
	}
	n.secret = enrol.SecretText{}
}

func (n *next) chooseWay(choose func(*technician.Network)) {
	s, ok := n.facts[n.at].(technician.Network)
	if !ok || n.at != technician.StepNetwork || n.asking() {
		return
	}
	choose(&s)
	n.change(s)
	n.mistaken(mistakeOf(s, n.secret))
}

// testNetwork saves the network, if it can be one.
func (n *next) testNetwork() {
	s, ok := n.facts[n.at].(technician.Network)
	if !ok {
		return
	}
	problem, detail := mistakeOf(s, n.secret)
	switch {
	case s.Radio && s.Name == "":
		problem, detail = technician.NetworkName, ""
	case s.Fixed && s.Address == "":
		problem, detail = technician.NetworkAddress, ""
	}
	if problem != technician.NoProblem {
		n.mistaken(problem, detail)
		return
	}
	n.begin(SetNetwork{s, n.secret})
}

// mistaken settles the step with a mistake, if there is one.
func (n *next) mistaken(problem technician.Problem, detail string) {
	if problem != technician.NoProblem {
		n.settle(technician.Result{Mark: technician.Bad, Problem: problem, Detail: detail})
	}
}
