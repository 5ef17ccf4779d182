package egress

import (
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tenin/cmd/internal/worker/sandbox"
)

func TestEveryProbeHasItsLineOfTheTableAndNoLineIsOfNoProbe(t *testing.T) {
	known := map[string]bool{}
	for _, p := range sandbox.Probes() {
		known[p.Name] = true
		if !slices.Contains(Groups(), groups[p.Name]) {
			t.Errorf("probe %s is in no group", p.Name)
		}
	}
	for name := range groups {
		if !known[name] {
			t.Errorf("%s is no probe", name)
		}
	}
	for _, a := range Expected {
		if a.Why == "" || rank(a.Role) < 0 {
			t.Errorf("%+v has no reason, or is of nobody", a)
		}
		for _, name := range a.Probes {
			if !known[name] {
				t.Errorf("%s is allowed to %s, which is no probe", a.Role, name)
			}
		}
	}
}

func TestWhoHearsUnderstandsAndSpeaksMayDoNothing(t *testing.T) {
	for _, p := range sandbox.Probes() {
		for _, kind := range []Kind{Decoy, Home, Own, Sound, System, Display, Launcher, Kiosk, Worker, Uplink} {
			for _, role := range []string{"asr", "llm", "voice", screenRole, "nobody"} {
				if why := allowed(role, p.Name, kind); why != "" {
					t.Errorf("%s may %s at %s: %s", role, p.Name, kind, why)
				}
			}
			for _, role := range []string{kioskRole, "audio"} {
				if groups[p.Name] == Network && allowed(role, p.Name, kind) != "" {
					t.Errorf("%s may use the network: %s", role, p.Name)
				}
			}
			if (kind == System || kind == Display) && p.Name == "socket" && (allowed(kioskRole, p.Name, kind) != "" || allowed("audio", p.Name, kind) != "") {
				t.Errorf("a %s socket is open to somebody", kind)
			}
		}
	}
	if allowed(kioskRole, "socket", Display, "audio") != "" || allowed(kioskRole, "socket", Display, screenRole) == "" {
		t.Error("the display's socket is the kiosk's where it has a window, and nowhere else")
	}
	if allowed("audio", "socket", Decoy) != "" || allowed("uplink", "tcp", Decoy) != "" || allowed("uplink", "read", Home) != "" {
		t.Error("audio may reach more than the sound server, or the uplink more than the hub")
	}
}

func TestAVerdictNeedsAControlThatSucceeded(t *testing.T) {
	probe := func(name, target string, open bool, detail string) sandbox.Result {
		return sandbox.Result{Probe: sandbox.Probe{Name: name}, Target: target, Open: open, Detail: detail}
	}
	all := targets{kinds: map[string]Kind{"/home/vault.db": Home, "/run/dbus": System, "7": Worker, "8": Kiosk}}
	for _, c := range []struct {
		control, inside sandbox.Result
		want            Verdict
	}{
		{probe("tcp", "a", true, "open"), probe("tcp", "a", false, "EPERM"), Closed},
		{probe("tcp", "a", true, "open"), probe("tcp", "a", true, "open"), Open},
		{probe("tcp", "a", false, "ECONNREFUSED"), probe("tcp", "a", false, "EPERM"), NotProven},
		{probe("tcp", "a", false, "EPERM"), probe("tcp", "a", true, "open"), Open},
		{probe("udp", "a", true, "open"), probe("tcp", "a", false, "EPERM"), NotProven},
		{probe("tcp", "a", true, "open"), probe("tcp", "a", false, "not tried"), NotProven},
		{probe("vsock", "", false, "EAFNOSUPPORT"), probe("vsock", "", false, "EPERM"), Absent},
		{probe("vsock", "", false, "EPERM"), probe("vsock", "", false, "EPERM"), NotProven},
		{probe("unix", "", true, "open"), probe("unix", "", true, "open"), Allowed},
		{probe("read", "/home/vault.db", true, "open"), probe("read", "/home/vault.db", true, "open"), Open},
		{probe("read", "/home/vault.db", false, "EACCES"), probe("read", "/home/vault.db", false, "ENOENT"), ""},
		{probe("socket", "/run/dbus", true, "open"), probe("socket", "/run/dbus", true, "open"), Open},
		{probe("mem", "7", true, "open"), probe("mem", "7", false, "ESRCH"), ""}, // itself
		{probe("mem", "8", true, "open"), probe("mem", "8", true, "open"), Open},
	} {
		rows := judge("audio", 7, []sandbox.Result{c.control}, []sandbox.Result{c.inside}, all)
		got := Verdict("")
		if len(rows) == 1 {
			got = rows[0].Verdict
		}
		if got != c.want {
			t.Errorf("%v without, %v within: %q, want %q", c.control, c.inside, got, c.want)
		}
	}
}

func TestTheReportIsWellOnlyWithoutAnOpenOrUnprovenRow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := Report{Processes: []Process{{Role: "asr"}}}
		bad := 0
		for _, v := range rapid.SliceOf(rapid.SampledFrom([]Verdict{Closed, Allowed, Open, NotProven, Absent})).Draw(t, "verdicts") {
			r.Rows = append(r.Rows, Row{Role: "asr", Group: Network, Probe: "tcp", Verdict: v})
			if v == Open || v == NotProven {
				bad++
			}
		}
		for range rapid.IntRange(0, 2).Draw(t, "problems") {
			r.problem("something")
			bad++
		}
		for range rapid.IntRange(0, 2).Draw(t, "problems of the process") {
			r.Processes[0].problem("something")
			bad++
		}
		if r.Failed() != bad {
			t.Fatalf("%d failures, want %d", r.Failed(), bad)
		}
		var out strings.Builder
		if err := r.Print(&out); err != nil {
			t.Fatal(err)
		}
		lines := 0
		for line := range strings.Lines(out.String()) {
			if strings.HasPrefix(line, "OPEN ") || strings.HasPrefix(line, "not proven ") {
				lines++
			}
		}
		if lines != bad {
			t.Fatalf("%d failures are named, want %d:\n%s", lines, bad, &out)
		}
	})
}

func TestWhatAProcessShowsFromOutsideIsJudged(t *testing.T) {
	spaces := func(own string, kinds ...string) map[string]string {
		m := map[string]string{"net": "h", "mnt": "h", "ipc": "h", "pid": "h", "user": "h", "uts": "h"}
		for _, kind := range kinds {
			m[kind] = own
		}
		return m
	}
	host := sandbox.State{PID: 1, Namespaces: spaces("h")}
	kiosk := sandbox.State{PID: 2, Namespaces: spaces("k", "net", "mnt", "user"), NoNewPrivs: true, Seccomp: 2, Filters: 1, Capabilities: 1, CoreLimit: "0"}
	good := sandbox.State{PID: 3, Namespaces: spaces("w", "net", "mnt", "ipc", "pid", "uts"), NoNewPrivs: true, Seccomp: 2, Filters: 2, CoreLimit: "0"}
	good.Namespaces["user"] = "k"
	uplink := sandbox.State{PID: 4, Namespaces: spaces("u", "mnt", "ipc", "pid", "uts"), NoNewPrivs: true, Seccomp: 2, Filters: 1, CoreLimit: "0", UID: 65534}
	for _, c := range []struct {
		role   string
		state  sandbox.State
		change func(*sandbox.State)
		want   string // of the only problem; "": there is none
	}{
		{"kiosk", kiosk, func(*sandbox.State) {}, ""},
		{"asr", good, func(*sandbox.State) {}, ""},
		{"uplink", uplink, func(*sandbox.State) {}, ""},
		{"kiosk", kiosk, func(s *sandbox.State) { s.Namespaces["net"] = "h" }, "shares the net namespace with the host"},
		{"asr", good, func(s *sandbox.State) { s.Namespaces["ipc"] = "h" }, "shares the ipc namespace with the host"},
		{"asr", good, func(s *sandbox.State) { s.Namespaces["net"] = "k" }, "shares the net namespace with the kiosk"},
		{"uplink", uplink, func(s *sandbox.State) { s.Namespaces["mnt"] = "h" }, "shares the mnt namespace with the host"},
		{"asr", good, func(s *sandbox.State) { s.NoNewPrivs = false }, "no_new_privs"},
		{"asr", good, func(s *sandbox.State) { s.Seccomp = 0 }, "no seccomp filter"},
		{"asr", good, func(s *sandbox.State) { s.Filters = 1 }, "but the kiosk's"},
		{"asr", good, func(s *sandbox.State) { s.Capabilities = 0x40 }, "capabilities (0x40)"},
		{"asr", good, func(s *sandbox.State) { s.CoreLimit = "unlimited" }, "core file"},
		{"uplink", uplink, func(s *sandbox.State) { s.UID = 0 }, "root"},
	} {
		state := c.state
		state.Namespaces = map[string]string{}
		for kind, id := range c.state.Namespaces {
			state.Namespaces[kind] = id
		}
		c.change(&state)
		problems := describe(c.role, state, host, kiosk).Problems
		switch {
		case c.want == "" && len(problems) == 0:
		case c.want != "" && len(problems) > 0 && strings.Contains(strings.Join(problems, "; "), c.want):
		default:
			t.Errorf("%s %+v: %q, want %q", c.role, state, problems, c.want)
		}
	}
}

func TestAProcessThatTheKioskDidNotTellOfIsFound(t *testing.T) {
	child := exec.Command("sleep", "60")
	if err := child.Start(); err != nil {
		t.Skipf("no program to start: %v", err)
	}
	defer func() {
		_ = child.Process.Kill()
		_ = child.Wait()
	}()
	f, err := lookAt(os.Getpid(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(f.strangers, child.Process.Pid) || f.members[0] != (member{kioskRole, os.Getpid()}) {
		t.Errorf("%+v", f)
	}
	told := []member{{"asr", child.Process.Pid}, {"llm", os.Getppid()}}
	if f, err = familyOf(os.Getpid(), told); err != nil || len(f.strangers) > 0 || !slices.Contains(f.members, told[0]) || slices.Contains(f.members, told[1]) {
		t.Errorf("a worker is the kiosk's child and nothing else: %+v, %v", f, err)
	}
	if _, err := familyOf(1<<30, nil); err == nil || !strings.Contains(err.Error(), "not in this machine's /proc") {
		t.Error(err)
	}
}

func TestTheNamesOfTheJSONAreThoseOfTheHelp(t *testing.T) {
	r := Report{Processes: []Process{{}}, Rows: []Row{{Why: "because"}}, Features: []Feature{{Why: "because"}}}
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		"ok", "home", "started", "processes", "rows", "features", "problems", "notes", "role", "pid", "uid", "gid", "namespaces",
		"shared_with_host", "shared_with_kiosk", "no_new_privs", "seccomp", "filters", "capabilities", "core_limit", "held",
		"group", "probe", "what", "target", "kind", "control", "inside", "verdict", "why", "name", "have",
	} {
		if !strings.Contains(string(text), `"`+name+`":`) {
			t.Errorf("no %s in %s", name, text)
		}
	}
}
