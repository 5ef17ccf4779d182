package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// roles are what this test binary does as a child.
var roles = map[string]func() error{"probe": probeRole}

func TestMain(m *testing.M) {
	if role, ok := Child(); ok {
		name, _, _ := strings.Cut(role, " ")
		if err := roles[name](); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// probeRole reads its targets from standard input and writes the results to standard output.
func probeRole() error {
	var targets Targets
	if err := json.NewDecoder(os.Stdin).Decode(&targets); err != nil {
		return err
	}
	if os.Getenv("SEAL") != "" {
		if err := Seal(); err != nil {
			return err
		}
	}
	return json.NewEncoder(os.Stdout).Encode(RunProbes(context.Background(), targets))
}

// need skips where the kernel, for this user, lacks what the full sandbox needs.
func need(t *testing.T) {
	t.Helper()
	for _, f := range Features() {
		if !f.Have {
			t.Skipf("this machine has no %s: %s", f.Name, f.Why)
		}
	}
}

// starter is the test's own thread of children.
func starter(t *testing.T) *Starter {
	t.Helper()
	s := NewStarter()
	t.Cleanup(s.Close)
	return s
}

// run starts a child with standard input, waits for it and returns its output.
func run(t *testing.T, cmd *exec.Cmd, input string) (stdout, stderr string, err error) {
	t.Helper()
	var out, failed bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(input), &out, &failed
	if err := starter(t).Start(cmd); err != nil {
		t.Fatalf("start a child: %v", err)
	}
	late := time.AfterFunc(2*time.Minute, func() { cmd.Process.Kill() })
	defer late.Stop()
	err = cmd.Wait()
	return out.String(), failed.String(), err
}

// probed runs the probes in a child.
func probed(t *testing.T, p Policy, m Mode, targets Targets) []Result {
	t.Helper()
	cmd, err := Command(p, m)
	if err != nil {
		t.Fatal(err)
	}
	return probedBy(t, cmd, targets)
}

// probedBy runs the probes in the child.
func probedBy(t *testing.T, cmd *exec.Cmd, targets Targets) []Result {
	t.Helper()
	input, err := json.Marshal(targets)
	if err != nil {
		t.Fatal(err)
	}
	stdout, stderr, err := run(t, cmd, string(input))
	if err != nil {
		t.Fatalf("the child ended with %v: %s", err, stderr)
	}
	var results []Result
	if err := json.Unmarshal([]byte(stdout), &results); err != nil {
		t.Fatalf("the child said %q: %v", stdout, err)
	}
	return results
}

// decoys are targets for the length of a test.
func decoys(t *testing.T) Targets {
	t.Helper()
	d, err := NewDecoys(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d.Targets()
}

// sealed is a policy whose child seals itself.
func sealed(role string) Policy { return Policy{Role: role, Env: []string{"SEAL=1"}} }

// find returns the results of one probe.
func find(t *testing.T, results []Result, name string) []Result {
	t.Helper()
	var found []Result
	for _, r := range results {
		if r.Name == name {
			found = append(found, r)
		}
	}
	if len(found) == 0 {
		t.Fatalf("no result of probe %s", name)
	}
	return found
}

// expectClosed fails unless every result of the probes is closed.
func expectClosed(t *testing.T, results []Result, names ...string) {
	t.Helper()
	for _, name := range names {
		for _, r := range find(t, results, name) {
			if r.Open {
				t.Errorf("probe %s is open: %s", r.Key(), r.Detail)
			}
		}
	}
}

// expectOpen fails unless every result of the probes is open.
func expectOpen(t *testing.T, results []Result, names ...string) {
	t.Helper()
	for _, name := range names {
		for _, r := range find(t, results, name) {
			if !r.Open {
				t.Errorf("probe %s is closed: %s", r.Key(), r.Detail)
			}
		}
	}
}
