package bench

import (
	"fmt"
	"io"
	"math"
	"slices"
	"text/tabwriter"
	"time"
)

// screenTimes takes percentiles by nearest rank, as spread does.
func screenTimes(times []time.Duration) ScreenTimes {
	if len(times) == 0 {
		return ScreenTimes{}
	}
	sorted := slices.Sorted(slices.Values(times))
	rank := func(p float64) float64 {
		return milliseconds(sorted[max(0, int(math.Ceil(p/100*float64(len(sorted))))-1)])
	}
	return ScreenTimes{rank(50), rank(95), rank(100)}
}

// Print writes the report for people.
func (r ScreenReport) Print(out io.Writer) {
	fmt.Fprintf(out, "The window, %d×%d dots, %s, %d CPUs\n\n", r.Width, r.Height, r.Renderer, r.CPUs)
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "ms\tp50\tp95\tmax\ttarget\t")
	for _, row := range []struct {
		what  string
		times ScreenTimes
		limit float64
	}{
		{"start to the attract screen", r.Start, r.StartLimit}, {"touch to its answer", r.Touch, r.TouchLimit},
		{"partial words to the glass", r.Partial, r.PartialLimit},
	} {
		fmt.Fprintf(t, "%s\t%.1f\t%.1f\t%.1f\t≤ %.0f p95\t%s\n", row.what, row.times.P50, row.times.P95, row.times.Max, row.limit, verdict(row.times.P95 <= row.limit))
	}
	fmt.Fprintf(t, "replaced between two shoppers\t%.1f\t%.1f\t%.1f\t\t\n", r.Forget.P50, r.Forget.P95, r.Forget.Max)
	t.Flush()
	fmt.Fprintf(out, "\nidle %.2f %% of a core (≤ %.0f): %s\n", r.Idle, r.IdleLimit, verdict(r.Idle <= r.IdleLimit))
	fmt.Fprintf(out, "%d visits: longest frozen picture %.0f ms (≤ %.0f): %s; %.0f MB, grown by %.1f %% (< %.0f): %s\n",
		r.Visits, r.Frozen, r.FrozenLimit, verdict(r.Frozen <= r.FrozenLimit), r.MemoryMB, r.Growth, r.GrowthLimit, verdict(r.Growth < r.GrowthLimit))
	if t := r.Turn; t != nil {
		fmt.Fprintf(out, "%d turns, end of speech to first sound, p50 / p95: drawn %.0f / %.0f ms, not drawn %.0f / %.0f ms: %+.1f %% (≤ %.0f): %s\n",
			t.Questions, t.Drawn.P50, t.Drawn.P95, t.Headless.P50, t.Headless.P95, t.Slower, t.SlowdownLimit, verdict(t.Slower <= t.SlowdownLimit))
	}
}
