package enrol

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"strings"

	"tenin/storage/seal"
)

// Settings are what this device needs to know about its place, beside the shop's own settings.
type Settings struct {
	// TimeZone is a name of the tz database, as in "Asia/Tokyo"; empty means UTC.
	TimeZone string `json:"timezone,omitempty"`
	// Rotation is by how many degrees the picture is turned clockwise: 0, 90, 180 or 270. Touches turn with it.
	Rotation int     `json:"rotation,omitempty"`
	Network  Network `json:"network,omitzero"`
	WiFi     WiFi    `json:"wifi,omitzero"`
}

// Network is how the device reaches the hub.
type Network struct {
	// Address is a fixed address with the length of its network, as in 192.0.2.10/24; empty means DHCP.
	Address string `toml:"address" json:"address,omitempty"`
	// Gateway, DNS and NTP are addresses. With DHCP they are not needed.
	Gateway string   `toml:"gateway" json:"gateway,omitempty"`
	DNS     []string `toml:"dns" json:"dns,omitempty"`
	NTP     []string `toml:"ntp" json:"ntp,omitempty"`
	// Proxy is http://host:port; the connection to the hub goes through it and stays encrypted to the hub.
	Proxy string `toml:"proxy" json:"proxy,omitempty"`
}

// WiFi is a radio network; without an SSID there is none.
type WiFi struct {
	SSID string `toml:"ssid" json:"ssid,omitempty"`
	// Passphrase has 8 to 63 characters, or is the key in 64 hexadecimal digits; empty means an open network.
	Passphrase SecretText `toml:"psk" json:"-"`
	// Country is where the device is, as two letters: it decides which channels it may use.
	Country string `toml:"country" json:"country,omitempty"`
	// Hidden networks are asked for by name.
	Hidden bool `toml:"hidden" json:"hidden,omitempty"`
}

var (
	zoneText    = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_+-]{0,30}(/[A-Za-z][A-Za-z0-9_+-]{0,30}){0,2}$`)
	countryText = regexp.MustCompile(`^[A-Z]{2}$`)
	hexText     = regexp.MustCompile(`^[0-9a-fA-F]{64}$`)
)

// Mistake is a value that settings cannot have. Its text is one line that names the field.
type Mistake struct {
	// Field is its name as a RequestFile has it, as in "network.gateway".
	Field string
	// Text says what is wrong with it; it repeats no secret.
	Text string
}

// Error names the field and says what is wrong.
func (m *Mistake) Error() string { return m.Field + m.Text }

// mistake is a Mistake whose text goes on after the field's name.
func mistake(field, text string) error { return &Mistake{field, text} }

// Check returns a *Mistake for the first value that cannot be. Whoever asks for settings and whoever keeps them ask it: what
// passes here is kept by Save.
func (s *Settings) Check() error {
	if s.TimeZone != "" && !zoneText.MatchString(s.TimeZone) {
		return mistake("timezone", " is not a name like Asia/Tokyo")
	}
	switch s.Rotation {
	case 0, 90, 180, 270:
	default:
		return mistake("rotation", fmt.Sprintf(" is %d: use 0, 90, 180 or 270", s.Rotation))
	}
	if err := s.Network.check(); err != nil {
		return err
	}
	return s.WiFi.check()
}

func (n *Network) check() error {
	if n.Address == "" && n.Gateway != "" {
		return mistake("network.gateway", " needs network.address: with DHCP neither is written")
	}
	if n.Address != "" {
		p, err := netip.ParsePrefix(n.Address)
		if err != nil || !p.Addr().IsValid() || p.Addr().Zone() != "" || p.Addr().IsUnspecified() || p.Addr().IsMulticast() || p.Addr().IsLoopback() || p.Bits() == 0 {
			return mistake("network.address", " is no address with its network: write it as in 192.0.2.10/24")
		}
		if n.Gateway != "" {
			g, err := netip.ParseAddr(n.Gateway)
			if err != nil || g.Is4() != p.Addr().Is4() || !p.Contains(g) && !g.IsLinkLocalUnicast() || g == p.Addr() {
				return mistake("network.gateway", " is no other address in the network of network.address")
			}
		}
	}
	for _, servers := range []struct {
		field string
		list  []string
		names bool // a server may have a name
	}{{"network.dns", n.DNS, false}, {"network.ntp", n.NTP, true}} {
		if len(servers.list) > 4 {
			return mistake(servers.field, ": name at most four")
		}
		for _, text := range servers.list {
			_, err := netip.ParseAddr(text)
			if err != nil && !(servers.names && hostName.MatchString(text)) || strings.Contains(text, "%") {
				return mistake(servers.field, ": an entry is no address")
			}
		}
	}
	if n.Proxy != "" {
		u, err := url.Parse(n.Proxy)
		if err != nil || u.Scheme != "http" || u.Hostname() == "" || u.Port() == "" || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil || !hostText.MatchString(u.Host) {
			return mistake("network.proxy", " is no proxy: write http://host:port, without a name and a password")
		}
	}
	return nil
}

var hostName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]{0,250}[A-Za-z0-9])?$`)

func (w *WiFi) check() error {
	switch n := w.Passphrase.Len(); {
	case w.SSID == "" && (n > 0 || w.Country != "" || w.Hidden):
		return mistake("wifi.ssid", " is missing")
	case len(w.SSID) > 32:
		return mistake("wifi.ssid", " is longer than 32 bytes")
	case strings.ContainsFunc(w.SSID, func(c rune) bool { return c < ' ' || c == 0x7f }):
		return mistake("wifi.ssid", " has a character that cannot be typed")
	case w.Country != "" && !countryText.MatchString(w.Country):
		return mistake("wifi.country", ": use two capital letters, as in JP")
	case n == 64 && !hexText.Match(w.Passphrase.Bytes()):
		return mistake("wifi.psk", " of 64 characters is a key in hexadecimal digits, and this is none")
	case n > 0 && (n < 8 || n > 64):
		return mistake("wifi.psk", " has 8 to 63 characters")
	}
	for _, b := range w.Passphrase.Bytes() {
		if b < ' ' || b > '~' {
			return mistake("wifi.psk", " has a character that is none of ASCII")
		}
	}
	return nil
}

// wifiFile holds the radio network with its secret; it is in no other place.
const wifiFile = "data/device/network/wpa_supplicant.conf"

// Save keeps the settings on the data partition, readable by root only. The caller applies them.
func (s *Settings) Save(p Place) error {
	if err := s.Check(); err != nil {
		return err
	}
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	if s.WiFi.SSID != "" {
		text := s.WiFi.supplicant()
		defer clear(text)
		if err := p.write(wifiFile, text, 0o600); err != nil {
			return err
		}
	} else if err := os.Remove(p.In(wifiFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return p.write(settingsFile, append(b, '\n'), 0o600)
}

// LoadSettings reads what Save wrote, but for the Wi-Fi's secret; without a file they are the defaults.
func LoadSettings(p Place) (s Settings, err error) {
	b, err := os.ReadFile(p.In(settingsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return Settings{}, nil
	} else if err != nil {
		return Settings{}, err
	}
	if err := json.Unmarshal(b, &s); err != nil {
		return Settings{}, fmt.Errorf("%s is damaged: %w; enrol the device anew", p.In(settingsFile), err)
	}
	if err := s.Check(); err != nil {
		return Settings{}, fmt.Errorf("%s: %w", p.In(settingsFile), err)
	}
	return s, nil
}

// supplicant is the file that wpa_supplicant reads (wpa_supplicant.conf(5)).
func (w *WiFi) supplicant() []byte {
	var b strings.Builder
	b.WriteString("ctrl_interface=\nupdate_config=0\n")
	if w.Country != "" {
		fmt.Fprintf(&b, "country=%s\n", w.Country)
	}
	// The name in hexadecimal digits: no character of it can end the line or the quotes.
	fmt.Fprintf(&b, "network={\n\tssid=%x\n", w.SSID)
	if w.Hidden {
		b.WriteString("\tscan_ssid=1\n")
	}
	secret := w.Passphrase.Bytes()
	switch len(secret) {
	case 0:
		b.WriteString("\tkey_mgmt=NONE\n")
	case 64:
		fmt.Fprintf(&b, "\tkey_mgmt=WPA-PSK\n\tpsk=%s\n", secret)
	default:
		fmt.Fprintf(&b, "\tkey_mgmt=WPA-PSK WPA-PSK-SHA256 SAE\n\tieee80211w=1\n\tpsk=\"%s\"\n", secret)
	}
	b.WriteString("}\n")
	return []byte(b.String())
}

// keepWiFi takes the radio network's secret from what is kept already, when the same network is saved again without it.
func (s *Settings) keepWiFi(p Place) {
	if s.WiFi.SSID == "" || s.WiFi.Passphrase.Len() > 0 {
		return
	}
	b, err := os.ReadFile(p.In(wifiFile))
	if err != nil || !strings.Contains(string(b), fmt.Sprintf("\tssid=%x\n", s.WiFi.SSID)) {
		return
	}
	defer clear(b)
	for line := range strings.Lines(string(b)) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), "psk="); ok {
			value = strings.TrimSuffix(strings.TrimPrefix(value, `"`), `"`)
			s.WiFi.Passphrase = SecretText{seal.NewSecret([]byte(value))}
		}
	}
}
