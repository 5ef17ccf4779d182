package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// Probe is one thing that a sandboxed process ought not to be able to do.
type Probe struct {
	Name string // short and stable
	What string // what is tried, for people
}

// Result is what became of a probe in one process.
type Result struct {
	Probe
	Target string // the address, path or process that was tried; "" when there is only one
	Open   bool   // the attempt succeeded
	Detail string // the kernel's name of the error (EPERM), or more about the success; "no target" when nothing was named
}

// Key tells results of the same probe and target together.
func (r Result) Key() string { return r.Name + " " + r.Target }

// Targets is what the probes try. [NewDecoys] prepares some at which every probe succeeds that the kernel allows to an
// unsandboxed process; real ones can be added.
type Targets struct {
	TCP, UDP string   // host:port; UDP must answer
	DNS      string   // host:port of a resolver
	Abstract []string // Unix sockets without a path, without the leading @
	Sockets  []string // Unix sockets with a path: D-Bus, sound server, resolver, X11, control socket
	Files    []string // files to read and to write, such as vault and key, and folders to read, which end in a slash
	Folders  []string // folders to write in
	Program  string   // a program that ends at once
	PID      int      // another process of the same user, as numbered where the targets were prepared
	Others   []int    // further processes, numbered alike
}

// attempt tries one target; nil means that it succeeded.
type attempt func(ctx context.Context, t Targets, target string) error

// test is a probe with its means.
type test struct {
	Probe
	try     attempt
	targets func(Targets) []string // nil: tried once
}

// errNoTarget is the result of a probe that was given nothing to try.
var errNoTarget = errors.New("no target")

// success is the error of an attempt that succeeded and has something to say.
type success string

func (s success) Error() string { return string(s) }

// longest is how long one attempt may take. What hangs longer is closed as far as the process is concerned.
const longest = 1500 * time.Millisecond

// Probes lists what [RunProbes] tries, in its order.
func Probes() []Probe {
	all := []Probe{}
	for _, t := range tests() {
		all = append(all, t.Probe)
	}
	return all
}

// RunProbes tries everything from inside this process and returns one result for each probe and target, always in the
// same order. It leaves no file, process or socket behind, does no harm to the process, and no attempt takes longer
// than two seconds; after the end of ctx the rest is reported as not tried.
func RunProbes(ctx context.Context, t Targets) []Result {
	var results []Result
	for _, test := range tests() {
		targets := []string{""}
		if test.targets != nil {
			if targets = test.targets(t); len(targets) == 0 {
				results = append(results, Result{Probe: test.Probe, Detail: errNoTarget.Error()})
				continue
			}
		}
		for _, target := range targets {
			results = append(results, test.run(ctx, t, target))
		}
	}
	return results
}

// run makes one attempt within its time. The attempt has a goroutine of its own, since a system call that hangs cannot
// be called back.
func (p test) run(ctx context.Context, t Targets, target string) Result {
	result := Result{Probe: p.Probe, Target: target}
	if ctx.Err() != nil {
		result.Detail = "not tried"
		return result
	}
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	answer := make(chan error, 1)
	go func() { answer <- p.try(ctx, t, target) }()
	timer := time.NewTimer(longest + 300*time.Millisecond)
	defer timer.Stop()
	var err error
	select {
	case err = <-answer:
	case <-timer.C:
		err = os.ErrDeadlineExceeded
	}
	var said success
	switch {
	case err == nil:
		result.Open, result.Detail = true, "open"
	case errors.As(err, &said):
		result.Open, result.Detail = true, string(said)
	default:
		result.Detail = errnoName(err)
	}
	return result
}

// Verdict is what two results of one probe prove together.
type Verdict string

// Verdicts of a probe.
const (
	Closed    Verdict = "closed"     // it succeeds without the sandbox and fails inside
	Open      Verdict = "open"       // it succeeds inside
	NotProven Verdict = "not proven" // it fails without the sandbox too, so its failure inside says nothing
)

// Row is one probe, tried without and within the sandbox.
type Row struct {
	Probe
	Target  string
	Control string // Detail of the control process
	Inside  string // Detail of the sandboxed process
	Verdict Verdict
}

// Compare joins the results of an unsandboxed control process with those of a sandboxed one, in the order of the
// latter. A result without its counterpart is not proven.
func Compare(control, inside []Result) []Row {
	known := map[string]Result{}
	for _, r := range control {
		known[r.Key()] = r
	}
	rows := make([]Row, 0, len(inside))
	for _, r := range inside {
		c, ok := known[r.Key()]
		row := Row{Probe: r.Probe, Target: r.Target, Control: c.Detail, Inside: r.Detail, Verdict: NotProven}
		switch {
		case r.Open:
			row.Verdict = Open
		case !ok:
			row.Control = "not tried"
		case c.Open && r.Detail != "not tried":
			row.Verdict = Closed
		}
		rows = append(rows, row)
	}
	return rows
}

// String is the row as one line.
func (r Row) String() string {
	return fmt.Sprintf("%-10s %s (control: %s, inside: %s)", r.Verdict, r.Key(), r.Control, r.Inside)
}

// Key tells rows of the same probe and target together.
func (r Row) Key() string { return Result{Probe: r.Probe, Target: r.Target}.Key() }
