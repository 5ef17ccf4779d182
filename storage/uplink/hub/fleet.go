package hub

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"path/filepath"
	"sync"
	"time"

	"tenin/storage/uplink"
)

const (
	fleetFile = "fleet"
	// stepEvery is how often the rollout looks at the clock. A failure is looked at at once.
	stepEvery = 10 * time.Second
	// saveEvery is how often what devices said is written. Who was offered a version is
	// written before, and all else the devices say again when they next ask.
	saveEvery = 5 * time.Second
)

// fleetJSON is the fleet's file.
type fleetJSON struct {
	Version int              `json:"version"`
	Secret  []byte           `json:"secret"` // of places
	Rollout Rollout          `json:"rollout"`
	Trials  map[string]Trial `json:"trials"` // by a device's key
}

// fleet is what the devices run, and the rollout of the next version. What was
// decided is on the disk before anybody hears of it.
type fleet struct {
	path     string
	registry *registry
	shelf    *shelf
	log      *slog.Logger
	now      func() time.Time

	mu    sync.Mutex
	file  fleetJSON
	dirty bool
}

func openFleet(dir string, r *registry, s *shelf, log *slog.Logger, now func() time.Time) (*fleet, error) {
	f := &fleet{path: filepath.Join(dir, fleetFile), registry: r, shelf: s, log: log, now: now}
	b, err := readPrivate(f.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		secret := make([]byte, 32)
		_, _ = rand.Read(secret)
		f.file = fleetJSON{Version: 1, Secret: secret, Trials: map[string]Trial{}}
		return f, nil
	case err != nil:
		return nil, err
	}
	if f.file, err = decodeFleet(b); err != nil {
		return nil, fmt.Errorf("%s: %w: restore the folder from a backup, or remove the file: no rollout is under way then", f.path, err)
	}
	return f, nil
}

func decodeFleet(b []byte) (fleetJSON, error) {
	var f fleetJSON
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if d.Decode(&f) != nil || d.More() || f.Version != 1 || len(f.Secret) != 32 {
		return fleetJSON{}, ErrDamaged
	}
	if r := f.Rollout; r.Phase != PhaseNone && (r.check() != nil || r.Stage < 0 || r.Stage >= len(r.Stages)) {
		return fleetJSON{}, ErrDamaged
	}
	switch f.Rollout.Phase {
	case PhaseNone, PhaseRunning, PhaseHalted, PhaseDone, PhaseUndone:
	default:
		return fleetJSON{}, ErrDamaged
	}
	if f.Trials == nil {
		f.Trials = map[string]Trial{}
	}
	return f, nil
}

// decide applies a change to a copy, writes it, and only then makes it true. The lock
// is held.
func (f *fleet) decide(change func(*fleetJSON) error) error {
	next := f.file
	next.Trials = maps.Clone(f.file.Trials)
	if err := change(&next); err != nil {
		return err
	}
	if err := f.write(next); err != nil {
		return err
	}
	f.file, f.dirty = next, false
	return nil
}

func (f *fleet) write(state fleetJSON) error {
	b, err := json.Marshal(state)
	if err != nil {
		return err
	}
	if err := uplink.ReplaceFile(f.path, b); err != nil {
		return fmt.Errorf("fleet %s cannot be written: %w", f.path, err)
	}
	return nil
}

// save writes what devices said since the last time.
func (f *fleet) save() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.dirty {
		return nil
	}
	err := f.write(f.file)
	f.dirty = err != nil
	return err
}

// members returns the devices that are not locked out, as the rollout of this version
// sees them. The lock is held.
func (f *fleet) members(state fleetJSON, version int64) []member {
	var list []member
	for _, d := range f.registry.list() {
		if d.Revoked.IsZero() {
			list = append(list, member{d.Name, placeOf(state.Secret, version, d.Key), state.Trials[d.Key]})
		}
	}
	return list
}

// heard notes a device's report and returns what it is to run. Nothing is offered that
// was not written down.
func (f *fleet) heard(key, name string, report uplink.Report) (uplink.Reply, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.now().UTC()
	r := f.file.Rollout
	t := r.heard(f.file.Trials[key], report, now)
	f.file.Trials[key], f.dirty = t, true
	var reply uplink.Reply
	if r.Phase == PhaseUndone {
		reply.Withdrawn = r.Version
	}
	if r.standing(t, now) == standingFailed && !t.Forgiven {
		if err := f.step(now); err != nil {
			return reply, err
		}
		r = f.file.Rollout
	}
	m := member{name, placeOf(f.file.Secret, r.Version, key), t}
	yes, again := r.offers(m, now)
	if !yes {
		return reply, nil
	}
	b, err := f.shelf.get(r.Version)
	if err != nil {
		return reply, err
	}
	if t.Offered.IsZero() {
		t.Offered = now
		if err := f.decide(func(s *fleetJSON) error { s.Trials[key] = t; return nil }); err != nil {
			return reply, err
		}
	}
	reply.Offer = &uplink.Offer{Version: b.Version, Size: b.Size, SHA256: b.SHA256, Again: again}
	return reply, nil
}

// mayRead reports whether a device may read a bundle now: it was offered it, and still is.
func (f *fleet) mayRead(key string, version int64) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	r, t := f.file.Rollout, f.file.Trials[key]
	if version != r.Version || t.Offered.IsZero() {
		return false
	}
	yes, _ := r.offers(member{"", placeOf(f.file.Secret, version, key), t}, f.now())
	return yes
}

// step lets the rollout look at the clock and at its trials. The lock is held.
func (f *fleet) step(now time.Time) error {
	before := f.file.Rollout
	after := before.step(f.members(f.file, before.Version), now)
	if after.Phase == before.Phase && after.Stage == before.Stage {
		return nil
	}
	if err := f.decide(func(s *fleetJSON) error { s.Rollout = after; return nil }); err != nil {
		return err
	}
	switch {
	case after.Phase == PhaseHalted:
		f.log.Error("hub: the rollout halts by itself", "version", after.Version, "why", after.Why)
	case after.Phase == PhaseDone:
		f.log.Info("hub: the rollout is done", "version", after.Version)
	default:
		f.log.Info("hub: the rollout's next stage is open", "version", after.Version, "stage", after.Stage+1, "of", len(after.Stages))
	}
	return nil
}

// run steps and saves until ctx is done.
func (f *fleet) run(ctx context.Context) {
	steps, saves := time.NewTicker(stepEvery), time.NewTicker(saveEvery)
	defer steps.Stop()
	defer saves.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			if err := f.save(); err != nil {
				f.log.Error("hub: what devices said cannot be written", "why", err)
			}
			return
		case <-steps.C:
			f.mu.Lock()
			err = f.step(f.now().UTC())
			f.mu.Unlock()
		case <-saves.C:
			err = f.save()
		}
		if err != nil {
			f.log.Error("hub: the rollout cannot be written", "why", err)
		}
	}
}

// RolloutStatus is a rollout as people look at it.
type RolloutStatus struct {
	Rollout
	Tally   Tally
	Next    time.Time // when the next stage may open at the earliest; zero where there is none
	Devices []DeviceTrial
}

// DeviceTrial is a device's part in a rollout.
type DeviceTrial struct {
	Name     string
	Running  int64
	State    string // blessed, trial, floor; empty for one that never spoke
	Outcome  string // of the rollout's version
	Reason   string
	Offered  time.Time
	Seen     time.Time
	Standing string // later (not in an open stage), waiting, trying, healthy, failed, silent
	Forgiven bool
}

func (s standing) String() string {
	return [...]string{"waiting", "trying", "healthy", "failed", "silent"}[s]
}

// status returns how the rollout stands.
func (f *fleet) status() (RolloutStatus, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.now().UTC()
	if err := f.step(now); err != nil {
		return RolloutStatus{}, err
	}
	return f.look(now), nil
}

// look returns how the rollout stands. The lock is held.
func (f *fleet) look(now time.Time) RolloutStatus {
	r := f.file.Rollout
	members := f.members(f.file, r.Version)
	s := RolloutStatus{Rollout: r, Tally: r.tally(members, now)}
	if r.Phase == PhaseRunning {
		s.Next = r.Opened.Add(r.Pause)
	}
	for _, m := range members {
		d := DeviceTrial{Name: m.name, Running: m.trial.Report.Running, State: m.trial.Report.State, Offered: m.trial.Offered, Seen: m.trial.Seen, Forgiven: m.trial.Forgiven}
		if l := m.trial.Report.Last; l.Version == r.Version {
			d.Outcome, d.Reason = l.Outcome, l.Reason
		}
		standing := r.standing(m.trial, now)
		if d.Standing = standing.String(); standing == standingWaiting && !r.in(m) {
			d.Standing = "later"
		}
		s.Devices = append(s.Devices, d)
	}
	return s
}

// begin starts a rollout.
func (f *fleet) begin(p Plan) (RolloutStatus, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := f.shelf.get(p.Version); err != nil {
		return RolloutStatus{}, err
	}
	now := f.now().UTC()
	err := f.decide(func(s *fleetJSON) error {
		known := map[string]bool{}
		for _, d := range f.registry.list() {
			known[d.Key] = d.Revoked.IsZero()
		}
		for key, t := range s.Trials {
			if !known[key] {
				delete(s.Trials, key)
				continue
			}
			s.Trials[key] = Trial{Seen: t.Seen, Report: t.Report}
		}
		var err error
		s.Rollout, err = start(s.Rollout, p, f.members(*s, p.Version), now)
		return err
	})
	return f.look(now), err
}

// halt stops the offers.
func (f *fleet) halt(why string) (RolloutStatus, error) {
	return f.turn(func(s *fleetJSON, _ time.Time) (err error) { s.Rollout, err = s.Rollout.halt(why); return err })
}

// undo ends the rollout.
func (f *fleet) undo() (RolloutStatus, error) {
	return f.turn(func(s *fleetJSON, _ time.Time) (err error) { s.Rollout, err = s.Rollout.undo(); return err })
}

// resume goes on, with the failures so far looked at; maxFailures below 0 keeps what
// the plan says.
func (f *fleet) resume(maxFailures int, retry bool) (RolloutStatus, error) {
	return f.turn(func(s *fleetJSON, now time.Time) (err error) {
		for key, t := range s.Trials {
			s.Trials[key] = s.Rollout.forgive(t, retry, now)
		}
		if maxFailures >= 0 {
			s.Rollout.MaxFailures = maxFailures
		}
		s.Rollout, err = s.Rollout.resume(now)
		return err
	})
}

func (f *fleet) turn(change func(*fleetJSON, time.Time) error) (RolloutStatus, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.now().UTC()
	err := f.decide(func(s *fleetJSON) error { return change(s, now) })
	return f.look(now), err
}

// uses reports whether the rollout needs this bundle.
func (f *fleet) uses(version int64) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	r := f.file.Rollout
	return r.Version == version && (r.Phase == PhaseRunning || r.Phase == PhaseHalted || r.Phase == PhaseDone)
}
