package egress

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The roles that are no worker's.
const (
	kioskRole  = "kiosk"
	uplinkRole = "uplink"
	screenRole = "screen"
)

// member is a process of the kiosk.
type member struct {
	Role string
	PID  int
}

// family are the processes of a kiosk.
type family struct {
	launcher  int // 0: none was found
	members   []member
	strangers []int // processes that belong to it and are none of those
}

// strangerTime is how long a process may live that is started for a moment (a question to the sound server).
const strangerTime = 3 * time.Second

// familyOf finds the processes of the kiosk that is process pid. It believes what /proc says of parents and children, and
// told only for the roles of the workers: the uplink, which no kiosk could start, is found beside it.
func familyOf(pid int, told []member) (f family, err error) {
	for end := time.Now().Add(strangerTime); ; time.Sleep(100 * time.Millisecond) {
		if f, err = lookAt(pid, told); err != nil || len(f.strangers) == 0 || time.Now().After(end) {
			return f, err
		}
	}
}

func lookAt(pid int, told []member) (family, error) {
	parents, err := processes()
	if err != nil {
		return family{}, err
	}
	parent, ok := parents[pid]
	if !ok {
		return family{}, fmt.Errorf("process %d of the kiosk is not in this machine's /proc: run the command beside the kiosk, not in another container", pid)
	}
	f := family{members: []member{{kioskRole, pid}}}
	if sameProgram(parent, pid) {
		f.launcher = parent
	}
	for _, m := range told {
		if parents[m.PID] == pid {
			f.members = append(f.members, m)
		}
	}
	for child, parent := range parents {
		switch {
		case child == os.Getpid() || child == pid:
		case parent == f.launcher && parent != 0 && name(child) == "tenin-uplink":
			f.members = append(f.members, member{uplinkRole, child})
		case parent == f.launcher && parent != 0,
			parent == pid && !slices.ContainsFunc(told, func(m member) bool { return m.PID == child }):
			f.strangers = append(f.strangers, child)
		}
	}
	slices.SortFunc(f.members, func(a, b member) int { return rank(a.Role) - rank(b.Role) })
	return f, nil
}

// rank orders the processes as sound and words pass through them.
func rank(role string) int {
	return slices.Index([]string{kioskRole, "asr", "llm", "voice", "audio", screenRole, uplinkRole}, role)
}

// processes maps each process to its parent.
func processes() (map[int]int, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	parents := map[int]int{}
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		text, err := os.ReadFile(filepath.Join("/proc", entry.Name(), "stat"))
		if err != nil {
			continue // it is gone
		}
		// The name in parentheses may hold anything; the last one ends it, proc_pid_stat(5).
		_, rest, _ := strings.Cut(string(text[max(0, strings.LastIndexByte(string(text), ')')):]), " ")
		if fields := strings.Fields(rest); len(fields) > 1 && fields[0] != "Z" {
			parents[pid], _ = strconv.Atoi(fields[1])
		}
	}
	return parents, nil
}

// name of a process's main thread.
func name(pid int) string {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	return strings.TrimSpace(string(text))
}

// sameProgram tells whether two processes execute the same file, which is how a launcher is told from an init.
func sameProgram(a, b int) bool {
	first, err1 := os.Stat(fmt.Sprintf("/proc/%d/exe", a))
	second, err2 := os.Stat(fmt.Sprintf("/proc/%d/exe", b))
	return err1 == nil && err2 == nil && os.SameFile(first, second)
}
