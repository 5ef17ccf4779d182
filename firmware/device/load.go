package device

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/BurntSushi/toml"

	"tenin/storage/tomlkeys"
)

// Load reads the device.toml at path. Paths in it are taken relative to its folder.
func Load(path string) (Config, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Config{}, fmt.Errorf("device %s: %w", path, errors.Unwrap(err))
	}
	c, err := Parse(string(text))
	if err != nil {
		return Config{}, fmt.Errorf("device %s: %w", path, err)
	}
	c.resolve(filepath.Dir(path))
	return c, nil
}

// Parse reads the text of a device.toml. Paths stay as they are written.
func Parse(text string) (Config, error) {
	c := Default()
	meta, err := toml.Decode(text, &c)
	if err != nil {
		var bad toml.ParseError
		if errors.As(err, &bad) {
			return Config{}, fmt.Errorf("line %d: %s", bad.Position.Line, oneLine(bad.Message))
		}
		return Config{}, errors.New(strings.TrimPrefix(oneLine(err.Error()), "toml: "))
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		// A table that nobody knows is named with a key in it, which says more.
		at := 0
		for at+1 < len(unknown) && strings.HasPrefix(unknown[at+1].String(), unknown[at].String()+".") {
			at++
		}
		key := unknown[at].String()
		if near := nearest(key, Keys()); near != "" {
			return Config{}, fmt.Errorf("unknown key %q: did you mean %q?", key, near)
		}
		return Config{}, fmt.Errorf("unknown key %q: `tenin help firmware build` lists the known ones", key)
	}
	if err := c.check(); err != nil {
		return Config{}, err
	}
	return c, nil
}

// Keys lists every known key as it is written in the file, sorted: "debian.packages", …
func Keys() []string {
	return tomlkeys.Of(reflect.TypeFor[Config]())
}

// nearest returns the known key that was probably meant, or "". A key under the wrong table is the commonest slip, so one
// of the same last name comes before all others.
func nearest(key string, known []string) string {
	for _, k := range known {
		if tomlkeys.Last(k) == tomlkeys.Last(key) {
			return k
		}
	}
	best, least := "", len(key)/2+1
	for _, k := range known {
		if d := min(tomlkeys.Distance(key, k), tomlkeys.Distance(tomlkeys.Last(key), tomlkeys.Last(k))+1); d < least {
			best, least = k, d
		}
	}
	return best
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
