package update

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// ResultFile is the name of what is told of updates in the drop folder, where whoever brings bundles reads it.
const ResultFile = "result.json"

// How the version that runs stands.
const (
	StateBlessed = "blessed"
	StateTrial   = "trial"
	StateFloor   = "floor" // below the floor: the kiosk is not started
)

// Running is the version that runs, as the result tells it.
type Running struct {
	Version int64  `json:"version"`
	Name    string `json:"name"`
	State   string `json:"state"`
	// TriesLeft is there on trial only.
	TriesLeft int    `json:"tries_left,omitempty"`
	Slot      string `json:"slot"`
}

// Result is what lies in the drop folder for whoever brings bundles. It holds no word of a shopper.
type Result struct {
	Format  int       `json:"format"`
	Running Running   `json:"running"`
	Floor   int64     `json:"floor"`
	Last    *Outcome  `json:"last"`
	History []Outcome `json:"history"`
}

// ReadResult reads a Result.
func ReadResult(path string) (r Result, err error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return r, err
	}
	defer f.Close()
	b := make([]byte, maxState+1)
	n, err := readFull(f, b, 0)
	if err == nil && n > maxState {
		err = fmt.Errorf("%s: it is longer than a result", path)
	}
	if err == nil {
		err = json.Unmarshal(b[:n], &r)
	}
	if err == nil && r.Format != 1 {
		err = fmt.Errorf("%s: format %d, this program reads 1", path, r.Format)
	}
	return r, err
}

// result puts together what is told.
func (m Machine) result(s memory, floor Floor) (r Result, err error) {
	r = Result{Format: 1, History: []Outcome{}}
	entries, err := m.Entries()
	if err != nil {
		return r, err
	}
	r.Running = Running{Version: m.Runs.Version, State: StateBlessed, Slot: m.Root}
	if k, ok := s.knows(m.Runs.Version); ok {
		r.Running.Name = k.Name
	}
	if e, err := m.running(entries); err == nil && e.Counted {
		r.Running.State, r.Running.TriesLeft = StateTrial, e.Left
	}
	if floor != nil {
		// That it cannot be read is told by the state: the kiosk does not start then.
		if r.Floor, err = floor.Value(); err != nil || r.Floor > m.Runs.Version {
			r.Running.State = StateFloor
		}
	}
	for _, o := range s.History {
		if o.Outcome != Writing {
			r.History = append(r.History, o)
		}
	}
	if len(r.History) > 0 {
		r.Last = &r.History[0]
	}
	return r, nil
}

// publish writes the result into the drop folder. The folder is root's alone; what is in it below is not.
func (m Machine) publish(s memory, floor Floor) error {
	r, err := m.result(s, floor)
	if err != nil {
		return err
	}
	b, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	if _, err := os.Stat(m.Drop); err != nil {
		return fmt.Errorf("drop folder: %w", err)
	}
	path := filepath.Join(m.Drop, ResultFile)
	temp := path + ".new"
	if err := m.Disk.CreateFile(temp, append(b, '\n')); err != nil {
		return err
	}
	if err := os.Chmod(temp, 0o644); err != nil {
		return err
	}
	return m.Disk.Rename(temp, path)
}
