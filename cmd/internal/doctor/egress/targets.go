package egress

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"tenin/cmd/internal/kiosk"
	"tenin/cmd/internal/worker"
	"tenin/cmd/internal/worker/sandbox"
)

// Kind is what a target is.
type Kind string

// The kinds of targets.
const (
	Decoy    Kind = "decoy"    // made for the examination, and removed
	Home     Kind = "home"     // the home, and a file in it
	Own      Kind = "own"      // a socket that the kiosk serves
	Sound    Kind = "sound"    // a socket of the sound server
	System   Kind = "system"   // a socket of D-Bus, the resolver or another service that could pass something on
	Display  Kind = "display"  // a socket of the screen
	Launcher Kind = "launcher" // the process that started the kiosk and the uplink
	Kiosk    Kind = "kiosk"    // the kiosk's process
	Worker   Kind = "worker"   // a process that the kiosk started
	Uplink   Kind = "uplink"   // the process that reaches the hub
)

// targets are what is tried, and what each is. What has no kind was made by the examination.
type targets struct {
	sandbox.Targets
	kinds map[string]Kind
	roles []string // of the processes that run
}

// mostFiles of a home are tried.
const mostFiles = 40

// targetsOf adds what there is on this machine and in home to the decoys.
func targetsOf(ctx context.Context, decoys sandbox.Targets, home string, family family) targets {
	t := targets{Targets: decoys, kinds: map[string]Kind{}}
	for _, m := range family.members {
		t.roles = append(t.roles, m.Role)
	}
	t.Program = ""
	for _, path := range kiosk.HarmlessPrograms {
		if _, err := os.Stat(path); err == nil {
			t.Program = path
			break
		}
	}
	t.Files = append(t.Files, home+"/")
	t.kinds[home+"/"] = Home
	entries, _ := os.ReadDir(home) // what cannot be read is not tried
	for _, entry := range entries {
		if path := filepath.Join(home, entry.Name()); entry.Type().IsRegular() && len(t.Files) < mostFiles {
			t.Files = append(t.Files, path)
			t.kinds[path] = Home
		}
	}
	if path := kiosk.KeyFile(home).Path(); t.kinds[path] == "" {
		if _, err := os.Stat(path); err == nil {
			t.Files = append(t.Files, path)
			t.kinds[path] = Home
		}
	}
	for _, name := range []string{"control.sock", "uplink.sock"} {
		t.socket(filepath.Join(home, name), Own)
	}
	for _, path := range worker.FindSound(ctx).Sockets {
		t.socket(path, Sound)
	}
	t.places(sandbox.Services(os.Getenv), System)
	if name := sandbox.BusAddress(os.Getenv("DBUS_SESSION_BUS_ADDRESS"))["abstract"]; name != "" {
		t.abstract(name, System)
	}
	t.places(sandbox.Displays(os.Getenv), Display)
	if family.launcher != 0 {
		t.process(family.launcher, Launcher)
	}
	for _, p := range family.members {
		switch p.Role {
		case kioskRole:
			t.process(p.PID, Kiosk)
		case uplinkRole:
			t.process(p.PID, Uplink)
		default:
			t.process(p.PID, Worker)
		}
	}
	return t
}

// socket adds a socket if somebody listens there.
func (t *targets) socket(path string, kind Kind) {
	if t.kinds[path] != "" || !listens(path) {
		return
	}
	t.Sockets = append(t.Sockets, path)
	t.kinds[path] = kind
}

// places adds sockets, and what listens in folders of sockets. A screen listens under the same name without a path, too.
func (t *targets) places(places []string, kind Kind) {
	for _, place := range places {
		inside, _ := filepath.Glob(filepath.Join(place, "*"))
		for _, path := range append(inside, place) {
			t.socket(path, kind)
			if kind == Display {
				t.abstract(path, kind)
			}
		}
	}
}

func (t *targets) abstract(name string, kind Kind) {
	if t.kinds["@"+name] != "" || !listens("@"+name) {
		return
	}
	t.Abstract = append(t.Abstract, name)
	t.kinds["@"+name] = kind
}

func (t *targets) process(pid int, kind Kind) {
	t.Others = append(t.Others, pid)
	t.kinds[strconv.Itoa(pid)] = kind
}

// kind of a target of a probe.
func (t *targets) kind(probe, target string) Kind {
	if probe == "abstract" {
		target = "@" + target
	}
	if kind, ok := t.kinds[target]; ok {
		return kind
	}
	return Decoy
}

// listens tells whether this process can connect to a Unix socket.
func listens(name string) bool {
	for _, network := range []string{"unix", "unixgram", "unixpacket"} {
		conn, err := net.DialUnix(network, nil, &net.UnixAddr{Name: name, Net: network})
		if err == nil {
			conn.Close()
			return true
		}
	}
	return false
}
