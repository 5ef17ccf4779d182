package update

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

// What became of a bundle.
const (
	Waiting   = "waiting"    // verified, to be written when the trial that runs has ended
	Writing   = "writing"    // on its way into its slot
	Installed = "installed"  // the next start tries it
	Blessed   = "blessed"    // tried and kept
	TakenBack = "taken-back" // tried and not healthy; the former version runs
	Refused   = "refused"
)

// Where a bundle came from.
const (
	FromDrop  = "drop"
	FromStick = "stick"
	ByHand    = "hand"
)

// Outcome is what became of one bundle.
type Outcome struct {
	// Version is 0 and Manifest empty where the manifest could not be believed.
	Version  int64  `json:"version"`
	Name     string `json:"name"`
	Manifest string `json:"manifest"` // SHA-256 of manifest.json, hex
	File     string `json:"file"`
	Source   string `json:"source"`
	Outcome  string `json:"outcome"`
	Reason   Reason `json:"reason"`
	Text     string `json:"text"`
	// At and Since are the times of the last and of the first entry, in seconds since 1970.
	At    int64 `json:"at"`
	Since int64 `json:"since"`
	// Down says that it goes below what ran, by a signed exception.
	Down bool `json:"down,omitempty"`
}

// keptOutcomes is how many bundles are remembered.
const keptOutcomes = 16

// known is what is remembered of a version that was installed here.
type known struct {
	Name           string `json:"name"`
	VaultWrites    int    `json:"vault_writes"`
	VaultReadsFrom int    `json:"vault_reads_from"`
}

// memory is the state file.
type memory struct {
	Format  int              `json:"format"`
	History []Outcome        `json:"history"` // the newest first
	Known   map[string]known `json:"known"`   // by version
	// Slots has the UUID of what was written into a slot and read back whole. A superblock alone tells less: it may have been
	// stored when the power failed before the rest was.
	Slots map[string]string `json:"slots"`
}

const (
	stateFile   = "state.json"
	stateFormat = 1
	maxState    = 1 << 20
)

// remember reads the state; a device without one has none yet.
func (m Machine) remember() (s memory, err error) {
	b, err := m.Disk.ReadFile(filepath.Join(m.State, stateFile), maxState)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return memory{Format: stateFormat, Known: map[string]known{}, Slots: map[string]string{}}, nil
	case err != nil:
		return s, fmt.Errorf("state of updates: %w", err)
	}
	// A file that makes no sense must not keep the device from an update: what ran and what is on the ESP is read elsewhere.
	if json.Unmarshal(b, &s) != nil || s.Format != stateFormat {
		s = memory{Format: stateFormat}
	}
	if s.Known == nil {
		s.Known = map[string]known{}
	}
	if s.Slots == nil {
		s.Slots = map[string]string{}
	}
	return s, nil
}

// keep stores the state under a temporary name first.
func (m Machine) keep(s memory) error {
	s.History = s.History[:min(len(s.History), keptOutcomes)]
	b, err := json.MarshalIndent(s, "", " ")
	if err != nil {
		return err
	}
	path := filepath.Join(m.State, stateFile)
	if err := m.Disk.CreateFile(path+".new", append(b, '\n')); err == nil {
		err = m.Disk.Rename(path+".new", path)
		if err == nil {
			return nil
		}
		return refuse(ReasonDisk, "state of updates: %w", err)
	} else {
		return refuse(ReasonDisk, "state of updates: %w", err)
	}
}

// note puts o before all others, in place of the earlier entry of the same bundle.
func (s *memory) note(o Outcome, now time.Time) {
	o.At = now.Unix()
	if o.Since == 0 {
		o.Since = o.At
	}
	s.History = slices.DeleteFunc(s.History, func(old Outcome) bool {
		if old.Manifest != o.Manifest {
			return false
		}
		// Of what could not be believed one entry is enough: whoever may write into the drop folder could fill the list.
		if o.Manifest != "" {
			o.Since = old.Since
		}
		return true
	})
	s.History = slices.Insert(s.History, 0, o)
}

// of returns what became of the bundle with that manifest.
func (s *memory) of(manifest string) (Outcome, bool) {
	i := slices.IndexFunc(s.History, func(o Outcome) bool { return manifest != "" && o.Manifest == manifest })
	if i < 0 {
		return Outcome{}, false
	}
	return s.History[i], true
}

func (s *memory) know(version int64, k known) { s.Known[strconv.FormatInt(version, 10)] = k }

func (s *memory) knows(version int64) (known, bool) {
	k, ok := s.Known[strconv.FormatInt(version, 10)]
	return k, ok
}
