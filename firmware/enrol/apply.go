package enrol

import (
	"fmt"
	"strings"
)

// The files that Apply writes, all of them in memory.
const (
	ethernetFile = "run/systemd/network/10-tenin-ethernet.network"
	radioFile    = "run/systemd/network/10-tenin-wifi.network"
	displayFile  = "run/tenin/xorg.conf"
)

// Apply writes what the settings mean to the services of this start: their network, their variables and their display. It
// writes the same files for the same settings, and a cable with DHCP where there are none. A time zone that this system does
// not know is told, and left out.
func Apply(p Place, s Settings) error {
	if err := s.Check(); err != nil {
		return err
	}
	files := map[string]string{
		ethernetFile: s.Network.unit("ether", s.WiFi.SSID == ""),
		radioFile:    s.Network.unit("wlan", s.WiFi.SSID != ""),
		displayFile:  display(s.Rotation),
	}
	var unknown error
	if s.TimeZone != "" && !p.Has("usr/share/zoneinfo/"+s.TimeZone) {
		unknown = fmt.Errorf("the time zone %s is not known here: the device shows UTC", s.TimeZone)
		s.TimeZone = ""
	}
	files[Environment] = s.environment()
	for name, text := range files {
		if err := p.write(name, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return unknown
}

// unit is a file of systemd.network(5). The fixed address is that of the network that is used: the radio where there is one.
func (n *Network) unit(kind string, main bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "[Match]\nType=%s\n\n[Network]\nLLMNR=no\nMulticastDNS=no\nLLDP=no\nEmitLLDP=no\n", kind)
	if n.Address != "" && main {
		fmt.Fprintf(&b, "DHCP=no\nAddress=%s\n", n.Address)
		if n.Gateway != "" {
			fmt.Fprintf(&b, "Gateway=%s\n", n.Gateway)
		}
	} else {
		b.WriteString("DHCP=yes\n")
	}
	for _, a := range n.DNS {
		fmt.Fprintf(&b, "DNS=%s\n", a)
	}
	for _, a := range n.NTP {
		fmt.Fprintf(&b, "NTP=%s\n", a)
	}
	// The name of the device is nobody's business.
	b.WriteString("\n[DHCPv4]\nSendHostname=no\nUseHostname=no\n\n[DHCPv6]\nSendHostname=no\n")
	return b.String()
}

func (s *Settings) environment() string {
	var b strings.Builder
	if s.TimeZone != "" {
		fmt.Fprintf(&b, "TZ=%s\n", s.TimeZone)
	}
	if s.Network.Proxy != "" {
		fmt.Fprintf(&b, "HTTPS_PROXY=%s\n", s.Network.Proxy)
	}
	return b.String()
}

// connectors are the names that the X server's modesetting driver gives to a panel's connector. A section for one that is not
// there does nothing.
var connectors = []string{
	"eDP-1", "LVDS-1", "DSI-1", "HDMI-1", "HDMI-2", "HDMI-3", "DP-1", "DP-2", "DP-3", "DP-4", "DVI-D-1", "DVI-I-1", "VGA-1", "Virtual-1",
}

// turns are how xorg.conf(5) calls a turn, and the matrix that turns touches along.
var turns = map[int][2]string{
	90:  {"right", "0 1 0 -1 0 1 0 0 1"},
	180: {"inverted", "-1 0 1 0 -1 1 0 0 1"},
	270: {"left", "0 -1 1 1 0 0 0 0 1"},
}

// display is a piece of xorg.conf(5).
func display(rotation int) string {
	turn, ok := turns[rotation]
	if !ok {
		return "# The picture is not turned.\n"
	}
	var b strings.Builder
	for _, name := range connectors {
		fmt.Fprintf(&b, "Section \"Monitor\"\n\tIdentifier \"%s\"\n\tOption \"Rotate\" \"%s\"\nEndSection\n", name, turn[0])
	}
	fmt.Fprintf(&b, "Section \"InputClass\"\n\tIdentifier \"tenin touch\"\n\tMatchIsTouchscreen \"on\"\n\tOption \"TransformationMatrix\" \"%s\"\nEndSection\n", turn[1])
	return b.String()
}
