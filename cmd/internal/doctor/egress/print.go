package egress

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// Print writes the report as a technician reads it: the table of roles and groups, what stands around each process, what
// the kernel lacks, and a line for everything that is open, unproven, or open for a reason.
func (r *Report) Print(out io.Writer) error {
	started := ""
	if r.Started {
		started = ", started for this examination"
	}
	fmt.Fprintf(out, "kiosk of %s%s\n\n", r.Home, started)
	if err := r.printTable(out); err != nil {
		return err
	}
	if err := r.printProcesses(out); err != nil {
		return err
	}
	r.printKernel(out)
	r.printAllowed(out)
	for _, note := range r.Notes {
		fmt.Fprintf(out, "note: %s\n", note)
	}
	r.printFailures(out)
	_, err := fmt.Fprintln(out, r.summary())
	return err
}

// roles of the report, in the order in which they were examined.
func (r *Report) roles() (roles []string) {
	for _, p := range r.Processes {
		roles = append(roles, p.Role)
	}
	return roles
}

func (r *Report) printTable(out io.Writer) error {
	table := tabwriter.NewWriter(out, 2, 8, 2, ' ', 0)
	fmt.Fprintf(table, "\t%s\n", strings.Join(r.roles(), "\t"))
	for _, group := range Groups() {
		fmt.Fprint(table, group)
		for _, role := range r.roles() {
			fmt.Fprintf(table, "\t%s", r.cell(role, group))
		}
		fmt.Fprintln(table)
	}
	fmt.Fprint(table, "seen from outside")
	for _, p := range r.Processes {
		cell := "✓"
		if len(p.Problems) > 0 {
			cell = fmt.Sprintf("OPEN %d", len(p.Problems))
		}
		fmt.Fprintf(table, "\t%s", cell)
	}
	fmt.Fprint(table, "\n\n")
	return table.Flush()
}

// cell says how a group of probes ended in a process, the worst first.
func (r *Report) cell(role string, group Group) string {
	count := map[Verdict]int{}
	for _, row := range r.Rows {
		if row.Role == role && row.Group == group {
			count[row.Verdict]++
		}
	}
	var parts []string
	if n := count[Open]; n > 0 {
		parts = append(parts, fmt.Sprintf("OPEN %d", n))
	}
	if n := count[NotProven]; n > 0 {
		parts = append(parts, fmt.Sprintf("not proven %d", n))
	}
	switch {
	case len(parts) > 0:
		return strings.Join(parts, ", ")
	case len(count) == 0:
		return "not probed"
	case count[Allowed] > 0:
		return fmt.Sprintf("✓ %d, may %d", count[Closed], count[Allowed])
	}
	return fmt.Sprintf("✓ %d", count[Closed])
}

func (r *Report) printProcesses(out io.Writer) error {
	table := tabwriter.NewWriter(out, 2, 8, 2, ' ', 0)
	fmt.Fprintln(table, "process\tpid\tuser\tnamespaces apart from the host\tseccomp\tno new privileges\tcores")
	for _, p := range r.Processes {
		var apart []string
		for _, kind := range []string{"net", "mnt", "ipc", "pid", "user", "uts"} {
			if !slices.Contains(p.SharedWithHost, kind) {
				apart = append(apart, kind)
			}
		}
		cores := "none"
		if p.CoreLimit != "0" {
			cores = p.CoreLimit
		}
		seccomp := p.Seccomp
		if p.Filters > 0 {
			seccomp = fmt.Sprintf("%s ×%d", p.Seccomp, p.Filters)
		}
		fmt.Fprintf(table, "%s\t%d\t%d\t%s\t%s\t%s\t%s\n", p.Role, p.PID, p.UID, strings.Join(apart, " "), seccomp, yes(p.NoNewPrivs), cores)
	}
	fmt.Fprintln(table)
	return table.Flush()
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "NO"
}

func (r *Report) printKernel(out io.Writer) {
	var missing, absent []string
	for _, f := range r.Features {
		if !f.Have {
			missing = append(missing, fmt.Sprintf("%s (%s)", f.Name, f.Why))
		}
	}
	if len(missing) == 0 {
		fmt.Fprintln(out, "the kernel has everything that the walls need")
	} else {
		fmt.Fprintf(out, "the kernel lacks: %s\n", strings.Join(missing, ", "))
	}
	for _, row := range r.Rows {
		if row.Verdict == Absent && !slices.Contains(absent, row.Probe) {
			absent = append(absent, row.Probe)
		}
	}
	if len(absent) > 0 {
		fmt.Fprintf(out, "not on this kernel, so nobody can: %s\n", strings.Join(absent, ", "))
	}
}

// printAllowed tells once for each reason what is open because of it.
func (r *Report) printAllowed(out io.Writer) {
	for _, role := range r.roles() {
		for _, a := range Expected {
			var probes []string
			for _, row := range r.Rows {
				name := row.Probe
				if row.Kind != Decoy {
					name += " (" + string(row.Kind) + ")"
				}
				if row.Verdict == Allowed && row.Role == role && a.Role == role && row.Why == a.Why && !slices.Contains(probes, name) &&
					slices.Contains(a.Probes, row.Probe) {
					probes = append(probes, name)
				}
			}
			if len(probes) > 0 {
				fmt.Fprintf(out, "%s may: %s: %s\n", role, strings.Join(probes, ", "), a.Why)
			}
		}
	}
}

func (r *Report) printFailures(out io.Writer) {
	for _, problem := range r.Problems {
		fmt.Fprintf(out, "OPEN        %s\n", problem)
	}
	for _, p := range r.Processes {
		for _, problem := range p.Problems {
			fmt.Fprintf(out, "OPEN        %-7s %s\n", p.Role, problem)
		}
	}
	for _, row := range r.Rows {
		switch row.Verdict {
		case Open:
			fmt.Fprintf(out, "OPEN        %-7s %s: %s %s\n", row.Role, row.Probe, row.What, row.about())
		case NotProven:
			fmt.Fprintf(out, "not proven  %-7s %s: %s %s\n", row.Role, row.Probe, row.What, row.about())
		}
	}
}

func (r Row) about() string {
	target := ""
	if r.Target != "" {
		target = r.Target + "; "
	}
	return fmt.Sprintf("(%sinside: %s, without walls: %s)", target, r.Inside, r.Control)
}

func (r *Report) summary() string {
	count := map[Verdict]int{}
	for _, row := range r.Rows {
		count[row.Verdict]++
	}
	if r.OK {
		return fmt.Sprintf("closed: %d attempts in %d processes failed that succeed without walls", count[Closed], len(r.Processes))
	}
	return fmt.Sprintf("FAILED: %d open, %d not proven, %d closed", r.Failed()-count[NotProven], count[NotProven], count[Closed])
}
