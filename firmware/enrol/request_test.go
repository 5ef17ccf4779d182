package enrol

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"tenin/storage/seal"
)

const whole = `
code = "7K3QD-4MZ8R-T2VXN-0HJ6C-9WBFE-5PYSA-1GKQD"
hub = "hub.example.jp:4222"
shop = "緑屋"
brand = "緑屋 本店"
language = "ja"
floor = "6F"
timezone = "Asia/Tokyo"
rotation = 90
keep = false

[network]
address = "192.0.2.10/24"
gateway = "192.0.2.1"
dns = ["192.0.2.1"]
ntp = ["ntp.example.jp"]
proxy = "http://192.0.2.1:3128"

[wifi]
ssid = "shop floor"
psk = "correct horse \"battery\""
country = "JP"
hidden = true
`

func read(text string) (Request, error) { return ReadRequest(strings.NewReader(text)) }

func TestARequestHasEverythingThatATechnicianSets(t *testing.T) {
	r, err := read("\ufeff" + whole)
	if err != nil {
		t.Fatal(err)
	}
	if r.Shop != "緑屋" || r.Rotation != 90 || r.Network.Gateway != "192.0.2.1" || !r.WiFi.Hidden || r.Code.Len() != 41 {
		t.Errorf("%+v", r)
	}
	if got := string(r.WiFi.Passphrase.Bytes()); got != `correct horse "battery"` {
		t.Errorf("the passphrase is %q", got)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		text := fmt.Sprintf(verb, r)
		if strings.Contains(text, "horse") || strings.Contains(text, "7K3QD") {
			t.Errorf("it prints its secrets with %s: %s", verb, text)
		}
	}
}

func TestAnEmptyFileIsARequestForAShopWithACableAndNoHub(t *testing.T) {
	if _, err := read(""); err != nil {
		t.Error(err)
	}
}

func TestAMistakeInTheFileIsSaidWithTheWayOut(t *testing.T) {
	for text, want := range map[string]string{
		"[wifi]\nssdi = \"x\"":                  `did you mean "wifi.ssid"?`,
		"ssid = \"x\"":                          `did you mean "wifi.ssid"?`,
		"rotatoin = 90":                         `did you mean "rotation"?`,
		"[wifi]\npassword = \"x\"":              "the known ones are",
		"rotation = 45":                         "use 0, 90, 180 or 270",
		"rotation = \"90\"":                     `"rotation" has a value of the wrong type`,
		"code = \"7K3QD-4MZ8R\"":                "belong together",
		"hub = \"a b\"\ncode = \"7K3QD-4MZ8R\"": "host or host:port",
		"hub = \"h\"\ncode = \"秘密秘密秘密\"":        "not an enrolment code",
		"language = \"de\"":                     `use "ja"`,
		"shop = \"a\\nb\"":                      "one line",
		"timezone = \"../../etc/shadow\"":       "Asia/Tokyo",
		"recovery = \"AAAA\"":                   "recovery key",
		"[network]\ngateway = \"192.0.2.1\"":    "needs network.address",
		"[network]\naddress = \"192.0.2.10\"":   "192.0.2.10/24",
		"[network]\naddress=\"192.0.2.9/24\"\ngateway=\"198.51.100.1\"": "no other address",
		"[network]\ndns = [\"dns.example\"]":                            "no address",
		"[network]\nproxy = \"http://u:p@h:1\"":                         "without a name",
		"[network]\nproxy = \"socks5://h:1\"":                           "http://host:port",
		"[wifi]\npsk = \"12345678\"":                                    "ssid is missing",
		"[wifi]\nssid = \"x\"\npsk = \"short\"":                         "8 to 63",
		"[wifi]\nssid = \"x\"\npsk = \"パスワードパスワード\"":                    "ASCII",
		"[wifi]\nssid = \"x\"\ncountry = \"jp\"":                        "two capital letters",
		"x = ":                                                          "line 1",
		"shop = \"a\"\nshop = \"b\"":                                    "line 2",
		"\xff":                                                          "UTF-8",
		strings.Repeat("#", maxRequest+1):                               "longer than",
	} {
		_, err := read(text)
		switch {
		case !errors.Is(err, ErrRequest):
			t.Errorf("%.60q: %v", text, err)
		case !strings.Contains(err.Error(), want):
			t.Errorf("%.60q: it says %q, and should say %q", text, err, want)
		case strings.Contains(err.Error(), "\n"):
			t.Errorf("%.60q: more than a line", text)
		}
	}
}

func TestNoMistakeRepeatsASecret(t *testing.T) {
	for _, line := range []string{
		"code = SECRETSECRET", "code = \"SECRETSECRET", "[wifi]\nssid=\"x\"\npsk = SECRETSECRET", "[wifi]\nssid=\"x\"\npsk = [\"SECRETSECRET\"]",
		"[wifi]\nssid=\"x\"\npsk = \"SECRETSECRETé\"", "recovery = \"SECRETSECRET\"", "psk \"SECRETSECRET\"", "[wifi]\npsk = \"SECRETSECRET\"",
	} {
		if _, err := read(line); err == nil || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%q: %v", line, err)
		}
	}
}

func TestEverySettingThatIsTakenIsWrittenSafely(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := WiFi{SSID: rapid.String().Draw(t, "ssid"), Passphrase: SecretText{seal.NewSecret([]byte(rapid.String().Draw(t, "psk")))}, Hidden: rapid.Bool().Draw(t, "hidden")}
		if w.check() != nil {
			return
		}
		lines := strings.Split(strings.TrimSpace(string(w.supplicant())), "\n")
		if lines[len(lines)-1] != "}" {
			t.Fatalf("the network has no end: %q", lines)
		}
		for _, line := range lines {
			key, value, ok := strings.Cut(strings.TrimSpace(line), "=")
			if line == "}" {
				continue
			}
			known := map[string]bool{"ctrl_interface": true, "update_config": true, "network": true, "ssid": true, "scan_ssid": true, "key_mgmt": true, "ieee80211w": true, "psk": true}
			if !ok || !known[key] {
				t.Fatalf("a line that nobody wrote: %q", line)
			}
			if key == "psk" && value[0] == '"' && value[1:len(value)-1] != string(w.Passphrase.Bytes()) {
				t.Fatalf("the passphrase became %q", value)
			}
		}
	})
}

func FuzzReadRequest(f *testing.F) {
	f.Add(whole)
	f.Add("")
	f.Add("[wifi]\nssdi = 1")
	f.Add("code = \"7K3QD-4MZ8R\"\nhub=\"h\"")
	f.Add("[[network]]")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := read(text)
		if err != nil {
			if !errors.Is(err, ErrRequest) || strings.Contains(err.Error(), "\n") || !utf8.ValidString(err.Error()) {
				t.Errorf("%q", err)
			}
			return
		}
		s := r.Settings()
		p := Place(t.TempDir())
		if err := s.Save(p); err != nil {
			t.Fatal(err)
		}
		again, err := LoadSettings(p)
		if err != nil {
			t.Fatalf("what was saved is not read: %v", err)
		}
		if err := Apply(p, again); err != nil && !strings.Contains(err.Error(), "time zone") {
			t.Fatal(err)
		}
	})
}

func FuzzHeader(f *testing.F) {
	f.Add(`{"keyslots":{"0":{}},"tokens":{"0":{"type":"tenin-setup","keyslots":["0","7"]}}}`)
	f.Add(`{"tokens":{"x":{}}}`)
	f.Fuzz(func(t *testing.T, text string) {
		h, err := parseHeader([]byte(text))
		if err != nil {
			if !errors.Is(err, ErrHeader) {
				t.Error(err)
			}
			return
		}
		slots, _ := h.of(tokenSetup)
		for _, n := range slots {
			if n < 0 || n > 31 {
				t.Errorf("slot %d", n)
			}
		}
	})
}
