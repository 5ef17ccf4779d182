package technician

import (
	"strings"

	"tenin/ui"
)

func (p *page) network(s Network) {
	if s.Result.Mark == Busy {
		p.step(StepNetwork, s.Result, "", []block{p.headline(p.w.NetworkUsing)})
		return
	}
	ways := p.drawn(p.MM(17), func(b ui.Box) {
		steps := []ui.Step{ui.Small, 5, 4.4, 3.8, 3.4}
		half := b.Columns(2, p.MM(6))
		for i, c := range half[0].Columns(2, p.MM(2)) {
			p.Button(c, ui.ButtonSpec{Label: either(i == 1, p.w.Cable, p.w.Radio), Chosen: s.Radio == (i == 1), Steps: steps, Tap: p.tap(ChooseRadio{i == 1})})
		}
		for i, c := range half[1].Columns(2, p.MM(2)) {
			p.Button(c, ui.ButtonSpec{Label: either(i == 1, p.w.Given, p.w.Fixed), Chosen: s.Fixed == (i == 1), Steps: steps, Tap: p.tap(ChooseFixed{i == 1})})
		}
	})
	fields := s.fields()
	columns := either(p.Portrait(), 3, 2)
	rows := (len(fields) + columns - 1) / columns
	high := either(p.Portrait(), p.MM(17), p.MM(24))
	typed := p.drawn(float32(rows)*high+float32(rows-1)*p.MM(2), func(b ui.Box) {
		for i, place := range grid(b, columns, rows, p.MM(2)) {
			if i < len(fields) {
				p.typed(place, p.w.Fields[fields[i]][0], p.networkValue(s, fields[i]), EditField{fields[i]})
			}
		}
	})
	blocks := []block{ways, typed}
	for _, l := range s.Links[:min(len(s.Links), 3)] {
		blocks = append(blocks, p.link(l))
	}
	if len(s.Links) == 0 {
		blocks = append(blocks, p.note(p.w.NetworkNone, p.Colours.Quiet))
	}
	p.step(StepNetwork, s.Result, p.w.NetworkGood, blocks, ui.ButtonSpec{Label: p.w.NetworkUse, Icon: ui.Check, Kind: ui.Primary, Tap: p.tap(Test{})})
}

// typed is a button with the name of a field and what is in it.
func (p *page) typed(b ui.Box, name, value string, e Event) {
	p.lines(b, p.MM(3), p.MM(0.8), line{name, p.Colours.Quiet}, line{value, p.Colours.Ink},
		[][2]ui.Step{{ui.Small, ui.Body}, {5, ui.Small}, {4.4, 5}, {4, 4.4}, {3.6, 3.8}, {3, 3.2}}, e)
}

// fields are those that the chosen way needs.
func (s Network) fields() (all []Field) {
	if s.Radio {
		all = append(all, FieldNetworkName, FieldPassphrase, FieldCountry)
	}
	if s.Fixed {
		all = append(all, FieldAddress, FieldGateway, FieldDNS)
	}
	return append(all, FieldProxy)
}

func (p *page) networkValue(s Network, f Field) string {
	if f == FieldPassphrase {
		return p.w.Passphrases[s.Passphrase]
	}
	text := map[Field]string{FieldAddress: s.Address, FieldGateway: s.Gateway, FieldDNS: s.DNS, FieldNetworkName: s.Name, FieldCountry: s.Country, FieldProxy: s.Proxy}[f]
	if text == "" {
		return "–"
	}
	return clip(text, 40)
}

// link is a card, how it is connected and what addresses it has.
func (p *page) link(l Link) block {
	words := [2]string{p.w.LinkDown, p.w.LinkUp}
	if l.Radio {
		words = [2]string{p.w.LinkOut, p.w.LinkIn}
	}
	card := either(l.Radio, p.w.Cable, p.w.Radio) + " " + clip(l.Name, 16) + ": "
	switch {
	case !l.Carrier:
		return p.item(Undone, card+words[0])
	case len(l.Addresses) == 0:
		return p.item(Fair, card+words[1]+", "+p.w.NoAddress)
	}
	return p.item(Good, card+words[1]+", "+strings.Join(l.Addresses[:min(len(l.Addresses), 2)], ", "))
}
