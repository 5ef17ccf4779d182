package sandbox

import (
	"bufio"
	"debug/elf"
	"os"
	"path/filepath"
	"strings"
)

// linked returns the shared libraries that this program was started with, and its loader, under the names by which the
// loader looks for them. A program without any is static.
func linked() ([]string, error) {
	program, err := os.Readlink(self)
	if err != nil {
		return nil, err
	}
	file, err := os.Open("/proc/self/maps")
	if err != nil {
		return nil, err
	}
	defer file.Close()
	seen := map[string]bool{program: true}
	var paths []string
	add := func(path string) {
		if !seen[path] {
			seen[path] = true
			paths = append(paths, path)
		}
	}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		// address perms offset dev inode path, proc_pid_maps(5); the path may hold spaces.
		at := strings.IndexByte(lines.Text(), '/')
		if at < 0 {
			continue
		}
		path := lines.Text()[at:]
		if seen[path] || strings.HasSuffix(path, " (deleted)") {
			continue
		}
		add(path)
		// The file is called by its full version, the loader asks for the soname beside it.
		if name := soname(path); name != "" {
			if alias := filepath.Join(filepath.Dir(path), name); exists(alias) {
				add(alias)
			}
		}
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if loader := interpreter(self); loader != "" {
		add(loader)
		// The loader's folders are often names for others: /lib for /usr/lib.
		for _, path := range paths {
			if rest, ok := strings.CutPrefix(path, "/usr"); ok && exists(rest) {
				add(rest)
			}
		}
	}
	return paths, nil
}

// soname returns the name in a library's own header, "" for what is no library.
func soname(path string) string {
	file, err := elf.Open(path)
	if err != nil {
		return ""
	}
	defer file.Close()
	names, err := file.DynString(elf.DT_SONAME)
	if err != nil || len(names) == 0 || strings.Contains(names[0], "/") {
		return ""
	}
	return names[0]
}

// interpreter returns the dynamic loader that a program asks for, "" for a static one.
func interpreter(path string) string {
	file, err := elf.Open(path)
	if err != nil {
		return ""
	}
	defer file.Close()
	section := file.Section(".interp")
	if section == nil {
		return ""
	}
	text, err := section.Data()
	if err != nil {
		return ""
	}
	return strings.TrimRight(string(text), "\x00")
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
