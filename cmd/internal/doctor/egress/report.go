package egress

import "tenin/cmd/internal/worker/sandbox"

// Verdict is what one probe showed of one process.
type Verdict string

// The verdicts. Open and NotProven fail the examination.
const (
	Closed    Verdict = "closed"     // a process without walls can, this one cannot
	Allowed   Verdict = "allowed"    // it can, and may
	Open      Verdict = "open"       // it can, and should not
	NotProven Verdict = "not proven" // it cannot, and neither can a process without walls: that shows nothing
	Absent    Verdict = "absent"     // this kernel knows no such thing, so that nobody can
)

// Row is one probe of one process.
type Row struct {
	Role    string  `json:"role"`
	Group   Group   `json:"group"`
	Probe   string  `json:"probe"`
	What    string  `json:"what"`
	Target  string  `json:"target"`
	Kind    Kind    `json:"kind"`
	Control string  `json:"control"`
	Inside  string  `json:"inside"`
	Verdict Verdict `json:"verdict"`
	// Why is the reason of what is allowed.
	Why string `json:"why,omitempty"`
}

// Feature is something that the walls need of the kernel.
type Feature struct {
	Name string `json:"name"`
	Have bool   `json:"have"`
	Why  string `json:"why,omitempty"`
}

// Report is the result of an examination.
type Report struct {
	OK   bool   `json:"ok"`
	Home string `json:"home"`
	// Started says that no kiosk ran, and that one was started for the examination.
	Started   bool      `json:"started"`
	Processes []Process `json:"processes"`
	Rows      []Row     `json:"rows"`
	Features  []Feature `json:"features"`
	// Problems are what is wrong with the whole: a process that nobody knows, or that could not be examined.
	Problems []string `json:"problems"`
	// Notes are what the reader should know and what fails nothing.
	Notes []string `json:"notes"`
}

// judge compares what a process could with what a control process could.
func judge(role string, pid int, control, inside []sandbox.Result, t targets) (rows []Row) {
	for _, r := range sandbox.Compare(control, inside) {
		kind := t.kind(r.Name, r.Target)
		row := Row{
			Role: role, Group: groups[r.Name], Probe: r.Name, What: r.What, Target: r.Target, Kind: kind,
			Control: r.Control, Inside: r.Inside,
		}
		switch r.Verdict {
		case sandbox.Closed:
			row.Verdict = Closed
		case sandbox.Open:
			if row.Why = allowed(role, r.Name, kind, t.roles...); row.Why != "" {
				row.Verdict = Allowed
			} else {
				row.Verdict = Open
			}
		default:
			row.Verdict = NotProven
			switch {
			case r.Control == "ENOSYS" || r.Control == "EAFNOSUPPORT":
				row.Verdict = Absent
			case kind != Decoy:
				// The same is shown at a decoy; this one nobody of this user can reach.
				continue
			}
		}
		if isPID(r.Target, pid) {
			continue // itself
		}
		rows = append(rows, row)
	}
	return rows
}
