package config

import (
	"fmt"
	"net/netip"
	"net/url"
	"path"
	"strings"
	"time"
	"unicode/utf8"
)

// Kiosk tells this kiosk from the shop's others.
type Kiosk struct {
	// Number of the kiosk in the shop.
	Number int `toml:"number"`
	// Name is what staff call it; empty: its number.
	Name string `toml:"name"`
	// Floor is where it stands, as the floor map names it; empty: not said.
	Floor string `toml:"floor"`
}

func defaultKiosk() Kiosk { return Kiosk{Number: 1} }

// Title is the kiosk's name, or its number.
func (k Kiosk) Title() string {
	if k.Name != "" {
		return k.Name
	}
	return fmt.Sprint(k.Number)
}

func (k Kiosk) check() error {
	switch {
	case k.Number < 1 || k.Number > 999:
		return fmt.Errorf("kiosk.number is %d: use 1 to 999", k.Number)
	case utf8.RuneCountInString(k.Name) > 20 || strings.ContainsAny(k.Name, "\r\n\t"):
		return fmt.Errorf("kiosk.name is %q: use at most 20 characters in a line", k.Name)
	case utf8.RuneCountInString(k.Floor) > 40 || strings.ContainsAny(k.Floor, "\r\n\t"):
		return fmt.Errorf("kiosk.floor is %q: use at most 40 characters in a line", k.Floor)
	}
	return nil
}

// Call is what happens when a shopper asks for staff.
type Call struct {
	// LateSeconds without anybody on the way are too long: the shopper's screen and the staff's say so.
	LateSeconds float64 `toml:"late_seconds"`
	// Send is where one message goes that holds no word of the shopper; empty: nowhere.
	Send string `toml:"send"`
	// Topics are the names that the message may hold, separated by commas.
	Topics string `toml:"topics"`
}

func defaultCall() Call { return Call{LateSeconds: 90} }

// Late returns LateSeconds.
func (c Call) Late() time.Duration { return time.Duration(c.LateSeconds * float64(time.Second)) }

// mostCallTopics is what fits into the byte that carries a topic's number.
const mostCallTopics = 200

// TopicList is the list that Topics holds.
func (c Call) TopicList() (list []string) {
	for topic := range strings.SplitSeq(c.Topics, ",") {
		if topic = strings.TrimSpace(topic); topic != "" {
			list = append(list, topic)
		}
	}
	return list
}

// A CallAddress is where the message of a call goes.
type CallAddress struct {
	// Scheme is "udp", "tcp", "http", "serial" or "gpio".
	Scheme string
	// Peer and Path are for the first three; Path is http's.
	Peer netip.AddrPort
	Path string
	// Device is the file of a serial lamp or of a GPIO chip; Line is the chip's.
	Device string
	Line   uint32
}

// Address reads Send; the zero CallAddress when it is empty. The network's addresses are those of a local network: the
// message calls somebody in this shop.
func (c Call) Address() (a CallAddress, err error) {
	if c.Send == "" {
		return a, nil
	}
	u, err := url.Parse(c.Send)
	if err != nil || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return a, fmt.Errorf("it reads like no address")
	}
	switch a.Scheme = u.Scheme; u.Scheme {
	case "udp", "tcp", "http":
		if a.Peer, err = netip.ParseAddrPort(u.Host); err != nil {
			return CallAddress{}, fmt.Errorf("name a number and a port: %s://192.168.1.20:7000", u.Scheme)
		}
		ip := a.Peer.Addr().Unmap()
		if a.Peer.Port() == 0 || !ip.IsPrivate() && !ip.IsLoopback() && !ip.IsLinkLocalUnicast() {
			return CallAddress{}, fmt.Errorf("%s is not in a local network", u.Host)
		}
		if a.Path = u.EscapedPath(); u.Scheme != "http" && a.Path != "" {
			return CallAddress{}, fmt.Errorf("a path belongs to http alone")
		}
	case "serial", "gpio":
		a.Device = u.Path
		if u.Scheme == "gpio" {
			// gpio:///dev/gpiochip0/17
			var line uint32
			if _, err := fmt.Sscanf(path.Base(u.Path), "%d", &line); err != nil || fmt.Sprint(line) != path.Base(u.Path) {
				return CallAddress{}, fmt.Errorf("name a chip and a line: gpio:///dev/gpiochip0/17")
			}
			a.Device, a.Line = path.Dir(u.Path), line
		}
		if u.Host != "" || path.Clean(a.Device) != a.Device || !strings.HasPrefix(a.Device, "/dev/") {
			return CallAddress{}, fmt.Errorf("name a device: serial:///dev/ttyUSB0")
		}
	default:
		return CallAddress{}, fmt.Errorf("begin with udp://, tcp://, http://, serial:// or gpio://")
	}
	return a, nil
}

func (c Call) check() error {
	if !within(c.LateSeconds, 15, 3600) {
		return fmt.Errorf("call.late_seconds is %g: use 15 to 3600", c.LateSeconds)
	}
	if _, err := c.Address(); err != nil {
		return fmt.Errorf("call.send is %q: %w", c.Send, err)
	}
	list := c.TopicList()
	if len(list) > mostCallTopics {
		return fmt.Errorf("call.topics names %d topics: use at most %d", len(list), mostCallTopics)
	}
	for _, topic := range list {
		if utf8.RuneCountInString(topic) > 40 || strings.ContainsAny(topic, "\r\n\t") || !utf8.ValidString(topic) {
			return fmt.Errorf("call.topics holds a name of more than 40 characters, or of several lines: %q", topic)
		}
	}
	return nil
}
