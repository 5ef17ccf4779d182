package image

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
)

// Lock is the list of package versions that an image is made of, and the time that its files bear: what has to be the same
// for two builds to be the same.
type Lock struct {
	// Suite is the Debian release.
	Suite string
	// Time is in seconds since 1970. No file in the image is newer, and a device's clock does not begin before it.
	Time int64
	// Wanted are the packages that were asked for by name, sorted. A build that asks for others extends the list.
	Wanted []string
	// Versions is what was installed.
	Versions map[string]string
}

// ReadLock reads the list at path. The error wraps fs.ErrNotExist when there is none.
func ReadLock(path string) (*Lock, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("lock list: %w", err)
	}
	l, err := ParseLock(string(text))
	if err != nil {
		return nil, fmt.Errorf("lock list %s: %w", path, err)
	}
	return l, nil
}

// ParseLock reads what String wrote.
func ParseLock(text string) (*Lock, error) {
	l := &Lock{Versions: map[string]string{}}
	lines := bufio.NewScanner(strings.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		if key, value, ok := strings.Cut(line, " "); ok {
			value = strings.TrimSpace(value)
			switch key {
			case "suite":
				l.Suite = value
			case "time":
				t, err := strconv.ParseInt(value, 10, 64)
				if err != nil || t <= 0 {
					return nil, fmt.Errorf("line %d: %q is no time in seconds since 1970", n, value)
				}
				l.Time = t
			case "wanted":
				l.Wanted = strings.Fields(value)
			default:
				return nil, fmt.Errorf("line %d: %q is neither a heading nor NAME=VERSION", n, line)
			}
			continue
		}
		name, version, ok := strings.Cut(line, "=")
		if !ok || name == "" || version == "" || strings.ContainsAny(version, "=\t") {
			return nil, fmt.Errorf("line %d: %q is not NAME=VERSION", n, line)
		}
		if _, twice := l.Versions[name]; twice {
			return nil, fmt.Errorf("line %d: %s stands there twice", n, name)
		}
		l.Versions[name] = version
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if l.Suite == "" || l.Time == 0 || len(l.Versions) == 0 {
		return nil, errors.New("it is not whole: delete it to take today's versions, or bring it back from where it was kept")
	}
	return l, nil
}

// String writes the list, sorted, so that two lists can be compared by eye.
func (l *Lock) String() string {
	var b strings.Builder
	b.WriteString("# Package versions of a kiosk's image, by `tenin firmware build`. Keep it: the same list gives the same image.\n")
	b.WriteString("# Delete it to take today's versions.\n")
	fmt.Fprintf(&b, "suite %s\ntime %d\nwanted %s\n", l.Suite, l.Time, strings.Join(l.Wanted, " "))
	for _, name := range sortedKeys(l.Versions) {
		fmt.Fprintf(&b, "%s=%s\n", name, l.Versions[name])
	}
	return b.String()
}

// write replaces the list at path.
func (l *Lock) write(path string) error {
	if err := os.WriteFile(path+".part", []byte(l.String()), 0o644); err != nil {
		return fmt.Errorf("lock list: %w", plainSpace(err))
	}
	return os.Rename(path+".part", path)
}

// Pins is the list as apt's preferences (apt_preferences(5)): each package in its version and in no other.
func (l *Lock) Pins() string {
	var b strings.Builder
	for _, name := range sortedKeys(l.Versions) {
		fmt.Fprintf(&b, "Package: %s\nPin: version %s\nPin-Priority: 1001\n\n", name, l.Versions[name])
	}
	return b.String()
}

// maxNamed is how many packages an error names.
const maxNamed = 8

// missing says which versions an archive has no more; nil when it has all.
func (l *Lock) missing(has func(name, version string) bool) error {
	var gone []string
	for _, name := range sortedKeys(l.Versions) {
		if !has(name, l.Versions[name]) {
			gone = append(gone, name+"="+l.Versions[name])
		}
	}
	if len(gone) == 0 {
		return nil
	}
	return fmt.Errorf("lock list: the archive has these no more: %s: delete the list to take today's versions, or name an archive of that day with debian.sources",
		few(gone))
}

// differs says what was installed against the list; nil when it is the same. more allows packages that are not on it.
func (l *Lock) differs(installed map[string]string, more bool) error {
	var bad []string
	for _, name := range sortedKeys(installed) {
		switch want, known := l.Versions[name]; {
		case !known && !more:
			bad = append(bad, name+" is not on it")
		case known && want != installed[name]:
			bad = append(bad, fmt.Sprintf("%s is %s, not %s", name, installed[name], want))
		}
	}
	for _, name := range sortedKeys(l.Versions) {
		if _, there := installed[name]; !there && !more {
			bad = append(bad, name+" was not installed")
		}
	}
	if len(bad) == 0 {
		return nil
	}
	return fmt.Errorf("lock list: what was installed differs: %s: delete the list to take today's versions", few(bad))
}

func few(list []string) string {
	if len(list) > maxNamed {
		return strings.Join(list[:maxNamed], ", ") + fmt.Sprintf(" and %d more", len(list)-maxNamed)
	}
	return strings.Join(list, ", ")
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func isMissing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
