package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
)

func TestTheExampleHoldsEveryKeyWithItsDefault(t *testing.T) {
	c := Config{}
	if err := c.parse(Example); err != nil {
		t.Fatal(err)
	}
	if c != Default() {
		t.Errorf("example reads as %+v, the default is %+v", c, Default())
	}
	var tree map[string]map[string]any
	if _, err := toml.Decode(Example, &tree); err != nil {
		t.Fatal(err)
	}
	for _, key := range Keys() {
		table, name, _ := strings.Cut(key, ".")
		if _, ok := tree[table][name]; !ok {
			t.Errorf("key %s is not in the example", key)
		}
	}
}

func TestABadFileIsRefusedInOneLineThatSaysWhere(t *testing.T) {
	for name, tc := range map[string]struct{ text, want string }{
		"broken":         {"[shop\nname=1", "line 2"},
		"unknown":        {"[speech]\nvoise = \"x\"", `did you mean "speech.voice"`},
		"wrong table":    {"[shop]\nvoice = \"x\"", `did you mean "speech.voice"`},
		"nothing near":   {"[zzzzzzzzzzzzzz]\nqqqqqqqqqqqqq = 1", "unknown key"},
		"wrong type":     {"[speech]\nspeed = \"fast\"", "speed"},
		"out of range":   {"[answers]\nthreshold = 7.0", "answers.threshold"},
		"bad language":   {"[shop]\nlanguage = \"fr\"", "shop.language"},
		"negative days":  {"[retention]\ndays = -1", "retention.days"},
		"cut in a value": {"[shop]\nname = \"a", "line 2"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "tenin.toml")
			if err := os.WriteFile(path, []byte(tc.text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := Load(path, "")
			if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want one line with %q", err, tc.want)
			}
		})
	}
}

func TestAMissingFileIsAnErrorOnlyWhenItWasNamed(t *testing.T) {
	home := t.TempDir()
	if c, err := Load("", home); err != nil || c != Default() {
		t.Errorf("without a file: %+v, %v", c, err)
	}
	if _, err := Load(filepath.Join(home, "other.toml"), home); err == nil {
		t.Error("a named file that is absent was accepted")
	}
}

func FuzzParse(f *testing.F) {
	f.Add(Example)
	f.Add("[shop]\nname = 1")
	f.Fuzz(func(t *testing.T, text string) {
		c := Default()
		if err := c.parse(text); err == nil {
			if c.Speech.Speed < 0.5 || c.Answers.Threshold > 1 || c.Retention.Days < 1 {
				t.Errorf("accepted out of range: %+v", c)
			}
		}
	})
}
