package config

import (
	"slices"
	"testing"
)

func TestACallGoesToTheLocalNetworkOrALampAndNowhereElse(t *testing.T) {
	for send, want := range map[string]string{
		"":                            "",
		"udp://192.168.1.20:7000":     "192.168.1.20:7000",
		"tcp://127.0.0.1:9":           "127.0.0.1:9",
		"http://10.0.0.5:8080/bell":   "10.0.0.5:8080",
		"http://[fd00::7]:80/":        "[fd00::7]:80",
		"serial:///dev/ttyUSB0":       "/dev/ttyUSB0",
		"gpio:///dev/gpiochip0/17":    "/dev/gpiochip0",
		"udp://8.8.8.8:7000":          "!",
		"udp://[2001:db8::1]:7000":    "!",
		"udp://lamp.local:7000":       "!",
		"udp://192.168.1.20":          "!",
		"udp://192.168.1.20:0":        "!",
		"tcp://192.168.1.20:7000/x":   "!",
		"http://a@192.168.1.20:80/":   "!",
		"http://192.168.1.20:80/?q=1": "!",
		"https://192.168.1.20:443/":   "!",
		"serial:///dev/../etc/passwd": "!",
		"serial:///etc/passwd":        "!",
		"serial://host/dev/ttyUSB0":   "!",
		"gpio:///dev/gpiochip0":       "!",
		"gpio:///dev/gpiochip0/07":    "!",
		"gpio:///dev/gpiochip0/x":     "!",
	} {
		c := defaultCall()
		c.Send = send
		a, err := c.Address()
		got := a.Device
		if a.Peer.IsValid() {
			got = a.Peer.String()
		}
		if err != nil {
			got = "!"
		}
		if got != want || (c.check() == nil) != (want != "!") {
			t.Errorf("%q: %q, %v, want %q", send, got, err, want)
		}
	}
}

func TestTheTopicsOfACallAreAListOfNames(t *testing.T) {
	c := defaultCall()
	c.Topics = " 返品, ,駐車場 ,会計"
	if got := c.TopicList(); !slices.Equal(got, []string{"返品", "駐車場", "会計"}) || c.check() != nil {
		t.Errorf("%q", got)
	}
	if (Kiosk{Number: 3}).Title() != "3" || (Kiosk{Number: 3, Name: "北口"}).Title() != "北口" {
		t.Error("a kiosk without a name is known by its number")
	}
}

func FuzzCallAddress(f *testing.F) {
	f.Add("udp://192.168.1.20:7000")
	f.Add("gpio:///dev/gpiochip0/17")
	f.Add("http://[fe80::1%eth0]:80/x")
	f.Fuzz(func(t *testing.T, send string) {
		a, err := Call{LateSeconds: 90, Send: send}.Address()
		if err != nil || send == "" {
			return
		}
		ip := a.Peer.Addr().Unmap()
		if a.Device == "" && !ip.IsPrivate() && !ip.IsLoopback() && !ip.IsLinkLocalUnicast() {
			t.Errorf("%q leads to %v", send, a.Peer)
		}
	})
}
