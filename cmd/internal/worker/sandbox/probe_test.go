package sandbox

import (
	"context"
	"os"
	"testing"
	"time"
)

func TestEveryProbeSucceedsWithoutTheSandboxAndFailsInside(t *testing.T) {
	need(t)
	targets := decoys(t)
	cmd, err := Empowered(Policy{Role: "probe empowered"})
	if err != nil {
		t.Fatal(err)
	}
	control := Merge(probed(t, Policy{Role: "probe control"}, Off, targets), probedBy(t, cmd, targets))
	inside := probed(t, sealed("probe inside"), Refuse, targets)
	if len(control) != len(inside) {
		t.Fatalf("%d results outside, %d inside", len(control), len(inside))
	}
	for _, row := range Compare(control, inside) {
		t.Log(row)
		switch {
		case row.Verdict == Open:
			t.Errorf("open inside: %s", row)
		case row.Verdict == NotProven && !kernelLacks(row):
			t.Errorf("not proven: %s", row)
		}
	}
}

// kernelLacks tells whether a probe failed outside since this kernel is built without what it tries, which nobody can
// then do.
func kernelLacks(r Row) bool {
	switch r.Control {
	case "ENOSYS", "EAFNOSUPPORT", errNoTarget.Error():
		return true
	}
	return false
}

func TestProbesLeaveNothingBehind(t *testing.T) {
	targets := decoys(t)
	files := func() int {
		held, err := Held(os.Getpid())
		if err != nil {
			t.Fatal(err)
		}
		return len(held)
	}
	RunProbes(context.Background(), targets) // the first run opens the poller and other things that stay
	before := files()
	RunProbes(context.Background(), targets)
	// The decoys close their ends in their own time.
	after := files()
	for tries := 0; after > before && tries < 100; tries++ {
		time.Sleep(20 * time.Millisecond)
		after = files()
	}
	if after > before {
		t.Errorf("%d open files before, %d after", before, after)
	}
	for _, folder := range targets.Folders[:1] {
		entries, err := os.ReadDir(folder)
		if err != nil {
			t.Fatal(err)
		}
		if len(entries) > 2 {
			t.Errorf("%s holds %v, not only the decoy and its socket", folder, entries)
		}
	}
}

func TestAProbeWithoutATargetIsNotProven(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	results := RunProbes(ctx, Targets{})
	rows := Compare(results, results)
	for _, row := range rows {
		if row.Name == "tcp" && row.Verdict != NotProven {
			t.Errorf("tcp without a target is %s", row.Verdict)
		}
	}
	cancel()
	for _, r := range RunProbes(ctx, Targets{}) {
		if r.Open {
			t.Errorf("probe %s was tried after the end", r.Name)
		}
	}
}

func TestCompareTellsOpenClosedAndNotProvenApart(t *testing.T) {
	a, b, c, d := Probe{Name: "a"}, Probe{Name: "b"}, Probe{Name: "c"}, Probe{Name: "d"}
	control := []Result{{Probe: a, Open: true}, {Probe: b, Open: true}, {Probe: c, Detail: "EPERM"}}
	inside := []Result{{Probe: a, Detail: "EPERM"}, {Probe: b, Open: true}, {Probe: c, Detail: "EPERM"}, {Probe: d, Detail: "EPERM"}}
	want := []Verdict{Closed, Open, NotProven, NotProven}
	for i, row := range Compare(control, inside) {
		if row.Verdict != want[i] {
			t.Errorf("%s is %s, want %s", row.Name, row.Verdict, want[i])
		}
	}
}
