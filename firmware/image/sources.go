package image

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"tenin/firmware/device"
)

// errNoSources says that this machine has no apt sources of Debian.
var errNoSources = errors.New("no apt sources for Debian were found on this machine: name a file with debian.sources in device.toml")

// readSources returns what apt reads when the image is made: the build machine's own sources of its own release with the
// release changed, so that a mirror or a proxy of a house is used without being named here; or the file that device.toml
// names. Sources of others (a vendor's repository) are left out.
func readSources(d device.Debian, root string) (string, error) {
	if d.Sources != "" {
		text, err := os.ReadFile(d.Sources)
		if err != nil {
			return "", fmt.Errorf("debian.sources: %w", err)
		}
		stanzas := parseSources(string(text))
		if len(stanzas) == 0 {
			return "", fmt.Errorf("debian.sources %s: no source in it", d.Sources)
		}
		return writeSources(stanzas, d.Components), nil
	}
	codename := osRelease(filepath.Join(root, "etc/os-release"))["VERSION_CODENAME"]
	var own []stanza
	files, _ := filepath.Glob(filepath.Join(root, "etc/apt/sources.list.d/*"))
	for _, f := range append([]string{filepath.Join(root, "etc/apt/sources.list")}, files...) {
		if ext := filepath.Ext(f); ext != ".sources" && ext != ".list" {
			continue
		}
		text, err := os.ReadFile(f)
		if err != nil {
			continue
		}
		for _, s := range parseSources(string(text)) {
			if s, ok := s.move(codename, d.Suite); ok {
				own = append(own, s)
			}
		}
	}
	if len(own) == 0 {
		return "", errNoSources
	}
	return writeSources(own, d.Components), nil
}

// stanza is one source of packages, as deb822 has it (sources.list(5)).
type stanza struct {
	uris, suites, components []string
	signedBy                 string
}

// suffixes are the parts of a release.
var suffixes = []string{"", "-updates", "-security"}

// move returns the source for another release; false when it is none of this machine's release, such as a vendor's.
func (s stanza) move(from, to string) (stanza, bool) {
	var suites []string
	for _, suite := range s.suites {
		for _, suffix := range suffixes {
			if from != "" && suite == from+suffix {
				suites = append(suites, to+suffix)
			}
		}
	}
	s.suites = suites
	return s, len(suites) > 0
}

// parseSources reads both ways of writing sources. What is no binary source, or is switched off, is left out.
func parseSources(text string) []stanza {
	var all []stanza
	for block := range strings.SplitSeq(strings.ReplaceAll(text, "\r\n", "\n"), "\n\n") {
		if s, ok := parseStanza(block); ok {
			all = append(all, s)
			continue
		}
		for line := range strings.Lines(block) {
			if s, ok := parseLine(line); ok {
				all = append(all, s)
			}
		}
	}
	return all
}

func parseStanza(block string) (s stanza, ok bool) {
	fields, last := map[string]string{}, ""
	for line := range strings.Lines(block) {
		line = strings.TrimRight(line, "\n")
		switch {
		case strings.HasPrefix(line, "#") || strings.TrimSpace(line) == "":
		case line[0] == ' ' || line[0] == '\t':
			fields[last] += "\n" + line
		default:
			name, value, found := strings.Cut(line, ":")
			if !found || strings.ContainsAny(name, " \t[") {
				return s, false
			}
			last = strings.ToLower(name)
			fields[last] = strings.TrimSpace(value)
		}
	}
	s.uris, s.suites, s.components = strings.Fields(fields["uris"]), strings.Fields(fields["suites"]), strings.Fields(fields["components"])
	s.signedBy = fields["signed-by"]
	switch strings.ToLower(fields["enabled"]) {
	case "no", "false", "0", "off":
		return s, false
	}
	return s, slices.Contains(strings.Fields(fields["types"]), "deb") && len(s.uris) > 0 && len(s.suites) > 0
}

func parseLine(line string) (s stanza, ok bool) {
	rest, ok := strings.CutPrefix(strings.TrimSpace(line), "deb ")
	if !ok {
		return s, false
	}
	rest = strings.TrimSpace(rest)
	if strings.HasPrefix(rest, "[") {
		options, after, closed := strings.Cut(rest[1:], "]")
		if !closed {
			return s, false
		}
		for option := range strings.FieldsSeq(options) {
			if key, ok := strings.CutPrefix(option, "signed-by="); ok {
				s.signedBy = key
			}
		}
		rest = after
	}
	words := strings.Fields(rest)
	if len(words) < 3 {
		return s, false
	}
	s.uris, s.suites, s.components = words[:1], words[1:2], words[2:]
	return s, true
}

// writeSources writes deb822. components replaces the sources' own where it is not empty.
func writeSources(all []stanza, components []string) string {
	var b strings.Builder
	for _, s := range all {
		if len(components) > 0 {
			s.components = components
		}
		fmt.Fprintf(&b, "Types: deb\nURIs: %s\nSuites: %s\n", strings.Join(s.uris, " "), strings.Join(s.suites, " "))
		if len(s.components) > 0 {
			fmt.Fprintf(&b, "Components: %s\n", strings.Join(s.components, " "))
		}
		if s.signedBy != "" {
			fmt.Fprintf(&b, "Signed-By: %s\n", s.signedBy)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// osRelease reads a file of NAME=VALUE lines (os-release(5)).
func osRelease(path string) map[string]string {
	text, _ := os.ReadFile(path)
	values := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			values[key] = strings.Trim(value, `"'`)
		}
	}
	return values
}
