package enrol

import (
	"errors"
	"os"
	"strings"
	"testing"

	"tenin/storage/seal"
)

func saved(t *testing.T, p Place, s Settings) string {
	t.Helper()
	must(t, s.Save(p))
	again, err := LoadSettings(p)
	must(t, err)
	must(t, Apply(p, again))
	var all strings.Builder
	for _, name := range []string{ethernetFile, radioFile, displayFile, Environment} {
		b, err := os.ReadFile(p.In(name))
		must(t, err)
		all.WriteString("== " + name + "\n" + string(b))
	}
	return all.String()
}

func TestWithoutSettingsACableAndDHCPAreEnough(t *testing.T) {
	p := Place(t.TempDir())
	s, err := LoadSettings(p)
	must(t, err)
	all := saved(t, p, s)
	if strings.Count(all, "DHCP=yes") != 2 || strings.Contains(all, "Monitor") || strings.Contains(all, "TZ=") {
		t.Error(all)
	}
}

func TestAFixedAddressIsTheRadiosWhereThereIsOne(t *testing.T) {
	p := Place(t.TempDir())
	fixed := Network{Address: "192.0.2.10/24", Gateway: "192.0.2.1", DNS: []string{"192.0.2.1"}, Proxy: "http://192.0.2.1:3128"}
	all := saved(t, p, Settings{Network: fixed})
	wire, radio, _ := strings.Cut(all, "== "+radioFile)
	if !strings.Contains(wire, "DHCP=no\nAddress=192.0.2.10/24\nGateway=192.0.2.1\n") || !strings.Contains(radio, "DHCP=yes") {
		t.Error(all)
	}
	if !strings.Contains(all, "HTTPS_PROXY=http://192.0.2.1:3128\n") {
		t.Error("no service is told of the proxy")
	}
	all = saved(t, p, Settings{Network: fixed, WiFi: WiFi{SSID: "shop"}})
	wire, radio, _ = strings.Cut(all, "== "+radioFile)
	if !strings.Contains(radio, "Address=192.0.2.10/24") || strings.Contains(wire, "Address=") {
		t.Error(all)
	}
}

func TestAWiFisSecretIsInOneFileThatOnlyRootReads(t *testing.T) {
	p := Place(t.TempDir())
	s := Settings{WiFi: WiFi{SSID: "shop", Passphrase: SecretText{seal.NewSecret([]byte("correct horse"))}}}
	all := saved(t, p, s)
	kept, err := os.ReadFile(p.In(settingsFile))
	must(t, err)
	if strings.Contains(all+string(kept), "correct horse") {
		t.Error("the secret is in a second file")
	}
	info, err := os.Stat(p.In(wifiFile))
	must(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("its mode is %v", info.Mode())
	}
	text, err := os.ReadFile(p.In(wifiFile))
	must(t, err)
	if !strings.Contains(string(text), "\tpsk=\"correct horse\"\n") || !strings.Contains(string(text), "\tssid=73686f70\n") {
		t.Error(string(text))
	}
	// The same network, saved again by somebody who does not know the secret.
	again := Settings{WiFi: WiFi{SSID: "shop"}, Rotation: 180}
	again.keepWiFi(p)
	must(t, again.Save(p))
	if text, _ := os.ReadFile(p.In(wifiFile)); !strings.Contains(string(text), "correct horse") {
		t.Error("the secret is lost")
	}
	other := Settings{WiFi: WiFi{SSID: "other"}}
	other.keepWiFi(p)
	must(t, other.Save(p))
	if text, _ := os.ReadFile(p.In(wifiFile)); strings.Contains(string(text), "correct horse") {
		t.Error("another network was given the secret")
	}
	none := Settings{}
	must(t, none.Save(p))
	if p.Has(wifiFile) {
		t.Error("the secret stays when there is no radio network any more")
	}
}

func TestTouchesTurnWithThePicture(t *testing.T) {
	// Where a touch at the picture's top left corner arrives, in the panel's own coordinates, before the matrix turns it back.
	corners := map[int][2]float64{90: {1, 0}, 180: {1, 1}, 270: {0, 1}}
	for rotation, raw := range corners {
		text := display(rotation)
		if !strings.Contains(text, "Identifier \"Virtual-1\"\n\tOption \"Rotate\" \""+turns[rotation][0]+"\"") {
			t.Errorf("%d: %s", rotation, text)
		}
		var m [9]float64
		for i, word := range strings.Fields(turns[rotation][1]) {
			m[i] = map[string]float64{"0": 0, "1": 1, "-1": -1}[word]
		}
		x, y := m[0]*raw[0]+m[1]*raw[1]+m[2], m[3]*raw[0]+m[4]*raw[1]+m[5]
		if x != 0 || y != 0 {
			t.Errorf("rotation %d: a touch at the picture's top left is taken for (%g, %g)", rotation, x, y)
		}
	}
}

func TestATimeZoneThatIsNotThereIsToldAndLeftOut(t *testing.T) {
	p := Place(t.TempDir())
	err := Apply(p, Settings{TimeZone: "Asia/Atlantis"})
	if err == nil || !strings.Contains(err.Error(), "Asia/Atlantis") {
		t.Error(err)
	}
	if b, _ := os.ReadFile(p.In(Environment)); strings.Contains(string(b), "TZ") {
		t.Error(string(b))
	}
	must(t, p.write("usr/share/zoneinfo/Asia/Tokyo", nil, 0o644))
	must(t, Apply(p, Settings{TimeZone: "Asia/Tokyo"}))
	if b, _ := os.ReadFile(p.In(Environment)); string(b) != "TZ=Asia/Tokyo\n" {
		t.Errorf("%q", b)
	}
}

func TestDamagedSettingsAreToldAndNotApplied(t *testing.T) {
	p := Place(t.TempDir())
	must(t, p.write(settingsFile, []byte(`{"rotation": 12}`), 0o600))
	if _, err := LoadSettings(p); err == nil {
		t.Error("a rotation of 12 degrees was taken")
	}
	must(t, p.write(settingsFile, []byte(`{`), 0o600))
	if _, err := LoadSettings(p); err == nil {
		t.Error("half a file was taken")
	}
}

func TestEveryMistakeNamesItsField(t *testing.T) {
	for field, s := range map[string]Settings{
		"timezone":        {TimeZone: "here!"},
		"rotation":        {Rotation: 12},
		"network.address": {Network: Network{Address: "192.0.2.10"}},
		"network.gateway": {Network: Network{Address: "192.0.2.10/24", Gateway: "198.51.100.1"}},
		"network.dns":     {Network: Network{DNS: []string{"dns.example"}}},
		"network.ntp":     {Network: Network{NTP: []string{"-"}}},
		"network.proxy":   {Network: Network{Proxy: "proxy.example:3128"}},
		"wifi.ssid":       {WiFi: WiFi{Country: "JP"}},
		"wifi.psk":        {WiFi: WiFi{SSID: "shop", Passphrase: SecretText{seal.NewSecret([]byte("short"))}}},
		"wifi.country":    {WiFi: WiFi{SSID: "shop", Country: "Japan"}},
	} {
		var m *Mistake
		if err := s.Check(); !errors.As(err, &m) || m.Field != field || len(m.Error()) <= len(field) || m.Error()[:len(field)] != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	if err := (&Settings{Network: Network{NTP: []string{"ntp.example"}}}).Check(); err != nil {
		t.Errorf("a time server's name: %v", err)
	}
}
