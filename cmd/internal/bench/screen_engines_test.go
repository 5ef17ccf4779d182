//go:build engines

package bench_test

import (
	"errors"
	"os"
	"testing"
	"time"

	"tenin/cmd/internal/bench"
	"tenin/cmd/internal/screen"
	"tenin/cmd/internal/screen/xfixture"
	"tenin/cmd/internal/worker/sandbox"
)

func TestMain(m *testing.M) {
	if role, ok := sandbox.Child(); ok && role == screen.Role {
		os.Exit(screen.Main())
	}
	os.Exit(m.Run())
}

func TestTheWindowIsMeasuredFromStartToReplacement(t *testing.T) {
	r, err := bench.Screen(t.Context(), bench.ScreenOptions{Starts: 1, Touches: 3, Partials: 7, Visits: 2, Idle: time.Second})
	if errors.Is(err, xfixture.ErrMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	for what, measured := range map[string]float64{"start": r.Start.Max, "touch": r.Touch.Max, "partial": r.Partial.Max, "frozen": r.Frozen,
		"memory": r.MemoryMB, "forget": r.Forget.Max} {
		if measured <= 0 {
			t.Errorf("%s was not measured: %+v", what, r)
		}
	}
	r.Print(t.Output())
}
