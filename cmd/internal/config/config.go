// Package config reads tenin.toml, the one file in which a shop says how its kiosk behaves.
//
// Every key has a default, so that a kiosk without a file works. A key that nobody knows is an error that names the
// nearest known one: a setting that is silently ignored is worse than a start that is refused.
package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"unicode"

	"github.com/BurntSushi/toml"

	"tenin/storage/tomlkeys"
)

// Config is the whole of tenin.toml. Example holds every key with its meaning.
type Config struct {
	Shop      Shop      `toml:"shop"`
	Kiosk     Kiosk     `toml:"kiosk"`
	Audio     Audio     `toml:"audio"`
	Speech    Speech    `toml:"speech"`
	Answers   Answers   `toml:"answers"`
	Retention Retention `toml:"retention"`
	Engines   Engines   `toml:"engines"`
	Seal      Seal      `toml:"seal"`
	Screen    Screen    `toml:"screen"`
	Notice    Notice    `toml:"notice"`
	Idle      Idle      `toml:"idle"`
	Call      Call      `toml:"call"`
	Log       Log       `toml:"log"`
	Control   Control   `toml:"control"`
	Hub       Hub       `toml:"hub"`
	Sandbox   Sandbox   `toml:"sandbox"`
}

// Shop says whose kiosk this is.
type Shop struct {
	// Name is spoken and shown; empty means the name that the knowledge brings.
	Name string `toml:"name"`
	// Language is what shoppers speak: "ja", "en", or "auto" for whichever of the two is heard.
	Language string `toml:"language"`
	// Brand stands at the top of each screen; empty means Name.
	Brand string `toml:"brand"`
	// Accent is the colour of what is to be touched, "#rrggbb"; empty means the screens' own.
	Accent string `toml:"accent"`
}

// AccentRGB returns Accent as 0xRRGGBB; false where it is empty.
func (s Shop) AccentRGB() (rgb uint32, ok bool) {
	if len(s.Accent) != 7 || s.Accent[0] != '#' {
		return 0, false
	}
	n, err := strconv.ParseUint(s.Accent[1:], 16, 32)
	return uint32(n), err == nil
}

// AccentOf writes a colour as Accent has it.
func AccentOf(rgb uint32) string { return fmt.Sprintf("#%06x", rgb&0xffffff) }

// maxShopText is the most bytes in a text that a screen shows in one place.
const maxShopText = 120

func (s Shop) check() error {
	if _, ok := s.AccentRGB(); !ok && s.Accent != "" {
		return fmt.Errorf("shop.accent is %q: write a colour as in \"#165e83\", or leave it empty", s.Accent)
	}
	for _, t := range []struct{ key, text string }{{"name", s.Name}, {"brand", s.Brand}} {
		if len(t.text) > maxShopText || strings.ContainsFunc(t.text, unicode.IsControl) {
			return fmt.Errorf("shop.%s is too long for a screen or holds a control character: use a line of at most %d bytes", t.key, maxShopText)
		}
	}
	return nil
}

// Audio names the sound devices and the patience of the microphone.
type Audio struct {
	// Microphone is a device's name or a part of it; empty means the system's default.
	Microphone string `toml:"microphone"`
	// Loudspeaker is a device's name or a part of it; empty means the system's default.
	Loudspeaker string `toml:"loudspeaker"`
	// QuietSeconds is how long an opened microphone waits for a first word.
	QuietSeconds float64 `toml:"quiet_seconds"`
}

// Speech is the kiosk's voice.
type Speech struct {
	// Voice is one of the names that `tenin speak --voices` lists.
	Voice string `toml:"voice"`
	// Speed is 1 for the voice's own pace, more for faster: 0.5 to 2.
	Speed float64 `toml:"speed"`
}

// Answers bounds what the kiosk may say.
type Answers struct {
	// Threshold is the lowest calibrated score, a probability of being right, that is still answered.
	Threshold float64 `toml:"threshold"`
	// HandOff is spoken when the kiosk does not know; empty means the built-in sentence.
	HandOff string `toml:"hand_off"`
}

// Retention says how long a kept session lives.
type Retention struct {
	// Days is the number of days after which `tenin sessions` no longer shows a session and its key is destroyed.
	Days int `toml:"days"`
	// Audio keeps the shopper's voice beside the transcript, still only with consent.
	Audio bool `toml:"audio"`
}

// Engines sizes the local models.
type Engines struct {
	// Threads of the recogniser and the voice; 0 means the number of cores, at most 4.
	Threads int `toml:"threads"`
}

// Default returns the settings of a kiosk without a file.
func Default() Config {
	return Config{
		Shop:      Shop{Language: "auto"},
		Kiosk:     defaultKiosk(),
		Audio:     Audio{QuietSeconds: 8},
		Speech:    Speech{Voice: "jf_alpha", Speed: 1},
		Answers:   Answers{Threshold: DefaultThreshold},
		Retention: Retention{Days: 30, Audio: true},
		Seal:      defaultSeal(),
		Notice:    Notice{Purposes: []string{}},
		Idle:      defaultIdle(),
		Call:      defaultCall(),
		Log:       defaultLog(),
		Control:   defaultControl(),
		Hub:       defaultHub(),
		Sandbox:   defaultSandbox(),
	}
}

// DefaultThreshold is the calibrated score below which a question goes to a person.
const DefaultThreshold = 0.5

// The home of an installed kiosk, and its settings where that home has none of its own: a package puts files into /etc,
// and the home is the kiosk's.
const (
	systemHome = "/var/lib/tenin"
	systemFile = "/etc/tenin/tenin.toml"
)

// Load reads the file at path. An empty path means HOME/tenin.toml, which may be absent; the installed kiosk's home then
// has /etc/tenin/tenin.toml, which may be absent too.
func Load(path, home string) (Config, error) {
	if path != "" {
		return loadFile(path)
	}
	places := []string{filepath.Join(home, "tenin.toml")}
	if filepath.Clean(home) == systemHome {
		places = append(places, systemFile)
	}
	return loadFirst(places)
}

// loadFirst reads the first file that is there; where none is, the defaults hold.
func loadFirst(places []string) (Config, error) {
	for _, path := range places {
		c, err := loadFile(path)
		// A home that is no folder is told by whoever opens it.
		if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR) {
			return c, err
		}
	}
	return Default(), nil
}

func loadFile(path string) (Config, error) {
	c := Default()
	text, err := os.ReadFile(path)
	if err != nil {
		return c, fmt.Errorf("settings %s: %w", path, errors.Unwrap(err))
	}
	if err := c.parse(string(text)); err != nil {
		return c, fmt.Errorf("settings %s: %w", path, err)
	}
	return c, nil
}

func (c *Config) parse(text string) error {
	meta, err := toml.Decode(text, c)
	if err != nil {
		var bad toml.ParseError
		if errors.As(err, &bad) {
			return fmt.Errorf("line %d: %s", bad.Position.Line, oneLine(bad.Message))
		}
		return errors.New(plainType(oneLine(err.Error())))
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		key := unknown[0].String()
		if near := nearest(key, Keys()); near != "" {
			return fmt.Errorf("unknown key %q: did you mean %q?", key, near)
		}
		return fmt.Errorf("unknown key %q: `tenin help config` lists the known ones", key)
	}
	return c.check()
}

var (
	decoderPlace = regexp.MustCompile(`^toml: line (\d+) \(last key "([^"]*)"\): `)
	decoderTypes = regexp.MustCompile(`incompatible types: TOML value has type (\S+); destination has type (\S+)$`)
	decoderTable = regexp.MustCompile(`type mismatch for \S+: `)
)

// plainType says what a value of the wrong type is and should be, without the decoder's own words for its types.
func plainType(message string) string {
	message = decoderPlace.ReplaceAllString(message, "line $1: $2: ")
	message = decoderTable.ReplaceAllString(strings.Replace(message, "has type []any", "has type list", 1), "")
	return decoderTypes.ReplaceAllString(message, "it is of type $1, and should be of type $2")
}

func (c *Config) check() error {
	switch {
	case !slices.Contains([]string{"ja", "en", "auto"}, c.Shop.Language):
		return fmt.Errorf("shop.language is %q: use \"ja\", \"en\" or \"auto\"", c.Shop.Language)
	case !within(c.Audio.QuietSeconds, 1, 60):
		return fmt.Errorf("audio.quiet_seconds is %g: use 1 to 60", c.Audio.QuietSeconds)
	case !within(c.Speech.Speed, 0.5, 2):
		return fmt.Errorf("speech.speed is %g: use 0.5 to 2", c.Speech.Speed)
	case !within(c.Answers.Threshold, 0, 1):
		return fmt.Errorf("answers.threshold is %g: it is a probability, use 0 to 1", c.Answers.Threshold)
	case c.Retention.Days < 1 || c.Retention.Days > 3650:
		return fmt.Errorf("retention.days is %d: use 1 to 3650", c.Retention.Days)
	case c.Engines.Threads < 0 || c.Engines.Threads > 64:
		return fmt.Errorf("engines.threads is %d: use 0 (automatic) to 64", c.Engines.Threads)
	}
	return firstError(c.Shop.check, c.Kiosk.check, c.Seal.check, c.Screen.check, c.Notice.check, c.Idle.check, c.Call.check, c.Log.check, c.Control.check, c.Sandbox.check)
}

func firstError(checks ...func() error) error {
	for _, check := range checks {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// within is false for TOML's nan, which no comparison from outside would catch.
func within(v, least, most float64) bool { return v >= least && v <= most }

// Keys lists every known key as it is written in the file, sorted: "audio.microphone", …
func Keys() []string {
	return tomlkeys.Of(reflect.TypeFor[Config]())
}

// nearest returns the known key that was probably meant, or "". A key under the wrong table is the commonest slip, so
// keys of the same last name come before all others.
func nearest(key string, known []string) string {
	best, least := "", len(key)/2+1
	for _, same := range []bool{true, false} {
		for _, k := range known {
			d := tomlkeys.Distance(key, k)
			if same && tomlkeys.Last(k) == tomlkeys.Last(key) && (best == "" || d < least) || !same && d < least {
				best, least = k, d
			}
		}
		if same && best != "" {
			return best
		}
	}
	return best
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
