package config

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
)

func TestTheExampleHoldsEveryKeyWithItsDefault(t *testing.T) {
	c := Config{}
	if err := c.parse(Example); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(c, Default()) {
		t.Errorf("example reads as %+v, the default is %+v", c, Default())
	}
	meta, err := toml.Decode(Example, &map[string]any{})
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range Keys() {
		if !meta.IsDefined(strings.Split(key, ".")...) {
			t.Errorf("key %s is not in the example", key)
		}
	}
}

func TestTheExampleSaysWhatEachKeyMeansInOneLineOfAScreen(t *testing.T) {
	keys := 0
	for line := range strings.Lines(Example) {
		line = strings.TrimSpace(line)
		if name, rest, ok := strings.Cut(line, " = "); ok && !strings.HasPrefix(line, "#") {
			keys++
			if _, meaning, ok := strings.Cut(rest, " # "); !ok || strings.TrimSpace(meaning) == "" {
				t.Errorf("the example does not say what %s means", name)
			}
		}
		if len(line) > 120 {
			t.Errorf("line of %d bytes: %s", len(line), line)
		}
	}
	if keys != len(Keys()) {
		t.Errorf("%d keys in the example, %d are known", keys, len(Keys()))
	}
}

func TestTheSandboxRefusesWhenInstalledAndWarnsInDevelopment(t *testing.T) {
	auto := Default().Sandbox
	if got := auto.Resolve(true); got != SandboxRefuse {
		t.Errorf("installed: %s", got)
	}
	if got := auto.Resolve(false); got != SandboxWarn {
		t.Errorf("in development: %s", got)
	}
	if got := (Sandbox{Mode: SandboxOff}).Resolve(true); got != SandboxOff {
		t.Errorf("a mode that was named became %s", got)
	}
}

func TestTheLogsFileLiesInTheHomeUnlessItsPathIsAbsolute(t *testing.T) {
	for file, want := range map[string]string{"": "", "tenin.log": "/h/tenin.log", "/var/log/tenin.log": "/var/log/tenin.log"} {
		if got := (Log{File: file}).Path("/h"); got != want {
			t.Errorf("%q lies at %q, want %q", file, got, want)
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
		"not a number":   {"[speech]\nspeed = nan", "speech.speed"},
		"unknown mode":   {"[sandbox]\nmode = \"on\"", "sandbox.mode"},
		"unknown worker": {"[sandbox.tts]\nmemory_mb = 100", `did you mean "sandbox.`},
		"worker's slip":  {"[sandbox.voice]\nmemory = 100", `did you mean "sandbox.voice.memory_mb"`},
		"flat worker":    {"[sandbox]\nmemory_mb = 100", `did you mean "sandbox.asr.memory_mb"`},
		"too small":      {"[sandbox.asr]\nmemory_mb = 1", "sandbox.asr.memory_mb"},
		"unknown level":  {"[log]\nlevel = \"trace\"", "log.level"},
		"unknown format": {"[log]\nformat = \"xml\"", "log.format"},
		"log of no size": {"[log]\nfile_mb = 0", "log.file_mb"},
		"log's slip":     {"[log]\nlvl = \"info\"", `did you mean "log.level"`},
		"no idle":        {"[control]\nidle_minutes = 0.0", "control.idle_minutes"},
		"never":          {"[idle]\nreset_seconds = inf", "idle.reset_seconds"},
		"hub's address":  {"[hub]\naddress = \"h:4222\"", "unknown key"},
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
	if c, err := Load("", home); err != nil || !reflect.DeepEqual(c, Default()) {
		t.Errorf("without a file: %+v, %v", c, err)
	}
	if _, err := Load(filepath.Join(home, "other.toml"), home); err == nil {
		t.Error("a named file that is absent was accepted")
	}
}

func TestTheFirstFileThatIsThereIsRead(t *testing.T) {
	dir := t.TempDir()
	own, system := filepath.Join(dir, "own.toml"), filepath.Join(dir, "system.toml")
	if err := os.WriteFile(system, []byte("[retention]\ndays = 7"), 0o600); err != nil {
		t.Fatal(err)
	}
	if c, err := loadFirst([]string{own, system}); err != nil || c.Retention.Days != 7 {
		t.Errorf("the system's file: %d, %v", c.Retention.Days, err)
	}
	if err := os.WriteFile(own, []byte("[speech]\nspeed = 1.5"), 0o600); err != nil {
		t.Fatal(err)
	}
	if c, err := loadFirst([]string{own, system}); err != nil || c.Retention.Days != 30 || c.Speech.Speed != 1.5 {
		t.Errorf("the home's own file: %+v, %v", c, err)
	}
	if err := os.WriteFile(own, []byte("[speech]\nspeed = 9.0"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := loadFirst([]string{own, system}); err == nil || !strings.Contains(err.Error(), own) {
		t.Errorf("a bad file of its own was passed over: %v", err)
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
