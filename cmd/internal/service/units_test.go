package service

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

const unitsFolder = "../../../firmware/systemd"

var unitNames = []string{"tenin.service", "tenin-hub.service"}

// directives are those of systemd.unit(5), systemd.service(5), systemd.exec(5), systemd.kill(5) and
// systemd.resource-control(5) that our units use, as systemd 252 knows them.
var directives = map[string]string{
	"Unit": "Description Documentation After Wants StartLimitIntervalSec StartLimitBurst",
	"Service": "Type NotifyAccess ExecStart User Group StateDirectory StateDirectoryMode UMask StandardInput LoadCredentialEncrypted " +
		"Environment Restart RestartSec RestartPreventExitStatus TimeoutStartSec TimeoutStopSec WatchdogSec KillMode OOMPolicy " +
		"MemoryMax MemorySwapMax LimitCORE CoredumpFilter LimitNOFILE TasksMax NoNewPrivileges CapabilityBoundingSet " +
		"AmbientCapabilities ProtectSystem ProtectHome PrivateTmp PrivateDevices PrivateUsers ProtectProc ProcSubset " +
		"ProtectKernelTunables ProtectKernelLogs ProtectKernelModules ProtectControlGroups ProtectClock ProtectHostname " +
		"RestrictNamespaces RestrictAddressFamilies RestrictRealtime RestrictSUIDSGID LockPersonality MemoryDenyWriteExecute " +
		"SystemCallArchitectures SystemCallFilter SystemCallErrorNumber RemoveIPC KeyringMode DevicePolicy DeviceAllow",
	"Install": "WantedBy",
}

// unit is section.directive → its values in order.
type unit map[string][]string

func readUnit(t *testing.T, name string) unit {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(unitsFolder, name))
	if err != nil {
		t.Fatal(err)
	}
	u, section := unit{}, ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '[' && line[len(line)-1] == ']':
			section = line[1 : len(line)-1]
		default:
			key, value, ok := strings.Cut(line, "=")
			if !ok || !slices.Contains(strings.Fields(directives[section]), key) {
				t.Errorf("%s: [%s] %s is no directive that we know", name, section, line)
			}
			u[section+"."+key] = append(u[section+"."+key], value)
		}
	}
	return u
}

func TestEveryDirectiveOfTheUnitsIsKnown(t *testing.T) {
	for _, name := range unitNames {
		if u := readUnit(t, name); len(u) < 30 {
			t.Errorf("%s was not understood: %d directives", name, len(u))
		}
	}
}

func TestTheUnitsKeepMemoryOffTheDiskAndPrivilegesAway(t *testing.T) {
	for _, name := range unitNames {
		u := readUnit(t, name)
		for key, want := range map[string]string{
			"LimitCORE": "0", "MemorySwapMax": "0", "NoNewPrivileges": "yes", "CapabilityBoundingSet": "", "ProtectSystem": "strict",
			"ProtectHome": "yes", "PrivateTmp": "yes", "StateDirectoryMode": "0700", "UMask": "0077", "Restart": "always",
			"RestartPreventExitStatus": "3 4", "SystemCallArchitectures": "native", "MemoryDenyWriteExecute": "yes",
		} {
			if got := u["Service."+key]; len(got) != 1 || got[0] != want {
				t.Errorf("%s: %s is %q, want %q", name, key, got, want)
			}
		}
		if got := u["Service.Environment"]; len(got) != 1 || !strings.Contains(got[0], "GOTRACEBACK=none") {
			t.Errorf("%s: a crash would print stacks: %q", name, got)
		}
		if len(u["Service.MemoryMax"]) != 1 || len(u["Unit.StartLimitBurst"]) != 1 {
			t.Errorf("%s has no bound on memory, or on restarts", name)
		}
	}
}

// TestAProgramThatWasAbortedIsStartedAgain: systemd's watchdog aborts a program that hangs, and Go ends it then, as after a
// panic, with a code that no unit may take for a decision of ours.
func TestAProgramThatWasAbortedIsStartedAgain(t *testing.T) {
	if os.Getenv("TENIN_HANGS") != "" {
		select {}
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestAProgramThatWasAbortedIsStartedAgain$")
	cmd.Env = append(os.Environ(), "TENIN_HANGS=1", "GOTRACEBACK=none")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// A signal that comes before Go listens for it ends the process too, by the signal itself.
	time.Sleep(300 * time.Millisecond)
	if err := cmd.Process.Signal(syscall.SIGABRT); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	code := strconv.Itoa(cmd.ProcessState.ExitCode())
	if code != "2" {
		t.Fatalf("the program that hangs ended with %s", code)
	}
	for _, name := range unitNames {
		u := readUnit(t, name)
		for _, codes := range u["Service.RestartPreventExitStatus"] {
			if slices.Contains(strings.Fields(codes), code) {
				t.Errorf("%s: a program that ended with %s is not started again", name, code)
			}
		}
	}
}

func TestTheKiosksHomeAndCredentialAreThoseOfThisPackage(t *testing.T) {
	u := readUnit(t, "tenin.service")
	if command := u["Service.ExecStart"]; len(command) != 1 || !strings.HasSuffix(command[0], " --home "+Home) {
		t.Errorf("ExecStart is %q", command)
	}
	if got := u["Service.StateDirectory"]; len(got) != 1 || "/var/lib/"+got[0] != Home {
		t.Errorf("StateDirectory is %q", got)
	}
	if got := u["Service.LoadCredentialEncrypted"]; len(got) != 1 || got[0] != PIN {
		t.Errorf("the credential is %q, and %q is read", got, PIN)
	}
	// A worker could not raise its walls without these, nor have a /proc of its own under those.
	for _, kind := range []string{"user", "mnt", "net", "ipc", "pid"} {
		if got := u["Service.RestrictNamespaces"]; len(got) != 1 || !slices.Contains(strings.Fields(got[0]), kind) {
			t.Errorf("namespaces of kind %s are refused: %q", kind, got)
		}
	}
	for _, key := range []string{"ProtectHostname", "ProtectKernelTunables", "ProtectKernelLogs", "ProcSubset", "PrivateUsers"} {
		if got, ok := u["Service."+key]; ok {
			t.Errorf("%s is %q: a worker could not name its own host, or have a /proc of its own", key, got)
		}
	}
}

// tree is a root folder with our units, and a program at its place.
func tree(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	put := func(from, to string, mode os.FileMode) {
		text, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(root, to)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, text, mode); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range unitNames {
		put(filepath.Join(unitsFolder, name), "usr/lib/systemd/system/"+name, 0o644)
	}
	put(filepath.Join(unitsFolder, "sysusers.conf"), "usr/lib/sysusers.d/tenin.conf", 0o644)
	put(filepath.Join(unitsFolder, "tmpfiles.conf"), "usr/lib/tmpfiles.d/tenin.conf", 0o644)
	put("/bin/true", "usr/bin/tenin", 0o755)
	targets, err := filepath.Glob("/usr/lib/systemd/system/*.target")
	if err != nil {
		t.Fatal(err)
	}
	for _, target := range targets {
		put(target, target, 0o644)
	}
	return root
}

func systemd(t *testing.T, name string) string {
	t.Helper()
	program, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed: systemd itself has not read the units", name)
	}
	return program
}

func TestSystemdItselfUnderstandsTheUnits(t *testing.T) {
	program := systemd(t, "systemd-analyze")
	out, err := exec.Command(program, "verify", "--root="+tree(t), "--man=no", unitNames[0], unitNames[1]).CombinedOutput()
	// It says 0 where it only warns, as for a key that it ignores.
	if err != nil && bytes.Contains(out, []byte("unrecognized option")) {
		t.Skip("systemd-analyze has no --root: it is older than 250")
	}
	if err != nil || len(bytes.TrimSpace(out)) > 0 {
		t.Errorf("%v:\n%s", err, out)
	}
}

func TestTheUsersAndTheirFoldersAreMade(t *testing.T) {
	sysusers, tmpfiles := systemd(t, "systemd-sysusers"), systemd(t, "systemd-tmpfiles")
	if os.Geteuid() != 0 {
		t.Skip("folders are given to users by root only")
	}
	root := tree(t)
	if err := os.MkdirAll(filepath.Join(root, "etc"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, command := range [][]string{{sysusers, "--root=" + root}, {tmpfiles, "--root=" + root, "--create", "tenin.conf"}} {
		if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", command[0], err, out)
		}
	}
	users, err := os.ReadFile(filepath.Join(root, "etc/passwd"))
	if err != nil || !bytes.Contains(users, []byte("tenin:x:")) || !bytes.Contains(users, []byte("tenin-hub:x:")) {
		t.Errorf("%v: %s", err, users)
	}
	info, err := os.Stat(filepath.Join(root, Home))
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info, err)
	}
}
