package hub

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tenin/storage/uplink"
)

var day0 = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

// park is a rollout with its devices, in memory: what fleet does without files.
type park struct {
	secret  []byte
	now     time.Time
	rollout Rollout
	keys    []string
	trials  map[string]Trial
	revoked map[string]bool
}

func newPark(n int) *park {
	p := &park{secret: []byte("a secret of the test's"), now: day0, trials: map[string]Trial{}, revoked: map[string]bool{}}
	for i := range n {
		p.keys = append(p.keys, fmt.Sprintf("U%03d", i))
	}
	return p
}

func (p *park) members() (list []member) {
	for _, k := range p.keys {
		if !p.revoked[k] {
			list = append(list, p.member(k))
		}
	}
	return list
}

func (p *park) member(key string) member {
	return member{key, placeOf(p.secret, p.rollout.Version, key), p.trials[key]}
}

func (p *park) start(t *testing.T, plan Plan) {
	t.Helper()
	if plan.Share == 0 {
		plan.Share, plan.Silence = DefaultShare, DefaultSilence
	}
	if plan.Stages == nil {
		plan.Stages = DefaultStages
	}
	if err := p.begin(plan); err != nil {
		t.Fatal(err)
	}
}

func (p *park) begin(plan Plan) error {
	members := p.members()
	for i := range members {
		t := members[i].trial
		members[i].trial = Trial{Seen: t.Seen, Report: t.Report}
		members[i].place = placeOf(p.secret, plan.Version, members[i].name)
	}
	r, err := start(p.rollout, plan, members, p.now)
	if err != nil {
		return err
	}
	p.rollout = r
	for key, t := range p.trials {
		p.trials[key] = Trial{Seen: t.Seen, Report: t.Report}
	}
	return nil
}

// ask is a device's report; it returns the version that it is offered, or 0.
func (p *park) ask(key string, report uplink.Report) int64 {
	if p.revoked[key] {
		return 0 // the hub does not hear it
	}
	t := p.rollout.heard(p.trials[key], report, p.now)
	p.trials[key] = t
	p.rollout = p.rollout.step(p.members(), p.now)
	if yes, _ := p.rollout.offers(p.member(key), p.now); !yes {
		return 0
	}
	if t.Offered.IsZero() {
		t.Offered = p.now
		p.trials[key] = t
	}
	return p.rollout.Version
}

func (p *park) pass(d time.Duration) {
	p.now = p.now.Add(d)
	p.rollout = p.rollout.step(p.members(), p.now)
}

func running(v int64) uplink.Report { return uplink.Report{Running: v, State: "blessed", Floor: v} }

func failed(now, version, at int64) uplink.Report {
	r := running(now)
	r.Last = uplink.Outcome{Version: version, Outcome: "taken-back", Reason: "kiosk", At: at}
	return r
}

// healAll has every device ask, and run what it is offered. It returns those that were.
func (p *park) healAll() (offered []string) {
	for _, k := range p.keys {
		if v := p.ask(k, running(max(p.trials[k].Report.Running, 1))); v != 0 {
			offered = append(offered, k)
			p.ask(k, running(v))
		}
	}
	return offered
}

func TestARolloutReachesTheFleetStageByStage(t *testing.T) {
	p := newPark(200)
	p.healAll()
	p.start(t, Plan{Version: 2, Stages: []int{500, 2500, whole}, Pause: time.Hour})
	var shares []int
	seen := map[string]bool{}
	for range 3 {
		for _, k := range p.healAll() {
			if seen[k] {
				t.Errorf("%s was offered it twice", k)
			}
			seen[k] = true
		}
		shares = append(shares, len(seen))
		p.pass(59 * time.Minute)
		if len(p.healAll()) != 0 {
			t.Error("a stage was opened before its pause was over")
		}
		p.pass(time.Minute)
	}
	if shares[0] < 3 || shares[0] > 20 || shares[1] < 35 || shares[1] > 65 || shares[2] != 200 {
		t.Errorf("the stages reached %v of 200", shares)
	}
	if p.rollout.Phase != PhaseDone {
		t.Errorf("it is %q at the end", p.rollout.Phase)
	}
	// A device that was away for all of it is offered the version when it comes.
	p.keys = append(p.keys, "Ulate")
	if p.ask("Ulate", running(1)) != 2 {
		t.Error("who comes late gets nothing")
	}
}

func TestTheFirstStageOfASmallFleetHasOneDevice(t *testing.T) {
	for n := 1; n <= 20; n++ {
		p := newPark(n)
		p.start(t, Plan{Version: 2, Stages: []int{1, whole}})
		got := 0
		for _, k := range p.keys {
			if p.ask(k, running(1)) != 0 {
				got++
			}
		}
		if got != 1 {
			t.Errorf("%d of %d devices are in the first stage", got, n)
		}
	}
}

func TestWhoIsFirstHangsOnTheVersionAndOnTheHub(t *testing.T) {
	first := func(secret string, version int64) string {
		p := newPark(50)
		p.secret = []byte(secret)
		p.start(t, Plan{Version: version, Stages: []int{1, whole}})
		for _, k := range p.keys {
			if p.ask(k, running(1)) != 0 {
				return k
			}
		}
		return ""
	}
	firsts := map[string]bool{}
	for v := range int64(20) {
		one := first("a", v+2)
		firsts[one] = true
		if first("a", v+2) != one {
			t.Error("it is not the same each time")
		}
	}
	if len(firsts) < 5 {
		t.Errorf("of 20 versions only %d devices were ever first", len(firsts))
	}
	other := 0
	for v := range int64(20) {
		if first("a", v+2) != first("b", v+2) {
			other++
		}
	}
	if other < 10 {
		t.Error("another hub has the same favourites")
	}
}

func TestNoStageOpensUntilEnoughOfTheFormerAreHealthy(t *testing.T) {
	p := newPark(100)
	p.start(t, Plan{Version: 2, Stages: []int{2000, whole}, Pause: time.Hour})
	var first []string
	for _, k := range p.keys {
		if p.ask(k, running(1)) != 0 {
			first = append(first, k)
		}
	}
	p.pass(2 * time.Hour)
	if p.rollout.Stage != 0 {
		t.Fatal("the next stage opened before anybody was healthy")
	}
	enough := (len(first)*DefaultShare + 99) / 100
	for i, k := range first[:enough] {
		if p.rollout.Stage != 0 {
			t.Fatalf("the next stage opened with %d healthy of %d", i, len(first))
		}
		p.ask(k, running(2))
	}
	if p.rollout.Stage != 1 {
		t.Errorf("%d of %d are healthy, and no stage opens", enough, len(first))
	}
}

func TestATrialThatIsStillOnTrialIsNotHealthy(t *testing.T) {
	p := newPark(1)
	p.start(t, Plan{Version: 2, Stages: []int{whole}})
	p.ask("U000", running(1))
	p.ask("U000", uplink.Report{Running: 2, State: "trial"})
	p.pass(time.Hour)
	if p.rollout.Phase != PhaseRunning || p.rollout.tally(p.members(), p.now).Trying != 1 {
		t.Errorf("%+v", p.rollout.tally(p.members(), p.now))
	}
}

func TestADeviceWhoseKioskDoesNotStartBelowTheFloorHasFailed(t *testing.T) {
	p := newPark(1)
	p.start(t, Plan{Version: 2, Stages: []int{whole}})
	p.ask("U000", running(1))
	p.ask("U000", uplink.Report{Running: 2, State: "floor", Floor: 3})
	if p.rollout.Phase != PhaseHalted {
		t.Errorf("it is %q", p.rollout.Phase)
	}
}

func TestOneFailureMoreThanIsBorneHaltsTheRolloutAndSaysWho(t *testing.T) {
	for borne := range 3 {
		p := newPark(10)
		p.start(t, Plan{Version: 2, Stages: []int{whole}, MaxFailures: borne})
		for i, k := range p.keys[:borne+1] {
			if p.ask(k, running(1)) != 2 {
				t.Fatalf("%d failures are borne, and after %d nothing is offered", borne, i)
			}
			p.ask(k, failed(1, 2, 100))
		}
		if p.rollout.Phase != PhaseHalted || !strings.Contains(p.rollout.Why, p.keys[0]) {
			t.Errorf("%d are borne: %q, %q", borne, p.rollout.Phase, p.rollout.Why)
		}
		if p.ask(p.keys[9], running(1)) != 0 {
			t.Error("something is offered while it is halted")
		}
	}
}

func TestADeviceThatWasOfferedAVersionAndIsHeardNoMoreIsAFailure(t *testing.T) {
	p := newPark(3)
	p.start(t, Plan{Version: 2, Stages: []int{whole}, Share: 90, Silence: time.Hour})
	p.ask("U000", running(1))
	// U001 never asked: it is switched off, which says nothing of the version.
	p.pass(time.Hour)
	if p.rollout.Phase != PhaseRunning {
		t.Fatal("halted too early")
	}
	p.pass(time.Second)
	if p.rollout.Phase != PhaseHalted || !strings.Contains(p.rollout.Why, "U000") || strings.Contains(p.rollout.Why, "U001") {
		t.Errorf("%q: %q", p.rollout.Phase, p.rollout.Why)
	}
}

func (p *park) resume(t *testing.T, retry bool) {
	t.Helper()
	for k, v := range p.trials {
		p.trials[k] = p.rollout.forgive(v, retry, p.now)
	}
	r, err := p.rollout.resume(p.now)
	if err != nil {
		t.Fatal(err)
	}
	p.rollout = r
}

func TestAfterItWasResumedOldFailuresDoNotHaltItAndNewOnesDo(t *testing.T) {
	p := newPark(4)
	p.start(t, Plan{Version: 2, Stages: []int{whole}, Share: 90, Silence: time.Hour})
	p.ask("U000", running(1))
	p.ask("U000", failed(1, 2, 100))
	p.resume(t, true)
	p.pass(time.Minute)
	if p.rollout.Phase != PhaseRunning {
		t.Fatal("the same failure halts it again")
	}
	if p.ask("U000", failed(1, 2, 100)) != 0 {
		t.Error("a version that was taken back is offered again")
	}
	if p.ask("U001", running(1)) != 2 {
		t.Error("the others get nothing")
	}
	p.ask("U001", failed(1, 2, 7))
	if p.rollout.Phase != PhaseHalted || strings.Contains(p.rollout.Why, "U000") {
		t.Errorf("%q: %q", p.rollout.Phase, p.rollout.Why)
	}
	// A silence that was forgiven is a failure when the device comes back with one.
	p = newPark(1)
	p.start(t, Plan{Version: 2, Stages: []int{whole}, Share: 90, Silence: time.Hour})
	p.ask("U000", running(1))
	p.pass(2 * time.Hour)
	p.resume(t, false)
	p.ask("U000", failed(1, 2, 9))
	if p.rollout.Phase != PhaseHalted {
		t.Error("a failure after a silence that was forgiven is not counted")
	}
}

func TestADeviceThatRefusedAVersionGetsItAgainOnlyWhenToldSo(t *testing.T) {
	refused := running(1)
	refused.Last = uplink.Outcome{Version: 2, Outcome: "refused", Reason: "space", At: 50}
	for _, retry := range []bool{false, true} {
		p := newPark(1)
		p.start(t, Plan{Version: 2, Stages: []int{whole}})
		p.ask("U000", running(1))
		p.ask("U000", refused)
		p.resume(t, retry)
		yes, again := p.rollout.offers(p.member("U000"), p.now)
		if yes != retry || again != retry {
			t.Errorf("retry %v: offered %v, again %v", retry, yes, again)
		}
		if !retry {
			continue
		}
		if p.ask("U000", refused) != 2 {
			t.Error("its old refusal counts")
		}
		refused := refused
		refused.Last.At = 60
		p.ask("U000", refused)
		if p.rollout.Phase != PhaseHalted {
			t.Error("its new refusal does not count")
		}
	}
}

func TestPlansThatCannotBeAreRefused(t *testing.T) {
	good := Plan{Version: 2, Stages: []int{500, whole}, Share: 90, Silence: time.Hour}
	if err := good.check(); err != nil {
		t.Error(err)
	}
	for what, f := range map[string]func(*Plan){
		"no version":           func(p *Plan) { p.Version = 0 },
		"no stage":             func(p *Plan) { p.Stages = nil },
		"a stage of nothing":   func(p *Plan) { p.Stages = []int{0, whole} },
		"a stage that shrinks": func(p *Plan) { p.Stages = []int{500, 400} },
		"two equal stages":     func(p *Plan) { p.Stages = []int{500, 500} },
		"more than all":        func(p *Plan) { p.Stages = []int{whole + 1} },
		"a negative pause":     func(p *Plan) { p.Pause = -1 },
		"a negative number":    func(p *Plan) { p.MaxFailures = -1 },
		"no silence":           func(p *Plan) { p.Silence = 0 },
		"a share of nothing":   func(p *Plan) { p.Share = 0 },
	} {
		p := good
		f(&p)
		if _, err := start(Rollout{}, p, nil, day0); !errors.Is(err, ErrRollout) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// Whatever happens in whatever order: nothing is offered while it is halted or undone,
// one version at a time, nothing to who is locked out, nothing older than what a device
// runs, nothing again to who failed it, and what was opened stays open.
func TestARolloutKeepsItsPromisesWhateverHappens(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := newPark(rapid.IntRange(1, 12).Draw(t, "devices"))
		clockOf := map[string]int64{}
		var offeredNow int64 // the version on its way
		t.Repeat(map[string]func(*rapid.T){
			"start": func(t *rapid.T) {
				stages := rapid.SampledFrom([][]int{{whole}, {500, 2500, whole}, {1, 5000}, {3000, whole}}).Draw(t, "stages")
				plan := Plan{
					Version: rapid.Int64Range(1, 6).Draw(t, "version"), Stages: stages, Pause: time.Duration(rapid.IntRange(0, 3).Draw(t, "pause")) * time.Hour,
					MaxFailures: rapid.IntRange(0, 3).Draw(t, "borne"), Share: rapid.IntRange(1, 100).Draw(t, "share"), Silence: 5 * time.Hour,
				}
				before := p.rollout
				err := p.begin(plan)
				if (before.Phase == PhaseRunning || before.Phase == PhaseHalted) != (err != nil) && before.Phase != PhaseDone {
					t.Fatalf("from %q: %v", before.Phase, err)
				}
				if before.Phase == PhaseDone && plan.Version <= before.Version && err == nil {
					t.Fatal("an older version follows a newer one")
				}
				if err == nil {
					offeredNow = 0
				}
			},
			"ask": func(t *rapid.T) {
				k := rapid.SampledFrom(p.keys).Draw(t, "who")
				r := p.trials[k].Report
				before, was := p.rollout, p.trials[k]
				v := p.ask(k, r)
				switch {
				case v == 0:
					return
				case p.revoked[k]:
					t.Fatal("a device that is locked out was offered something")
				case p.rollout.Phase != PhaseRunning && p.rollout.Phase != PhaseDone:
					t.Fatalf("offered while %q", p.rollout.Phase)
				case v <= r.Running:
					t.Fatalf("%d was offered to one that runs %d", v, r.Running)
				case offeredNow != 0 && v != offeredNow:
					t.Fatalf("%d and %d are on their way", offeredNow, v)
				case r.Last.Version == v && r.Last.Outcome == "taken-back":
					t.Fatal("a version that was taken back was offered again")
				case !p.rollout.in(member{"", placeOf(p.secret, v, k), was}) && before.Stage == p.rollout.Stage:
					t.Fatal("offered outside of the open stages")
				}
				offeredNow = v
			},
			"report": func(t *rapid.T) {
				k := rapid.SampledFrom(p.keys).Draw(t, "who")
				tr := p.trials[k]
				if tr.Offered.IsZero() || p.revoked[k] {
					return
				}
				clockOf[k]++
				v, r := p.rollout.Version, tr.Report
				switch rapid.SampledFrom([]string{"healthy", "trial", "taken-back", "refused", "installed"}).Draw(t, "what") {
				case "healthy":
					r.Running, r.State = max(v, r.Running), "blessed"
				case "trial":
					r.Running, r.State = max(v, r.Running), "trial"
				case "taken-back":
					r.Last = uplink.Outcome{Version: v, Outcome: "taken-back", Reason: "boot", At: clockOf[k]}
				case "refused":
					r.Last = uplink.Outcome{Version: v, Outcome: "refused", Reason: "space", At: clockOf[k]}
				case "installed":
					r.Last = uplink.Outcome{Version: v, Outcome: "installed", At: clockOf[k]}
				}
				p.ask(k, r)
			},
			"halt": func(*rapid.T) {
				if r, err := p.rollout.halt("by hand"); err == nil {
					p.rollout = r
				}
			},
			"resume": func(t *rapid.T) {
				retry := rapid.Bool().Draw(t, "retry")
				if r, err := p.rollout.resume(p.now); err == nil {
					for k, v := range p.trials {
						p.trials[k] = p.rollout.forgive(v, retry, p.now)
					}
					p.rollout = r
				}
			},
			"undo": func(*rapid.T) {
				if r, err := p.rollout.undo(); err == nil {
					p.rollout = r
				}
			},
			"revoke": func(t *rapid.T) {
				if k := rapid.SampledFrom(p.keys).Draw(t, "who"); len(p.members()) > 1 {
					p.revoked[k] = true
				}
			},
			"join": func(*rapid.T) {
				if len(p.keys) < 20 {
					p.keys = append(p.keys, fmt.Sprintf("U%03d", len(p.keys)))
				}
			},
			"time": func(t *rapid.T) {
				before := p.rollout
				d := time.Duration(rapid.IntRange(-1, 400).Draw(t, "minutes")) * time.Minute
				p.pass(d)
				after := p.rollout
				if after.Version == before.Version && (after.Limit < before.Limit || after.Stage < before.Stage || after.Stage > before.Stage+1) {
					t.Fatal("stages went back or were skipped")
				}
				if after.Stage > before.Stage && p.now.Sub(before.Opened) < before.Pause {
					t.Fatal("a stage opened before its pause was over")
				}
				if before.Phase == PhaseHalted && after.Phase != PhaseHalted || before.Phase == PhaseUndone && after.Phase != PhaseUndone {
					t.Fatal("time alone let it go on")
				}
			},
			"": func(t *rapid.T) {
				if p.rollout.Phase == PhaseNone {
					return
				}
				n := p.rollout.tally(p.members(), p.now)
				if p.rollout.Phase == PhaseHalted && p.rollout.Why == "" {
					t.Fatal("it does not say why it is halted")
				}
				for _, k := range n.Bad {
					if p.revoked[k] {
						t.Fatal("who is locked out still counts")
					}
				}
				if n.Open > n.Devices || n.Waiting+n.Trying+n.Healthy+n.Failed+n.Silent > n.Devices || !slices.IsSorted(p.rollout.Stages) {
					t.Fatalf("%+v", n)
				}
			},
		})
	})
}
