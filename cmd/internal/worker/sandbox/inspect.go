package sandbox

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// State is what /proc tells about one process.
type State struct {
	PID          int
	Namespaces   map[string]string // kind (net, mnt, ipc, pid, user, uts) to the kernel's id of it
	NoNewPrivs   bool
	Seccomp      int // 0: none, 1: strict, 2: filtered, proc_pid_status(5)
	Filters      int // how many filters are stacked
	UID, GID     int // effective
	Capabilities uint64
	CoreLimit    string // soft limit in bytes, or "unlimited"
	AddressSpace string // soft limit in bytes, or "unlimited"
	OwnedByRoot  bool   // its files below /proc belong to root though it does not: it is not dumpable; a process of root does not show it
}

// kinds are the namespaces that [Inspect] reads.
var kinds = []string{"net", "mnt", "ipc", "pid", "user", "uts"}

// Inspect reads the state of a process from /proc. The ids of namespaces can be read by whoever may trace the process:
// its owner's parent namespaces and root. The error wraps fs.ErrNotExist when the process is gone.
func Inspect(pid int) (State, error) {
	s := State{PID: pid, Namespaces: map[string]string{}}
	folder := "/proc/" + strconv.Itoa(pid)
	status, err := os.ReadFile(filepath.Join(folder, "status"))
	if err != nil {
		return s, fmt.Errorf("sandbox: inspect process %d: %w", pid, err)
	}
	fields := map[string]string{}
	for line := range strings.Lines(string(status)) {
		if name, value, ok := strings.Cut(line, ":"); ok {
			fields[name] = strings.TrimSpace(value)
		}
	}
	if err := s.fromStatus(fields); err != nil {
		return s, fmt.Errorf("sandbox: inspect process %d: read status: %w", pid, err)
	}
	for _, kind := range kinds {
		id, err := os.Readlink(filepath.Join(folder, "ns", kind))
		if err != nil {
			return s, fmt.Errorf("sandbox: inspect process %d: read its namespaces: %w", pid, err)
		}
		s.Namespaces[kind] = id
	}
	limits, err := os.ReadFile(filepath.Join(folder, "limits"))
	if err != nil {
		return s, fmt.Errorf("sandbox: inspect process %d: %w", pid, err)
	}
	for line := range strings.Lines(string(limits)) {
		if rest, ok := strings.CutPrefix(line, "Max core file size"); ok {
			s.CoreLimit, _, _ = strings.Cut(strings.TrimSpace(rest), " ")
		}
		if rest, ok := strings.CutPrefix(line, "Max address space"); ok {
			s.AddressSpace, _, _ = strings.Cut(strings.TrimSpace(rest), " ")
		}
	}
	// The folder itself belongs to the process always.
	info, err := os.Stat(filepath.Join(folder, "environ"))
	if err != nil {
		return s, fmt.Errorf("sandbox: inspect process %d: %w", pid, err)
	}
	if owner, ok := info.Sys().(*syscall.Stat_t); ok {
		s.OwnedByRoot = owner.Uid == 0 && s.UID != 0
	}
	return s, nil
}

// fromStatus reads the fields of proc_pid_status(5).
func (s *State) fromStatus(fields map[string]string) error {
	second := func(name string) (int, error) {
		ids := strings.Fields(fields[name])
		if len(ids) < 2 {
			return 0, errors.New("no " + name)
		}
		return strconv.Atoi(ids[1]) // real, effective, saved, file system
	}
	var failed [5]error
	s.UID, failed[0] = second("Uid")
	s.GID, failed[1] = second("Gid")
	s.Seccomp, failed[2] = strconv.Atoi(fields["Seccomp"])
	s.Capabilities, failed[3] = strconv.ParseUint(fields["CapEff"], 16, 64)
	if text, ok := fields["Seccomp_filters"]; ok {
		s.Filters, failed[4] = strconv.Atoi(text)
	}
	s.NoNewPrivs = fields["NoNewPrivs"] == "1"
	return errors.Join(failed[:]...)
}

// Shared returns the kinds of namespaces, in alphabetical order, that two processes have in common.
func (s State) Shared(other State) []string {
	var shared []string
	for _, kind := range slices.Sorted(maps.Keys(s.Namespaces)) {
		if s.Namespaces[kind] == other.Namespaces[kind] {
			shared = append(shared, kind)
		}
	}
	return shared
}
