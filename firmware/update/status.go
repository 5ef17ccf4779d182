package update

import (
	"path/filepath"
	"slices"
	"strings"
)

// Status is how a device stands with its versions.
type Status struct {
	Running  Running       `json:"running"`
	Floor    int64         `json:"floor"`
	Problem  string        `json:"problem,omitempty"` // why the floor cannot be told
	Entry    string        `json:"entry"`             // what the boot loader says to have started
	Next     int64         `json:"next"`              // the version that starts next
	Versions []VersionInfo `json:"versions"`
	Slots    []SlotInfo    `json:"slots"`
	History  []Outcome     `json:"history"`
}

// VersionInfo is a version on the ESP.
type VersionInfo struct {
	Version int64  `json:"version"`
	File    string `json:"file"`
	State   string `json:"state"` // StateBlessed, StateTrial or TakenBack
	Left    int    `json:"tries_left"`
	Slot    string `json:"slot"` // "" when its slot was written over
	Problem string `json:"problem,omitempty"`
}

// SlotInfo is a slot.
type SlotInfo struct {
	Slot  string `json:"slot"`
	Bytes int64  `json:"bytes"`
	Runs  bool   `json:"runs"`
	// Version is what starts from it, 0 for none that is known.
	Version int64 `json:"version"`
}

// ReadStatus looks at the device and changes nothing. A floor that cannot be read is told by Running.State.
func ReadStatus(o Options) (s Status, err error) {
	m := o.Machine
	state, err := m.remember()
	if err != nil {
		return s, err
	}
	entries, err := m.Entries()
	if err != nil {
		return s, err
	}
	r, err := m.result(state, o.Floor)
	if err != nil {
		return s, err
	}
	s = Status{Running: r.Running, Floor: r.Floor, History: r.History, Entry: m.Variable("LoaderEntrySelected"), Versions: []VersionInfo{}, Slots: []SlotInfo{}}
	if o.Floor != nil {
		if _, err := o.Floor.Value(); err != nil {
			s.Problem = oneLine(err.Error())
		}
	}
	if next, ok := Next(entries); ok {
		s.Next = next.Version
	}
	holder := map[string]int64{}
	for _, e := range entries {
		v := VersionInfo{Version: e.Version, File: e.File, State: StateBlessed, Left: e.Left}
		switch {
		case e.Spent():
			v.State = TakenBack
		case e.Counted:
			v.State = StateTrial
		}
		if e.Err != nil {
			v.Problem = oneLine(e.Err.Error())
		} else {
			for _, name := range []string{"root-a", "root-b"} {
				if there, err := m.slotNames(m.Slots[name], e.Starts.Root); err == nil && there {
					v.Slot, holder[name] = name, max(holder[name], e.Version)
				}
			}
			for _, name := range []string{"models-a", "models-b"} {
				if there, err := m.slotNames(m.Slots[name], e.Starts.Models); err == nil && there && e.Starts.Models.DataSize > 0 {
					holder[name] = max(holder[name], e.Version)
				}
			}
		}
		s.Versions = append(s.Versions, v)
	}
	for name, path := range m.Slots {
		info := SlotInfo{Slot: name, Runs: name == m.Root || name == m.Models, Version: holder[name]}
		if reader, err := m.Disk.OpenReader(path); err == nil {
			info.Bytes = reader.Size()
			reader.Close()
		}
		s.Slots = append(s.Slots, info)
	}
	slices.SortFunc(s.Slots, func(a, b SlotInfo) int { return -strings.Compare(slotOrder(a.Slot), slotOrder(b.Slot)) })
	return s, nil
}

// slotOrder puts root before models and a before b, read backwards.
func slotOrder(name string) string {
	kind, letter, _ := strings.Cut(filepath.Base(name), "-")
	return kind + map[string]string{"a": "2", "b": "1"}[letter]
}
