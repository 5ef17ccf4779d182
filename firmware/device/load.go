package device

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
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
	var keys []string
	walk(reflect.TypeFor[Config](), "", &keys)
	slices.Sort(keys)
	return keys
}

func walk(t reflect.Type, prefix string, keys *[]string) {
	for i := range t.NumField() {
		field := t.Field(i)
		name := prefix + field.Tag.Get("toml")
		if field.Type.Kind() == reflect.Struct {
			walk(field.Type, name+".", keys)
			continue
		}
		*keys = append(*keys, name)
	}
}

// nearest returns the known key that was probably meant, or "". A key under the wrong table is the commonest slip, so one
// of the same last name comes before all others.
func nearest(key string, known []string) string {
	for _, k := range known {
		if last(k) == last(key) {
			return k
		}
	}
	best, least := "", len(key)/2+1
	for _, k := range known {
		if d := min(distance(key, k), distance(last(key), last(k))+1); d < least {
			best, least = k, d
		}
	}
	return best
}

func last(key string) string { return key[strings.LastIndexByte(key, '.')+1:] }

// distance is Levenshtein's, over bytes: keys are ASCII.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
