package egress

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"tenin/cmd/internal/control"
	"tenin/cmd/internal/control/pb"
	"tenin/cmd/internal/kiosk"
	"tenin/cmd/internal/worker/sandbox"
)

// errChanged means that a process was replaced while it was examined.
var errChanged = errors.New("the kiosk's processes changed")

// tries is how often an examination begins anew when a process was replaced in the middle.
const tries = 3

// Examine examines the kiosk at the other end of c, which serves home. An error means that it could not be done;
// what was found is in the report. Where the shop has staff, c must have been given a PIN: control.ErrPINNeeded.
func Examine(ctx context.Context, c *control.Client, home string) (r Report, err error) {
	for range tries {
		if r, err = examine(ctx, c, home); !errors.Is(err, errChanged) {
			return r, err
		}
	}
	return r, fmt.Errorf("%w again and again: try when it is quiet", err)
}

func examine(ctx context.Context, c *control.Client, home string) (Report, error) {
	r := Report{Home: home, Rows: []Row{}, Features: []Feature{}, Problems: []string{}, Notes: []string{}}
	for _, f := range sandbox.Features() {
		r.Features = append(r.Features, Feature{f.Name, f.Have, f.Why})
	}
	told, pid, err := processesOf(ctx, c)
	if err != nil {
		return r, err
	}
	family, err := familyOf(pid, told)
	if err != nil {
		return r, err
	}
	for _, pid := range family.strangers {
		r.problem("process %d (%s) belongs to the kiosk, and nobody knows it", pid, name(pid))
	}
	for _, m := range told {
		if !slices.Contains(family.members, m) {
			return r, fmt.Errorf("%w: the %s process %d", errChanged, m.Role, m.PID)
		}
	}
	if r.Processes, err = inspect(family, home); err != nil {
		return r, err
	}
	decoys, err := sandbox.NewDecoys("")
	if err != nil {
		return r, fmt.Errorf("what the probes are to find cannot be prepared: %w", err)
	}
	defer decoys.Close()
	t := targetsOf(ctx, decoys.Targets(), home, family)
	// The kiosk may want a PIN, which is better known before the work of the control processes.
	inside := map[string][]sandbox.Result{}
	for _, m := range family.members {
		results, err := probe(ctx, c, m.Role, t.Targets)
		switch {
		case err == nil:
			inside[m.Role] = results
		case ctx.Err() != nil || errors.Is(err, control.ErrPINNeeded) || errors.Is(err, control.ErrNotAllowed) || errors.Is(err, control.ErrGone):
			return r, err
		default:
			r.problem("the %s process could not be probed: %v", m.Role, err)
		}
	}
	results, without, err := controls(ctx, t.Targets)
	if err != nil {
		return r, err
	}
	if without != nil {
		r.note("no control process with every right: %v", without)
	}
	for _, m := range family.members {
		r.Rows = append(r.Rows, judge(m.Role, m.PID, results, inside[m.Role], t)...)
	}
	again, _, err := processesOf(ctx, c)
	if err != nil {
		return r, err
	}
	if !slices.Equal(told, again) {
		return r, fmt.Errorf("%w: %v, now %v", errChanged, told, again)
	}
	r.notices(family)
	r.OK = r.Failed() == 0
	return r, nil
}

// uplinkTime is how long an uplink that has just started may take until it listens to the kiosk.
const uplinkTime = 5 * time.Second

// probe has a process try the targets.
func probe(ctx context.Context, c *control.Client, role string, t sandbox.Targets) ([]sandbox.Result, error) {
	for end := time.Now().Add(uplinkTime); ; {
		results, err := kiosk.Probe(ctx, c, role, t)
		if err == nil || role != uplinkRole || time.Now().After(end) {
			return results, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// notices says what is not in the table.
func (r *Report) notices(f family) {
	have := func(role string) bool {
		return slices.ContainsFunc(f.members, func(m member) bool { return m.Role == role })
	}
	if !have(uplinkRole) {
		r.note("no uplink runs: there is none until the kiosk has joined a hub")
	}
	if !have("audio") {
		r.note("no audio process runs: this kiosk was started without a microphone")
	}
	for _, role := range []string{"asr", "llm", "voice"} {
		if !have(role) {
			r.problem("no %s process runs", role)
		}
	}
	if slices.ContainsFunc(r.Processes, func(p Process) bool { return p.Held == nil }) {
		r.note("what the processes hold open is shown to root alone")
	}
}

func (r *Report) problem(format string, a ...any) {
	r.Problems = append(r.Problems, fmt.Sprintf(format, a...))
}
func (r *Report) note(format string, a ...any) { r.Notes = append(r.Notes, fmt.Sprintf(format, a...)) }

// Failed counts what is wrong: open and unproven rows, and problems.
func (r *Report) Failed() (n int) {
	n = len(r.Problems)
	for _, p := range r.Processes {
		n += len(p.Problems)
	}
	for _, row := range r.Rows {
		if row.Verdict == Open || row.Verdict == NotProven {
			n++
		}
	}
	return n
}

// processesOf asks the kiosk for its workers, in the order of their roles, and for its own number.
func processesOf(ctx context.Context, c *control.Client) (list []member, pid int, err error) {
	status, err := pb.NewKioskClient(c.Conn()).Status(ctx, &pb.StatusRequest{})
	if err != nil {
		return nil, 0, err
	}
	for _, p := range status.Processes {
		if p.Pid == 0 {
			return nil, 0, fmt.Errorf("%w: the %s process is being started", errChanged, p.Role)
		}
		list = append(list, member{p.Role, int(p.Pid)})
	}
	return list, int(status.Pid), nil
}

func isPID(target string, pid int) bool { return target == strconv.Itoa(pid) }
