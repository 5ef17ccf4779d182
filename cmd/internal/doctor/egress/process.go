package egress

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"tenin/cmd/internal/worker/sandbox"
)

// Process is what /proc shows of one process of the kiosk.
type Process struct {
	Role string `json:"role"`
	PID  int    `json:"pid"`
	UID  int    `json:"uid"`
	GID  int    `json:"gid"`
	// Namespaces are the kernel's ids of net, mnt, ipc, pid, user and uts. SharedWithHost are those that it has in common with
	// the process that started the kiosk, SharedWithKiosk with the kiosk.
	Namespaces      map[string]string `json:"namespaces"`
	SharedWithHost  []string          `json:"shared_with_host"`
	SharedWithKiosk []string          `json:"shared_with_kiosk"`
	NoNewPrivs      bool              `json:"no_new_privs"`
	// Seccomp is "none", "strict" or "filter"; Filters is how many are stacked.
	Seccomp string `json:"seccomp"`
	Filters int    `json:"filters"`
	// Capabilities are the effective ones as a number of 64 bits; Rights says over what.
	Capabilities string `json:"capabilities"`
	CoreLimit    string `json:"core_limit"`
	// Held is what it has open: files and sockets. It is nil where the kernel shows that to root alone.
	Held []string `json:"held"`
	// Problems are what should not be so.
	Problems []string `json:"problems"`
}

// mayShare is which namespaces a process may have in common with the host, and with the kiosk, and why.
var mayShare = map[string]struct{ host, kiosk []string }{
	// It starts workers and watches them in the machine's /proc.
	kioskRole: {host: []string{"ipc", "pid", "uts"}},
	// It brings summaries to the hub. An ordinary user's uplink has a user namespace of its own, root's needs none: its user
	// is another.
	uplinkRole: {host: []string{"net", "user"}, kiosk: []string{}},
	// Root's workers are made in the kiosk's user namespace, which has no power outside.
	"": {kiosk: []string{"user"}},
}

func sharesOf(role string) (host, kiosk []string) {
	may, ok := mayShare[role]
	if !ok {
		may = mayShare[""]
	}
	return may.host, may.kiosk
}

// inspect looks at the processes of a family from outside.
func inspect(f family, home string) (list []Process, err error) {
	hostPID := f.launcher
	if hostPID == 0 {
		hostPID = os.Getpid()
	}
	host, err := sandbox.Inspect(hostPID)
	if err != nil {
		return nil, err
	}
	own, err := sandbox.Inspect(os.Getpid())
	if err != nil {
		return nil, err
	}
	network := networkSockets()
	var kiosk sandbox.State
	for _, m := range f.members {
		state, err := sandbox.Inspect(m.PID)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%w: the %s process %d", errChanged, m.Role, m.PID)
		}
		if err != nil {
			return nil, err
		}
		if m.Role == kioskRole {
			kiosk = state
		}
		p := describe(m.Role, state, host, kiosk)
		if slices.Contains(state.Shared(own), "net") && !slices.Contains(p.SharedWithHost, "net") && m.Role != uplinkRole {
			p.problem("it has this terminal's network")
		}
		p.held(home, network)
		list = append(list, p)
	}
	return list, nil
}

// describe says what is so and what should not be.
func describe(role string, s, host, kiosk sandbox.State) Process {
	p := Process{
		Role: role, PID: s.PID, UID: s.UID, GID: s.GID, Namespaces: s.Namespaces, NoNewPrivs: s.NoNewPrivs, Filters: s.Filters,
		Seccomp: []string{"none", "strict", "filter"}[min(max(s.Seccomp, 0), 2)], Capabilities: fmt.Sprintf("%#x", s.Capabilities),
		CoreLimit: s.CoreLimit, SharedWithHost: shared(s, host), SharedWithKiosk: []string{}, Problems: []string{},
	}
	byHost, byKiosk := sharesOf(role)
	p.forbid(p.SharedWithHost, byHost, "the host")
	if role != kioskRole {
		p.SharedWithKiosk = shared(s, kiosk)
		if role != uplinkRole {
			p.forbid(p.SharedWithKiosk, byKiosk, "the kiosk")
		}
	}
	if !s.NoNewPrivs {
		p.problem("it could gain privileges by executing a program (no_new_privs is not set)")
	}
	switch {
	case s.Seccomp != 2:
		p.problem("no seccomp filter")
	case role != kioskRole && role != uplinkRole && s.Filters <= kiosk.Filters:
		p.problem("no seccomp filter but the kiosk's")
	}
	switch {
	case role != kioskRole && s.Capabilities != 0:
		p.problem("it holds capabilities (%s)", p.Capabilities)
	case role == kioskRole && s.Capabilities != 0 && slices.Contains(p.SharedWithHost, "user"):
		p.problem("it holds capabilities of the host (%s)", p.Capabilities)
	}
	if s.CoreLimit != "0" {
		p.problem("a crash may write its memory into a core file")
	}
	if role == uplinkRole && s.UID == 0 {
		p.problem("it runs as root")
	}
	return p
}

func shared(a, b sandbox.State) []string { return append([]string{}, a.Shared(b)...) }

func (p *Process) forbid(shared, may []string, who string) {
	for _, kind := range shared {
		if !slices.Contains(may, kind) {
			p.problem("it shares the %s namespace with %s", kind, who)
		}
	}
}

func (p *Process) problem(format string, a ...any) {
	p.Problems = append(p.Problems, fmt.Sprintf(format, a...))
}

// held looks for files of the home and sockets of the network among what the process has open.
func (p *Process) held(home string, network map[string]string) {
	held, err := sandbox.Held(p.PID)
	if err != nil {
		return
	}
	p.Held = append([]string{}, held...)
	for _, h := range held {
		if protocol := network[h]; protocol != "" && p.Role != uplinkRole {
			p.problem("it holds a %s socket of the host", protocol)
		}
		if p.Role != kioskRole && strings.HasPrefix(h, home+"/") {
			p.problem("it holds %s", h)
		}
	}
}

// networkSockets names the protocol of each socket of this process's network, by the name that /proc gives a file.
func networkSockets() map[string]string {
	found := map[string]string{}
	// The inode is the tenth column of the internet protocols (proc_pid_net(5)), and the ninth of packet sockets.
	for protocol, column := range map[string]int{"tcp": 9, "tcp6": 9, "udp": 9, "udp6": 9, "raw": 9, "raw6": 9, "packet": 8} {
		file, err := os.Open("/proc/self/net/" + protocol)
		if err != nil {
			continue
		}
		for lines := bufio.NewScanner(file); lines.Scan(); {
			if fields := strings.Fields(lines.Text()); len(fields) > column {
				found["socket:["+fields[column]+"]"] = protocol
			}
		}
		file.Close()
	}
	return found
}
