package image

import (
	"bufio"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// modules is what depmod has found out about the modules of one kernel (modules.dep(5)).
type modules struct {
	// dir is the folder with modules.dep, version the kernel's.
	dir, version string
	// needs is what a module's file needs loaded before it, by paths in dir; files is each path, sorted.
	needs map[string][]string
	files []string
	// byName finds a path by the module's name, with - for _.
	byName map[string]string
	// builtin are the names of what is in the kernel itself.
	builtin map[string]bool
}

// readModules reads the modules of the only kernel in a root.
func readModules(root string) (*modules, error) {
	found, _ := filepath.Glob(filepath.Join(root, "usr/lib/modules/*/modules.dep"))
	if len(found) != 1 {
		return nil, fmt.Errorf("the root has %d kernels with modules, and should have one", len(found))
	}
	m := &modules{dir: filepath.Dir(found[0]), needs: map[string][]string{}, byName: map[string]string{}, builtin: map[string]bool{}}
	m.version = filepath.Base(m.dir)
	f, err := os.Open(found[0])
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		file, needs, ok := strings.Cut(lines.Text(), ":")
		if !ok {
			continue
		}
		m.needs[file] = strings.Fields(needs)
		m.files = append(m.files, file)
		m.byName[moduleName(file)] = file
	}
	slices.Sort(m.files)
	builtin, err := os.ReadFile(filepath.Join(m.dir, "modules.builtin"))
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(builtin)) {
		m.builtin[moduleName(strings.TrimSpace(line))] = true
	}
	return m, lines.Err()
}

// moduleName is the name of the module in a file, as the kernel writes it but with -.
func moduleName(file string) string {
	name, _, _ := strings.Cut(path.Base(file), ".")
	return strings.ReplaceAll(name, "_", "-")
}

// closure returns the files of the named modules and of all that they need, sorted. A name that is in the kernel itself is
// none of them; one that nobody knows is an error.
func (m *modules) closure(names []string) ([]string, error) {
	in := map[string]bool{}
	var add func(file string)
	add = func(file string) {
		if in[file] {
			return
		}
		in[file] = true
		for _, n := range m.needs[file] {
			add(n)
		}
	}
	for _, name := range names {
		name = strings.ReplaceAll(name, "_", "-")
		file, ok := m.byName[name]
		switch {
		case ok:
			add(file)
		case !m.builtin[name]:
			return nil, fmt.Errorf("the kernel %s has no module %s", m.version, name)
		}
	}
	files := make([]string, 0, len(in))
	for f := range in {
		files = append(files, f)
	}
	slices.Sort(files)
	return files, nil
}

// surplus returns the files that patterns name, paths in the folder "kernel", and those that cannot be loaded without one of
// these. What keep names stays, with what it needs.
func (m *modules) surplus(patterns, keep []string) ([]string, error) {
	kept, err := m.closure(keep)
	if err != nil {
		return nil, err
	}
	gone := map[string]bool{}
	for _, file := range m.files {
		gone[file] = !slices.Contains(kept, file) && slices.ContainsFunc(patterns, func(p string) bool { return under(p, file) })
	}
	var out []string
	for _, file := range m.files {
		// modules.dep names what is needed at any distance, so one look is enough.
		if gone[file] || slices.ContainsFunc(m.needs[file], func(n string) bool { return gone[n] }) {
			out = append(out, file)
		}
	}
	return out, nil
}

// under says whether a pattern names the file or a folder that it is in. A pattern that ends with a slash names folders
// alone.
func under(pattern, file string) bool {
	file = strings.TrimPrefix(file, "kernel/")
	folders := strings.HasSuffix(pattern, "/")
	pattern = strings.TrimSuffix(pattern, "/")
	for i, r := range file + "/" {
		if r != '/' || folders && i == len(file) {
			continue
		}
		if ok, _ := path.Match(pattern, file[:i]); ok {
			return true
		}
	}
	return false
}

// indexFor returns modules.dep and modules.alias with only the given files in them; without the ending of a compressed
// module, since the initrd has them unpacked.
func (m *modules) indexFor(files []string) (dep, alias []byte, err error) {
	names := map[string]bool{}
	for _, f := range files {
		names[moduleName(f)] = true
		needs := make([]string, len(m.needs[f]))
		for i, n := range m.needs[f] {
			needs[i] = unpackedName(n)
		}
		dep = fmt.Appendf(dep, "%s:", unpackedName(f))
		for _, n := range needs {
			dep = fmt.Appendf(dep, " %s", n)
		}
		dep = append(dep, '\n')
	}
	text, err := os.ReadFile(filepath.Join(m.dir, "modules.alias"))
	if err != nil {
		return nil, nil, err
	}
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		if len(words) == 3 && words[0] == "alias" && names[strings.ReplaceAll(words[2], "_", "-")] {
			alias = append(alias, line...)
		}
	}
	return dep, alias, nil
}

// unpackedName is a module's path without the ending of its compression.
func unpackedName(file string) string {
	for _, ext := range []string{".xz", ".zst", ".gz"} {
		file = strings.TrimSuffix(file, ext)
	}
	return file
}
