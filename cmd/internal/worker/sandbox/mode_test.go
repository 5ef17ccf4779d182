package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func init() {
	roles["lacking"] = lackingRole
	roles["missing"] = func() error {
		if err := Seal(); err != nil {
			return err
		}
		return json.NewEncoder(os.Stdout).Encode(Missing())
	}
}

// poorKernels are kernels that lack something, played by a filter over the parent.
var poorKernels = map[string]*filter{
	"no Landlock": {fallback: allow, rules: []rule{{number: unix.SYS_LANDLOCK_CREATE_RULESET, then: unknown}}},
	"no namespaces": {fallback: allow, rules: []rule{
		{number: unix.SYS_CLONE, checks: []check{hasNone(0, namespacesMask)}, then: allow, other: refused},
		{number: unix.SYS_CLONE3, then: unknown}}},
	"no private /proc": {fallback: allow, rules: []rule{{number: unix.SYS_FSOPEN, then: refused}}},
	"no filters":       {fallback: allow, rules: []rule{{number: unix.SYS_SECCOMP, then: unknown}}},
}

// poorReport is what happened on a poor kernel.
type poorReport struct {
	Refused   string // the error of Command, or the standard error of the child
	IsMissing bool
	Warned    string   // the standard error of a child that goes on
	Missing   []string // what it says it lacks
	Results   []Result // its probes
}

// lackingRole puts itself on a poor kernel, and starts children in both modes.
func lackingRole() error {
	var targets Targets
	if err := json.NewDecoder(os.Stdin).Decode(&targets); err != nil {
		return err
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	if err := current.install(poorKernels[os.Getenv("KERNEL")], unix.SECCOMP_FILTER_FLAG_TSYNC); err != nil {
		return err
	}
	s := NewStarter()
	defer s.Close()
	start := func(p Policy, m Mode) (stdout, stderr string, err error) {
		cmd, err := Command(p, m)
		if err != nil {
			return "", err.Error(), err
		}
		input, err := json.Marshal(targets)
		if err != nil {
			return "", "", err
		}
		var out, failed bytes.Buffer
		cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(input), &out, &failed
		if err = s.Start(cmd); err == nil {
			err = cmd.Wait()
		}
		return out.String(), failed.String(), err
	}
	var r poorReport
	_, r.Refused, _ = start(Policy{Role: "missing"}, Refuse)
	_, err := Command(Policy{Role: "missing"}, Refuse)
	r.IsMissing = errors.Is(err, ErrMissing)
	stdout, stderr, err := start(Policy{Role: "missing"}, Warn)
	if err != nil {
		return errors.New(stderr)
	}
	r.Warned = stderr
	if err := json.Unmarshal([]byte(stdout), &r.Missing); err != nil {
		return err
	}
	if stdout, stderr, err = start(sealed("probe"), Warn); err != nil {
		return errors.New(stderr)
	}
	if err := json.Unmarshal([]byte(stdout), &r.Results); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(r)
}

// poor runs the children of a poor kernel.
func poor(t *testing.T, kernel string) poorReport {
	t.Helper()
	need(t)
	cmd, err := Command(Policy{Role: "lacking", Env: []string{"KERNEL=" + kernel}}, Off)
	if err != nil {
		t.Fatal(err)
	}
	input, err := json.Marshal(decoys(t))
	if err != nil {
		t.Fatal(err)
	}
	stdout, stderr, err := run(t, cmd, string(input))
	if err != nil {
		t.Fatal(err, stderr)
	}
	var r poorReport
	if err := json.Unmarshal([]byte(stdout), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// expectNamed fails unless both modes name the features that are missing.
func expectNamed(t *testing.T, r poorReport, features ...string) {
	t.Helper()
	if !strings.Contains(r.Refused, features[0]) || !strings.Contains(r.Refused, ErrMissing.Error()) || strings.Count(strings.TrimSpace(r.Refused), "\n") > 0 {
		t.Errorf("refused with %q, want one line that names %s", r.Refused, features[0])
	}
	if !slices.Equal(r.Missing, features) {
		t.Errorf("the child goes on without %q, want %q", r.Missing, features)
	}
	for _, f := range features {
		if !strings.Contains(r.Warned, f) {
			t.Errorf("the warning %q does not name %s", r.Warned, f)
		}
	}
}

func TestAKernelWithoutLandlockIsNamedAndTheOtherLayersHold(t *testing.T) {
	r := poor(t, "no Landlock")
	expectNamed(t, r, FeatureLandlock)
	if !r.IsMissing {
		t.Error("the error is no ErrMissing")
	}
	for _, result := range r.Results {
		if result.Open {
			t.Errorf("probe %s is open: %s", result.Key(), result.Detail)
		}
	}
}

func TestAKernelWithoutNamespacesIsNamedAndTheOtherLayersHold(t *testing.T) {
	r := poor(t, "no namespaces")
	expectNamed(t, r, FeatureMount, FeatureIPC, FeaturePID, FeatureUTS, FeatureNet)
	expectClosed(t, r.Results, "tcp", "udp", "dns", "inet", "unix", "abstract", "socket", "read", "append", "write", "environ",
		"mem", "cmdline", "vm_read", "ptrace", "signal", "program", "fork", "io_uring", "capability")
}

func TestAKernelThatRefusesAPrivateProcIsNamedAndTheChildSeesItsOwnEntryOnly(t *testing.T) {
	r := poor(t, "no private /proc")
	expectNamed(t, r, FeatureProc)
	expectClosed(t, r.Results, "cmdline", "environ", "mem", "processes", "read", "tcp", "socket", "program")
}

func TestAKernelWithoutFiltersIsNamedAndTheOtherLayersHold(t *testing.T) {
	r := poor(t, "no filters")
	expectNamed(t, r, FeatureSeccomp)
	expectClosed(t, r.Results, "tcp", "udp", "dns", "abstract", "socket", "read", "write", "environ", "ptrace", "signal", "program",
		"capability", "dump")
}
