package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"tenin/storage/tomlkeys"
)

// BackupSuffix is what is added to the name of a settings file for the one before it.
const BackupSuffix = ".before"

// ErrByHand means that a file is written in a way that only a person should change.
var ErrByHand = errors.New("settings can be changed by hand only")

// FileOf returns the settings file that Edit changes: path, or HOME/tenin.toml where path is empty.
func FileOf(path, home string) string {
	if path != "" {
		return path
	}
	return filepath.Join(home, "tenin.toml")
}

// Change is new values for keys as Keys lists them; the types are those of the fields of Config: string, bool, int or float64.
type Change map[string]any

// Edit changes values in the settings file (see FileOf) and nothing else: comments, order and all other keys stay. The file
// is made when it is absent; for an installed kiosk it then begins with the text of /etc/tenin/tenin.toml. It is replaced as
// a whole, so that at any moment the old or the new one is there, and the old one is kept beside it for Undo. The new
// file has passed all checks of Load. Errors name the file.
func Edit(path, home string, change Change) error {
	file := FileOf(path, home)
	text, mode, err := readForEdit(file, path == "" && filepath.Clean(home) == systemHome)
	if err != nil {
		return fmt.Errorf("settings %s: %w", file, err)
	}
	edited, err := edit(text, change)
	if err != nil {
		return fmt.Errorf("settings %s: %w", file, err)
	}
	if edited == text {
		return nil
	}
	if err := replace(file+BackupSuffix, text, mode); err != nil {
		return err
	}
	return replace(file, edited, mode)
}

// Undo brings back the settings file as it was before the last Edit; another Undo brings the edit back. The error wraps
// fs.ErrNotExist when nothing was edited.
func Undo(path, home string) error {
	file := FileOf(path, home)
	before, mode, err := read(file + BackupSuffix)
	if err != nil {
		return fmt.Errorf("settings %s: nothing was changed that could be undone: %w", file, err)
	}
	now, _, err := read(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("settings %s: %w", file, err)
	}
	check := Default()
	if err := check.parse(before); err != nil {
		return fmt.Errorf("settings %s: %w", file+BackupSuffix, err)
	}
	if err := replace(file, before, mode); err != nil {
		return err
	}
	return replace(file+BackupSuffix, now, mode)
}

func read(file string) (string, fs.FileMode, error) {
	info, err := os.Stat(file)
	if err != nil {
		return "", 0o600, errors.Unwrap(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return "", 0o600, errors.Unwrap(err)
	}
	return string(text), info.Mode().Perm(), nil
}

// readForEdit returns the text that is edited. Where the home has no file of its own and the installed system has one, the
// home's begins as a copy, since it will take the other's place.
func readForEdit(file string, installed bool) (string, fs.FileMode, error) {
	text, mode, err := read(file)
	if errors.Is(err, fs.ErrNotExist) && installed {
		if text, _, err = read(systemFile); err == nil {
			return text, 0o600, nil
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return "", 0o600, nil
	}
	return text, mode, err
}

// replace writes a file so that it is there whole, as it was or as it will be.
func replace(file, text string, mode fs.FileMode) (err error) {
	dir := filepath.Dir(file)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("settings %s: %w", file, errors.Unwrap(err))
	}
	f, err := os.CreateTemp(dir, ".settings-*")
	if err != nil {
		return fmt.Errorf("settings %s: %w", file, errors.Unwrap(err))
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
			err = fmt.Errorf("settings %s: %w", file, err)
		}
	}()
	_, err = f.WriteString(text)
	if err == nil {
		err = f.Chmod(mode)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), file); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

var (
	tableLine = regexp.MustCompile(`^\s*\[\s*([A-Za-z0-9_.\- ]+?)\s*\]\s*(#.*)?$`)
	keyLine   = regexp.MustCompile(`^(\s*)([A-Za-z0-9_-]+)(\s*=\s*)(.*)$`)
)

// edit changes values line by line, and then reads both texts to see that just those values are others: a way of writing
// that it does not know (dotted keys, inline tables, text over several lines) is found there, and refused.
func edit(text string, change Change) (string, error) {
	before := Default()
	if err := before.parse(text); err != nil {
		return "", err
	}
	want := before
	for key, value := range change {
		if err := set(&want, key, value); err != nil {
			return "", err
		}
	}
	if err := want.check(); err != nil {
		return "", err
	}
	lines := strings.SplitAfter(text, "\n")
	for _, key := range Keys() {
		if value, ok := change[key]; ok && get(before, key) != value {
			lines = editKey(lines, key, literal(value))
		}
	}
	edited := strings.Join(lines, "")
	after := Default()
	if err := after.parse(edited); err != nil || !reflect.DeepEqual(after, want) {
		return "", fmt.Errorf("%w: the key stands in a form that would be lost; write it as name = value under its [table]", ErrByHand)
	}
	return edited, nil
}

// editKey writes one value into lines, each with its line feed.
func editKey(lines []string, key, value string) []string {
	table, name := key[:strings.LastIndexByte(key, '.')], tomlkeys.Last(key)
	within, end := "", -1
	for i, line := range lines {
		bare := strings.TrimRight(line, "\r\n")
		if m := tableLine.FindStringSubmatch(bare); m != nil {
			within = strings.ReplaceAll(m[1], " ", "")
			if within == table {
				end = i + 1
			}
			continue
		}
		if within != table || strings.TrimSpace(bare) == "" {
			continue
		}
		if m := keyLine.FindStringSubmatch(bare); m != nil {
			end = i + 1
			if m[2] == name {
				ending := line[len(bare):]
				lines[i] = m[1] + m[2] + m[3] + value + comment(m[4], len(value)) + ending
				return lines
			}
		}
	}
	added := name + " = " + value + "\n"
	if end < 0 {
		if n := len(lines); n > 0 && lines[n-1] != "" {
			lines[n-1] += "\n"
		}
		if strings.TrimSpace(strings.Join(lines, "")) != "" {
			lines = append(lines, "\n")
		}
		return append(lines, "["+table+"]\n", added)
	}
	if !strings.HasSuffix(lines[end-1], "\n") {
		lines[end-1] += "\n"
	}
	return append(lines[:end:end], append([]string{added}, lines[end:]...)...)
}

// comment returns what follows the value at the start of rest: spaces and a comment, which stays in its column where the
// new value leaves room.
func comment(rest string, width int) string {
	value := valueLength(rest)
	tail := rest[value:]
	note := strings.TrimLeft(tail, " \t")
	if note == "" {
		return tail
	}
	gap := value + len(tail) - len(note) - width
	return strings.Repeat(" ", max(gap, 1)) + note
}

// valueLength is how many bytes of rest are a value in one line.
func valueLength(rest string) int {
	if rest == "" {
		return 0
	}
	if quote := rest[0]; quote == '"' || quote == '\'' {
		for i := 1; i < len(rest); i++ {
			switch {
			case rest[i] == '\\' && quote == '"':
				i++
			case rest[i] == quote:
				return i + 1
			}
		}
		return len(rest)
	}
	if i := strings.IndexAny(rest, " \t#"); i >= 0 {
		return i
	}
	return len(rest)
}

// literal writes a value as TOML.
func literal(value any) string {
	switch v := value.(type) {
	case string:
		return quoted(v)
	case float64:
		text := strconv.FormatFloat(v, 'f', -1, 64)
		if !strings.Contains(text, ".") {
			text += ".0"
		}
		return text
	}
	return fmt.Sprint(value)
}

func quoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < 0x20 || r == 0x7f:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// set puts a value into c. Its type has to be the field's.
func set(c *Config, key string, value any) error {
	field, err := fieldOf(reflect.ValueOf(c).Elem(), key)
	if err != nil {
		return err
	}
	v := reflect.ValueOf(value)
	if !v.IsValid() || v.Type() != field.Type() {
		return fmt.Errorf("%s takes a %s", key, field.Type())
	}
	field.Set(v)
	return nil
}

// get returns the value of a known key.
func get(c Config, key string) any {
	field, err := fieldOf(reflect.ValueOf(&c).Elem(), key)
	if err != nil {
		return nil
	}
	return field.Interface()
}

func fieldOf(v reflect.Value, key string) (reflect.Value, error) {
	for _, name := range strings.Split(key, ".") {
		found := false
		if v.Kind() == reflect.Struct {
			for i := range v.NumField() {
				if v.Type().Field(i).Tag.Get("toml") == name {
					v, found = v.Field(i), true
					break
				}
			}
		}
		if !found {
			return v, fmt.Errorf("unknown key %q: `tenin help config` lists the known ones", key)
		}
	}
	if v.Kind() == reflect.Struct {
		return v, fmt.Errorf("%q is a table: name a key in it", key)
	}
	return v, nil
}

// Each tells every known key with its value in c, in the order of Keys.
func (c Config) Each(tell func(key string, value any)) {
	for _, key := range Keys() {
		tell(key, get(c, key))
	}
}
