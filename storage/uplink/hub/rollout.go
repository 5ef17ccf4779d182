package hub

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"tenin/storage/uplink"
)

// What a rollout does unless told otherwise.
const (
	DefaultPause   = 24 * time.Hour
	DefaultShare   = 90 // per cent
	DefaultSilence = 48 * time.Hour
)

// DefaultStages are the shares of the fleet, in hundredths of a per cent.
var DefaultStages = []int{500, 2500, whole}

// whole is every device, in hundredths of a per cent.
const whole = 100_00

// ErrRollout means that a rollout cannot do now what it is told.
var ErrRollout = errors.New("the rollout cannot do that")

// Phase is what a rollout does.
type Phase string

// The phases.
const (
	PhaseNone    Phase = ""        // there never was one
	PhaseRunning Phase = "running" // offers, and opens stages
	PhaseHalted  Phase = "halted"  // offers nothing until it is resumed or undone
	PhaseDone    Phase = "done"    // every stage has shown itself; offers to whoever comes late
	PhaseUndone  Phase = "undone"  // offers nothing any more
)

// Plan is how a version reaches the fleet.
type Plan struct {
	Version int64
	// Stages are shares of the fleet in hundredths of a per cent, each larger than the
	// one before; the last need not be the whole fleet.
	Stages []int
	// Pause is the least time that a stage stays open before the next opens.
	Pause time.Duration
	// MaxFailures is how many failed or silent trials are borne; one more halts.
	MaxFailures int
	// Share is how many per cent of the trials must be healthy before the next stage.
	Share int
	// Silence is how long a device that was offered the version may say nothing.
	Silence time.Duration
}

func (p Plan) check() error {
	bad := func(format string, a ...any) error {
		return fmt.Errorf("%w: "+format, append([]any{ErrRollout}, a...)...)
	}
	if p.Version < 1 {
		return bad("versions begin at 1")
	}
	if len(p.Stages) == 0 || len(p.Stages) > 20 {
		return bad("it has 1 to 20 stages")
	}
	before := 0
	for _, s := range p.Stages {
		if s <= before || s > whole {
			return bad("its stages grow from above 0%% to at most 100%%, as in 5%%,25%%,100%%")
		}
		before = s
	}
	if p.Pause < 0 || p.Silence <= 0 || p.MaxFailures < 0 || p.Share < 1 || p.Share > 100 {
		return bad("a pause is not negative, a share is 1 to 100 per cent, and silence is a time")
	}
	return nil
}

// Rollout is one version on its way to the fleet. Its functions are pure: they return
// what it becomes.
type Rollout struct {
	Plan
	Phase   Phase
	Stage   int       // the newest that is open
	Limit   uint64    // devices whose place is below it are in an open stage; it only grows
	Started time.Time // when it was started
	Opened  time.Time // when the newest stage was opened, or the rollout resumed
	Why     string    // why it is halted
}

// Trial is a device's part in a rollout.
type Trial struct {
	Offered time.Time     // when the version was first offered; zero for never
	Seen    time.Time     // when the device last spoke
	Report  uplink.Report // what it said then
	// Forgiven says that its failure was looked at when the rollout was resumed.
	Forgiven bool
	// Retry is the device's own time of a failure after which it may try again; 0: none.
	Retry int64
}

// member is a device as a rollout sees it.
type member struct {
	name  string
	place uint64
	trial Trial
}

// standing is how far a device is.
type standing int

const (
	standingWaiting standing = iota // was not offered the version yet
	standingTrying                  // fetches, waits for its hour, or is on trial
	standingHealthy                 // runs it for good
	standingFailed                  // took it back, or refused it
	standingSilent                  // was offered it and is not heard any more
)

// placeOf returns a device's place among 2^32 for a version: the first places come
// first. It hangs on a secret of the hub, so nobody chooses to be early or late, and
// on the version, so the same shop is not always the first.
func placeOf(secret []byte, version int64, key string) uint64 {
	mac := hmac.New(sha256.New, secret)
	_ = binary.Write(mac, binary.BigEndian, version)
	mac.Write([]byte(key))
	return uint64(binary.BigEndian.Uint32(mac.Sum(nil)))
}

// start returns a rollout whose first stage is open. before is the one that there is,
// or the zero value. Two versions are never on their way at once, and none follows a
// newer one that was not undone.
func start(before Rollout, p Plan, members []member, now time.Time) (Rollout, error) {
	if err := p.check(); err != nil {
		return before, err
	}
	switch before.Phase {
	case PhaseRunning, PhaseHalted:
		return before, fmt.Errorf("%w: version %d is on its way: wait until it is done, or `tenin hub rollout undo`", ErrRollout, before.Version)
	case PhaseDone:
		if p.Version <= before.Version {
			return before, fmt.Errorf("%w: version %d was rolled out already, and devices take no older one", ErrRollout, before.Version)
		}
	}
	r := Rollout{Plan: p, Phase: PhaseRunning, Stage: -1, Started: now}
	return r.open(members, now), nil
}

// open opens the next stage. Where nobody's place would be in it yet, which a small
// fleet's first stage may come to, it reaches to the first device.
func (r Rollout) open(members []member, now time.Time) Rollout {
	r.Stage++
	r.Opened = now
	limit := uint64(r.Stages[r.Stage]) << 32 / whole
	first := uint64(math.MaxUint64)
	for _, m := range members {
		first = min(first, m.place)
	}
	if len(members) > 0 && first >= limit {
		limit = first + 1
	}
	r.Limit = max(r.Limit, limit)
	return r
}

// in reports whether a device is in an open stage. What was offered stays so.
func (r Rollout) in(m member) bool { return m.place < r.Limit || !m.trial.Offered.IsZero() }

// standing returns how far a device is with the rollout's version.
func (r Rollout) standing(t Trial, now time.Time) standing {
	last := t.Report.Last
	switch {
	case t.Report.Running > r.Version, t.Report.Running == r.Version && t.Report.State == "blessed":
		return standingHealthy
	case t.Report.Running == r.Version && t.Report.State == "floor":
		return standingFailed // it runs, and its kiosk does not
	case last.Version == r.Version && (last.Outcome == "taken-back" || last.Outcome == "refused") && !t.mayRetry():
		return standingFailed
	case t.Offered.IsZero():
		return standingWaiting
	}
	heard := t.Offered
	if t.Seen.After(heard) {
		heard = t.Seen
	}
	if now.Sub(heard) > r.Silence {
		return standingSilent
	}
	return standingTrying
}

// mayRetry reports whether the device's last failure was one that it may repeat.
func (t Trial) mayRetry() bool { return t.Retry != 0 && t.Report.Last.At == t.Retry }

// Tally is how a rollout stands.
type Tally struct {
	Devices int // that are not locked out
	Open    int // of them, in an open stage
	Waiting int // of these, that were not yet offered the version
	Trying  int
	Healthy int // all that run it, in an open stage or not
	Failed  int
	Silent  int
	// Bad are the names of those that failed or fell silent, but for those that were
	// looked at when the rollout was resumed.
	Bad []string
}

func (r Rollout) tally(members []member, now time.Time) Tally {
	n := Tally{Devices: len(members)}
	for _, m := range members {
		s := r.standing(m.trial, now)
		if r.in(m) {
			n.Open++
		} else if s == standingWaiting {
			continue
		}
		switch s {
		case standingWaiting:
			n.Waiting++
		case standingTrying:
			n.Trying++
		case standingHealthy:
			n.Healthy++
		case standingFailed:
			n.Failed++
		case standingSilent:
			n.Silent++
		}
		if (s == standingFailed || s == standingSilent) && !m.trial.Forgiven {
			n.Bad = append(n.Bad, m.name)
		}
	}
	return n
}

// step returns what becomes of a rollout by what is known at now: it halts, opens one
// stage, or is done.
func (r Rollout) step(members []member, now time.Time) Rollout {
	if r.Phase != PhaseRunning && r.Phase != PhaseDone {
		return r
	}
	n := r.tally(members, now)
	if len(n.Bad) > r.MaxFailures {
		r.Phase = PhaseHalted
		r.Why = fmt.Sprintf("%d failed or silent, %d are borne: %s", len(n.Bad), r.MaxFailures, someOf(n.Bad, 5))
		return r
	}
	if r.Phase == PhaseDone {
		return r
	}
	// Those that were looked at and forgiven prove nothing either way.
	tried := n.Trying + n.Healthy + len(n.Bad)
	if now.Sub(r.Opened) < r.Pause || n.Healthy == 0 || n.Healthy*100 < r.Share*tried {
		return r
	}
	if r.Stage+1 == len(r.Stages) {
		r.Phase = PhaseDone
		return r
	}
	return r.open(members, now)
}

// offers reports whether a device is offered the version now, and whether although it
// refused it before.
func (r Rollout) offers(m member, now time.Time) (yes, again bool) {
	if r.Phase != PhaseRunning && r.Phase != PhaseDone || !r.in(m) || m.trial.Report.Running >= r.Version {
		return false, false
	}
	if r.standing(m.trial, now) == standingFailed {
		return false, false
	}
	last := m.trial.Report.Last
	if last.Version == r.Version && (last.Outcome == "waiting" || last.Outcome == "installed" || last.Outcome == "blessed") {
		return false, false // it has it
	}
	return true, m.trial.mayRetry()
}

// heard returns a trial after its device spoke. A failure that was forgiven is one
// again when the device fails anew.
func (r Rollout) heard(t Trial, report uplink.Report, now time.Time) Trial {
	before, was := r.standing(t, now), t.Report.Last
	t.Seen, t.Report = now, report
	if s := r.standing(t, now); t.Forgiven && (s != standingFailed || before != standingFailed || was != report.Last) {
		t.Forgiven = false
	}
	return t
}

// halt stops all offers.
func (r Rollout) halt(why string) (Rollout, error) {
	if r.Phase != PhaseRunning && r.Phase != PhaseDone {
		return r, fmt.Errorf("%w: there is none that runs", ErrRollout)
	}
	r.Phase, r.Why = PhaseHalted, why
	return r, nil
}

// resume goes on with a halted rollout. The newest stage's pause begins anew.
func (r Rollout) resume(now time.Time) (Rollout, error) {
	if r.Phase != PhaseHalted {
		return r, fmt.Errorf("%w: it is not halted", ErrRollout)
	}
	r.Phase, r.Why, r.Opened = PhaseRunning, "", now
	return r, nil
}

// forgive notes that the failures of a device were looked at. With retry a device that
// refused the version may be offered it again; one that took it back does not take it.
func (r Rollout) forgive(t Trial, retry bool, now time.Time) Trial {
	s := r.standing(t, now)
	if s != standingFailed && s != standingSilent {
		return t
	}
	if s == standingFailed && retry && t.Report.Last.Outcome == "refused" {
		t.Retry, t.Forgiven, t.Offered = t.Report.Last.At, false, now
		return t
	}
	t.Forgiven = true
	return t
}

// undo ends a rollout: nobody is offered the version any more.
func (r Rollout) undo() (Rollout, error) {
	if r.Phase == PhaseNone || r.Phase == PhaseUndone {
		return r, fmt.Errorf("%w: there is none", ErrRollout)
	}
	r.Phase, r.Why = PhaseUndone, ""
	return r, nil
}

// someOf joins at most n names.
func someOf(names []string, n int) string {
	if len(names) <= n {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:n], ", "), len(names)-n)
}
