package flash

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// uses are the block devices that are mounted or swapped to, by number ("8:17") and by name ("sdb1").
type uses struct {
	mounts map[string][]string // → mount points
	swaps  map[string]bool
}

// uses reads what is mounted in this mount namespace and what is swapped to. A mount in another namespace is noticed when
// the disk is opened for itself alone.
func (s System) uses() (uses, error) {
	u := uses{mounts: map[string][]string{}, swaps: map[string]bool{}}
	f, err := os.Open(s.proc("self", "mountinfo"))
	if err != nil {
		return u, fmt.Errorf("what is mounted cannot be read: %w", err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		// proc_pid_mountinfo(5): id parent major:minor root point options optional… - type source options
		fields := strings.Fields(lines.Text())
		dash := slices.Index(fields, "-")
		if dash < 6 || len(fields) < dash+3 {
			continue
		}
		point := unescape(fields[4])
		keys := []string{fields[2]}
		// A btrfs or overlay has a number that is no device's; its source is.
		if name, err := s.nameOf(unescape(fields[dash+2])); err == nil {
			keys = append(keys, name)
		}
		for _, key := range keys {
			u.mounts[key] = append(u.mounts[key], point)
		}
	}
	if err := lines.Err(); err != nil {
		return u, fmt.Errorf("what is mounted cannot be read: %w", err)
	}
	b, err := os.ReadFile(s.proc("swaps"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return u, fmt.Errorf("what is swapped to cannot be read: %w", err)
	}
	for line := range strings.Lines(string(b)) {
		path, _, _ := strings.Cut(line, " ")
		if name, err := s.nameOf(unescape(path)); err == nil {
			u.swaps[name] = true
		} else if file := unescape(path); strings.HasPrefix(file, "/") {
			// A swap file: its file system's device.
			var st unix.Stat_t
			if unix.Stat(file, &st) == nil {
				u.swaps[strconv.Itoa(int(unix.Major(st.Dev)))+":"+strconv.Itoa(int(unix.Minor(st.Dev)))] = true
			}
		}
	}
	return u, nil
}

// nameOf returns the kernel's name of a device's path, through links.
func (s System) nameOf(path string) (string, error) {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", err
	}
	name, err := filepath.Rel(s.dev(), real)
	if err != nil {
		return "", err
	}
	name = strings.ReplaceAll(name, "/", "!")
	_, err = os.Stat(s.sys("class", "block", name))
	return name, err
}

// unescape undoes the octal escapes of /proc for space, tab, newline and backslash.
func unescape(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+3 < len(text) {
			if n, err := strconv.ParseUint(text[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

// systemPoints are mount points that only the running system has.
var systemPoints = []string{"/", "/usr", "/boot", "/boot/efi", "/efi", "/var", "/home", "/run/live/medium"}

// inUse says how a disk is used: itself, its partitions, and whatever is made of them (dm-crypt, LVM, RAID), however deep.
func (s System) inUse(disk string, use uses) (reasons []string) {
	names := []string{disk}
	if entries, err := os.ReadDir(s.sys("class", "block", disk)); err == nil {
		for _, e := range entries {
			if s.isPartition(e.Name()) {
				names = append(names, e.Name())
			}
		}
	}
	system, seen := false, map[string]bool{}
	for i := 0; i < len(names); i++ {
		name := names[i]
		if seen[name] {
			continue
		}
		seen[name] = true
		points := slices.Concat(use.mounts[s.text("class", "block", name, "dev")], use.mounts[name])
		slices.Sort(points)
		points = slices.Compact(points)
		if slices.ContainsFunc(points, func(p string) bool { return slices.Contains(systemPoints, p) }) {
			system = true
		}
		if len(points) > 0 {
			shown := points
			more := ""
			if len(shown) > 3 {
				more = fmt.Sprintf(" and %d more places", len(shown)-3)
				shown = shown[:3]
			}
			reasons = append(reasons, fmt.Sprintf("%s is mounted at %s%s", name, strings.Join(shown, ", "), more))
		}
		if use.swaps[name] || use.swaps[s.text("class", "block", name, "dev")] {
			reasons = append(reasons, name+" is swapped to")
		}
		holders, _ := os.ReadDir(s.sys("class", "block", name, "holders"))
		for _, h := range holders {
			names = append(names, h.Name())
			label := h.Name()
			if dm := s.text("class", "block", h.Name(), "dm", "name"); dm != "" {
				label += " (" + dm + ")"
			}
			reasons = append(reasons, fmt.Sprintf("%s is open as %s", name, label))
		}
	}
	if system {
		reasons = append([]string{"is the running system's disk"}, reasons...)
	}
	return reasons
}
