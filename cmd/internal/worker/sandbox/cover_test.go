package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

func init() { roles["covered"] = coveredRole }

// coveredReport is what a launched process found that some things are hidden from.
type coveredReport struct {
	State   State
	Results []Result
	Worker  bool
}

// coveredRole tries targets and starts a worker all the same.
func coveredRole() error {
	var targets Targets
	if err := json.NewDecoder(os.Stdin).Decode(&targets); err != nil {
		return err
	}
	r := coveredReport{Results: RunProbes(context.Background(), targets)}
	var err error
	if r.State, err = Inspect(os.Getpid()); err != nil {
		return err
	}
	cmd, err := Command(Policy{Role: "probe"}, Refuse)
	if err != nil {
		return err
	}
	s := NewStarter()
	defer s.Close()
	if err := s.Start(cmd); err != nil {
		return err
	}
	// The worker finds no targets on its standard input, and says so by its exit code.
	_ = cmd.Wait()
	r.Worker = cmd.ProcessState.ExitCode() == 1
	return json.NewEncoder(os.Stdout).Encode(r)
}

func TestALaunchedParentDoesNotSeeWhatIsHiddenFromIt(t *testing.T) {
	need(t)
	dir := t.TempDir()
	listen := func(parts ...string) string {
		path := filepath.Join(append([]string{dir}, parts...)...)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		l, err := net.Listen("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		return path
	}
	inFolder, alone, seen := listen("bus", "s"), listen("alone"), listen("seen")
	if err := os.Symlink(filepath.Join(dir, "bus"), filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	hide := []string{filepath.Join(dir, "link"), filepath.Join(dir, "bus"), alone, filepath.Join(dir, "none")}
	cmd, err := Launch(Policy{Role: "covered", Hide: hide}, Refuse, nil)
	if err != nil {
		t.Fatal(err)
	}
	input, err := json.Marshal(Targets{Sockets: []string{inFolder, alone, seen}, Folders: []string{dir, filepath.Join(dir, "bus")}})
	if err != nil {
		t.Fatal(err)
	}
	stdout, stderr, err := run(t, cmd, string(input))
	if err != nil {
		t.Fatal(err, stderr)
	}
	var r coveredReport
	if err := json.Unmarshal([]byte(stdout), &r); err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{inFolder: false, alone: false, seen: true}
	for _, result := range find(t, r.Results, "socket") {
		if result.Open != want[result.Target] {
			t.Errorf("%s: open is %v", result.Target, result.Open)
		}
	}
	for _, result := range find(t, r.Results, "write") {
		if result.Open != (result.Target == dir) {
			t.Errorf("writing in %s: open is %v", result.Target, result.Open)
		}
	}
	if !r.Worker {
		t.Error("it could not start a worker")
	}
	outside, err := Inspect(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if shared := r.State.Shared(outside); !slices.Equal(shared, []string{"ipc", "pid", "uts"}) {
		t.Errorf("it shares %v", shared)
	}
	if os.Geteuid() != 0 && r.State.Capabilities != 0 {
		t.Errorf("it holds capabilities %#x", r.State.Capabilities)
	}
	if _, err := os.Stat(inFolder); err != nil {
		t.Errorf("hidden outside too: %v", err)
	}
	if err := unix.Access(alone, unix.W_OK); err != nil {
		t.Errorf("changed outside too: %v", err)
	}
}

func TestOnlyAnAbsolutePathCanBeHidden(t *testing.T) {
	if _, err := Launch(Policy{Role: "covered", Hide: []string{"run"}}, Off, nil); err == nil || errors.Is(err, ErrMissing) {
		t.Error(err)
	}
}

func TestTheSessionsBusIsFoundByTheEnvironment(t *testing.T) {
	env := map[string]string{"XDG_RUNTIME_DIR": "/run/user/7", "DBUS_SESSION_BUS_ADDRESS": "unix:path=/somewhere/bus,guid=0"}
	places := Services(func(name string) string { return env[name] })
	for _, want := range []string{"/run/dbus", "/run/user/7/bus", "/somewhere/bus"} {
		if !slices.Contains(places, want) {
			t.Errorf("no %s in %v", want, places)
		}
	}
	env = map[string]string{"XDG_RUNTIME_DIR": "user", "DBUS_SESSION_BUS_ADDRESS": "unix:path=bus"}
	for _, list := range [][]string{Services(func(name string) string { return env[name] }), Displays(func(name string) string { return env[name] })} {
		for _, place := range list {
			if !filepath.IsAbs(place) {
				t.Errorf("%s is no absolute path", place)
			}
		}
	}
}

func TestTheFirstAddressOfABusIsRead(t *testing.T) {
	for address, want := range map[string]string{
		"unix:path=/run/user/1000/bus":                 "map[path:/run/user/1000/bus]",
		"unix:path=/run/user/1/bus,guid=00;tcp:host=x": "map[path:/run/user/1/bus]",
		"unix:abstract=/tmp/dbus-x,guid=00":            "map[abstract:/tmp/dbus-x]",
		"tcp:host=localhost,port=1":                    "map[]",
		"":                                             "map[]",
		"unix:":                                        "map[]",
		"unix:path":                                    "map[]",
		"unix:runtime=yes":                             "map[]",
		"autolaunch:;unix:path=/run/user/1000/bus": "map[]",
		"unix:path=/a=b,abstract=/c":               "map[abstract:/c path:/a=b]",
	} {
		if got := fmt.Sprint(BusAddress(address)); got != want {
			t.Errorf("%q: %s, want %s", address, got, want)
		}
	}
}
