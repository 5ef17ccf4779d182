package bench

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
)

// Print writes the report for people.
func (r AnswersReport) Print(w io.Writer) error {
	fmt.Fprintf(w, "Retrieval over the demo shop, %s queries: %d in scope, %d out of scope\n\n", r.Queries, r.Ours.InScope, r.Ours.OutOfScope)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "\tqueries\tfirst hit\tfirst three\tanswered\trefused\twrong\t")
	row := func(name string, f AnswersFigures) {
		in, out := func(v float64) string {
			if f.InScope == 0 {
				return "-"
			}
			return percent(v)
		}, func(v float64) string {
			if f.OutOfScope == 0 {
				return "-"
			}
			return percent(v)
		}
		fmt.Fprintf(t, "%s\t%d\t%s\t%s\t%s\t%s\t%s\t\n", name, f.InScope+f.OutOfScope, in(f.FirstHit), in(f.TopThree), in(f.Answered), out(f.Refused), percent(f.Wrong))
	}
	row("all", r.Ours)
	for _, part := range []struct {
		name string
		rows map[string]AnswersFigures
	}{{"band", r.Bands}, {"language", r.Languages}, {"style", r.Styles}} {
		fmt.Fprintf(t, "by %s\t\t\t\t\t\t\t\n", part.name)
		for _, k := range slices.Sorted(maps.Keys(part.rows)) {
			row("  "+k, part.rows[k])
		}
	}
	if len(r.Peers) > 0 {
		fmt.Fprintln(t, "alone, best threshold\t\t\t\t\t\t\t")
		for _, k := range slices.Sorted(maps.Keys(r.Peers)) {
			row("  "+k, r.Peers[k])
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if r.Ratio != nil {
		fmt.Fprintf(w, "\nAgainst %s alone: %.2f times the first hits, %.1f times fewer wrong answers.\n", r.PeerName, r.Ratio.FirstHit, r.Ratio.Wrong)
	}
	_, err := fmt.Fprintf(w, "Calibration error %.3f; a search takes %.1f ms (median, embedding counted).\n", r.Calibration, r.SearchMS)
	return err
}

func percent(v float64) string { return fmt.Sprintf("%.1f %%", 100*v) }
