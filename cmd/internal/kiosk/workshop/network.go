package workshop

import (
	"errors"
	"strings"

	"tenin/firmware/enrol"
	"tenin/ui/technician"
)

// settingsOf are the device's settings with what the screen says of its network. What no screen asks for stays as it is.
func settingsOf(base enrol.Settings, n technician.Network, passphrase enrol.SecretText) enrol.Settings {
	s := base
	s.Network = enrol.Network{NTP: base.Network.NTP, Proxy: n.Proxy}
	switch {
	case n.Fixed:
		s.Network.DNS = entries(n.DNS)
		if n.Address != "" { // else it is not typed yet, and a gateway alone would be a mistake
			s.Network.Address, s.Network.Gateway = n.Address, n.Gateway
		}
	case base.Network.Address == "":
		s.Network.DNS = base.Network.DNS // servers beside those that DHCP names, from a file
	}
	s.WiFi = enrol.WiFi{}
	if n.Radio {
		s.WiFi = enrol.WiFi{SSID: n.Name, Country: n.Country, Hidden: base.WiFi.Hidden && base.WiFi.SSID == n.Name}
		if n.Passphrase == technician.PassphraseTyped {
			s.WiFi.Passphrase = passphrase
		}
	}
	return s
}

// networkOf is what the screen shows of settings.
func networkOf(s enrol.Settings) technician.Network {
	n := technician.Network{
		Radio: s.WiFi.SSID != "", Fixed: s.Network.Address != "", Address: s.Network.Address, Gateway: s.Network.Gateway,
		Name: s.WiFi.SSID, Country: s.WiFi.Country, Proxy: s.Network.Proxy,
	}
	if n.Fixed {
		n.DNS = strings.Join(s.Network.DNS, " ")
	}
	if n.Radio {
		n.Passphrase = technician.PassphraseKept
	}
	return n
}

// entries are the words of a list that was typed.
func entries(text string) []string {
	list := strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == ',' || r == '　' || r == '、' })
	if len(list) == 0 {
		return nil // as settings without any are read back
	}
	return list
}

// mistakeOf is what enrol has against a network as it is typed; what is not typed yet is no mistake.
func mistakeOf(n technician.Network, passphrase enrol.SecretText) (technician.Problem, string) {
	if n.Radio && n.Name == "" {
		n.Name = "-" // a name that can be, so that the rest is looked at
	}
	s := settingsOf(enrol.Settings{}, n, passphrase)
	return problemIn(s.Check())
}

// problemIn is how a screen says that settings cannot be.
func problemIn(err error) (technician.Problem, string) {
	if err == nil {
		return technician.NoProblem, ""
	}
	var m *enrol.Mistake
	if errors.As(err, &m) && fields[m.Field] != technician.NoProblem {
		return fields[m.Field], m.Error()
	}
	return technician.NotSaved, err.Error()
}

// linked is how a device is connected: what is saved works also where nothing is, so no link is amber.
func linked(n technician.Network, links []enrol.Link) technician.Result {
	var names []string
	carrier, address := false, false
	for _, l := range links {
		if l.Radio != n.Radio {
			continue
		}
		names = append(names, l.Name)
		if !l.Carrier {
			continue
		}
		carrier = true
		for _, a := range l.Addresses {
			address = address || !n.Fixed || a == n.Address
		}
	}
	detail := strings.Join(names, ", ")
	fair := func(p technician.Problem) technician.Result {
		return technician.Result{Mark: technician.Fair, Problem: p, Detail: detail}
	}
	switch {
	case address:
		return technician.Result{Mark: technician.Good}
	case carrier:
		return fair(technician.NetworkNoAddress)
	case n.Radio && len(names) == 0:
		return fair(technician.NetworkNoCard)
	case n.Radio:
		return fair(technician.NetworkNoRadio)
	}
	return fair(technician.NetworkNoCable)
}
