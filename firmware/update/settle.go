package update

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// trialFile is what a health check that failed leaves for the version that comes back.
const trialFile = "trial.json"

// Failure is why a trial failed.
type Failure struct {
	Version int64  `json:"version"`
	Reason  Reason `json:"reason"`
	Text    string `json:"text"`
	At      int64  `json:"at"`
}

// Fail remembers why the version that runs is not healthy.
func (m Machine) Fail(reason Reason, text string, now time.Time) error {
	if err := os.MkdirAll(m.State, 0o700); err != nil {
		return err
	}
	b, err := json.Marshal(Failure{m.Runs.Version, reason, oneLine(text), now.Unix()})
	if err != nil {
		return err
	}
	path := filepath.Join(m.State, trialFile)
	if err := m.Disk.CreateFile(path+".new", b); err != nil {
		return err
	}
	return m.Disk.Rename(path+".new", path)
}

// failed returns why version was taken back, as far as it could tell.
func (m Machine) failed(version int64) (Reason, string) {
	var f Failure
	b, err := m.Disk.ReadFile(filepath.Join(m.State, trialFile), maxState)
	if err != nil || json.Unmarshal(b, &f) != nil || f.Version != version {
		return ReasonBoot, "it never came as far as its health check"
	}
	return f.Reason, f.Text
}

// Settle is what a start does once it is known whether the version that runs is kept: what became of the last updates is
// written down and told, and the floor rises to a version that is kept. It returns the outcomes that are new.
func Settle(o Options) (news []Outcome, err error) {
	m := o.Machine
	unlock, err := m.lock()
	if err != nil {
		return nil, err
	}
	defer unlock()
	return settle(o)
}

func settle(o Options) (news []Outcome, err error) {
	m := o.Machine
	entries, err := m.Entries()
	if err != nil {
		return nil, err
	}
	running, err := m.running(entries)
	if err != nil {
		return nil, err
	}
	s, err := m.remember()
	if err != nil {
		return nil, err
	}
	before := slices.Clone(s.History)
	for i := range s.History {
		if err := m.became(&s.History[i], entries, running, o.now()); err != nil {
			return nil, err
		}
		if i < len(before) && s.History[i] != before[i] {
			news = append(news, s.History[i])
		}
	}
	if o.Vault != nil {
		if v, err := o.Vault(); err == nil {
			k, _ := s.knows(running.Version)
			s.know(running.Version, known{k.Name, v.Writes, v.ReadsFrom})
		}
	}
	if err := m.keep(s); err != nil {
		return news, err
	}
	if running.Blessed() {
		if err := m.Disk.SyncFile(filepath.Join(m.folder(), running.File)); err != nil {
			return news, fmt.Errorf("ESP: %w", err)
		}
		if err := m.removeParts(); err != nil {
			return news, err
		}
		err = o.raise(running.Version)
	}
	if perr := m.publish(s, o.Floor); perr != nil && !errors.Is(perr, os.ErrNotExist) {
		err = errors.Join(err, perr)
	}
	return news, err
}

// became brings an outcome to what the ESP says.
func (m Machine) became(o *Outcome, entries []Entry, running Entry, now time.Time) error {
	if o.Outcome != Installed && o.Outcome != Writing {
		return nil
	}
	set := func(what string, reason Reason, text string) {
		o.Outcome, o.Reason, o.Text, o.At = what, reason, text, now.Unix()
	}
	i := slices.IndexFunc(entries, func(e Entry) bool { return e.Version == o.Version })
	switch {
	case i < 0 && o.Outcome == Writing:
		// The power failed before it was whole; whoever brought it brings it again.
	case i < 0:
		set(Refused, ReasonDisk, "its kernel image is gone from the ESP")
	case entries[i].Blessed():
		set(Blessed, "", "")
	case entries[i].Spent() && running.Version != o.Version:
		reason, text := m.failed(o.Version)
		set(TakenBack, reason, text)
	case o.Outcome == Writing:
		// The power failed between the ESP and the state file.
		set(Installed, "", "")
		fallthrough
	default:
		if o.Down && running.Version > o.Version && entries[i].Done == 0 {
			// The power failed before the newer version was put behind it.
			return m.setAside(running)
		}
	}
	return nil
}

// raise lets the floor follow a version that is kept.
func (o Options) raise(version int64) error {
	if o.Floor == nil {
		return nil
	}
	floor, err := o.Floor.Value()
	if err == nil && floor < version {
		err = o.Floor.Set(version)
	}
	if err != nil {
		return fmt.Errorf("floor: %w", err)
	}
	return nil
}

// CheckFloor returns an error wrapping a Refusal when the version that runs is below the floor, or when that cannot be
// told: such a version does not serve shoppers.
func CheckFloor(m Machine, floor Floor) error {
	value, err := floor.Value()
	if err != nil {
		return refuse(ReasonFloor, "whether version %d may still run cannot be told: %w", m.Runs.Version, err)
	}
	if m.Runs.Version < value {
		return refuse(ReasonFloor, "version %d runs, and this device does not go below %d: an older version was started; install version %d or newer", m.Runs.Version, value, value)
	}
	return nil
}
