package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
)

// jobVariable carries a job from parent to child. It holds no secret: paths and limits.
const jobVariable = "TENIN_SANDBOX"

// job is what a child is told about itself.
type job struct {
	Stage   int      // 0: fresh, 1: the layers of stage 0 are applied
	Mode    Mode     // what to do where a layer cannot be applied
	Policy  Policy   // what may be done
	Launch  bool     // the weaker form of [Launch]
	Extra   int      // files inherited from 3 on
	Parent  int      // the parent's process id, as seen in its own namespace
	Death   int      // the signal at the parent's death
	Flags   uintptr  // namespaces that were cloned
	Missing []string // features that were found missing so far, with Warn
	Without []string // layers that a test left out
	Args    []string // arguments of the program in stage 1
}

// current is the job of this process: what a process is, is global to it.
var current *job

// encode returns the environment entry that [decodeJob] reads.
func (j *job) encode() (string, error) {
	text, err := json.Marshal(j)
	if err != nil {
		return "", fmt.Errorf("sandbox: %s: encode the policy: %w", j.Policy.Role, err)
	}
	return jobVariable + "=" + string(text), nil
}

// decodeJob reads the job of this process; nil without one.
func decodeJob() (*job, error) {
	text, ok := os.LookupEnv(jobVariable)
	if !ok {
		return nil, nil
	}
	return readJob(text)
}

// readJob reads what [job.encode] wrote behind the variable's name.
func readJob(text string) (*job, error) {
	j := new(job)
	if err := json.Unmarshal([]byte(text), j); err != nil {
		return nil, errors.New("sandbox: " + jobVariable + " in the environment is not a policy: unset it")
	}
	if j.Policy.Role == "" || j.Extra < 0 || j.Extra > 64 || (j.Stage != 0 && j.Stage != 1) {
		return nil, errors.New("sandbox: " + jobVariable + " in the environment is incomplete: unset it")
	}
	return j, nil
}

// missing notes a layer that cannot be applied: an error with [Refuse], a note with [Warn].
func (j *job) missing(feature string, why error) error {
	if j.Mode == Refuse {
		return fmt.Errorf("sandbox: %s: %w: %s: %v; use a kernel that has it, or mode warn for development",
			j.Policy.Role, ErrMissing, feature, why)
	}
	j.Missing = append(j.Missing, feature)
	return nil
}

// lacks tells whether the child goes on without a layer: its parent found the kernel without it, or a test left it out.
func (j *job) lacks(feature string) bool {
	return slices.Contains(j.Missing, feature) || j.skips(feature)
}

// Missing returns the features that this process goes on without, with [Warn]; nil when every layer is in place.
func Missing() []string {
	if current == nil {
		return nil
	}
	return current.Missing
}

// warning is the line that a child in mode [Warn] writes before it goes on.
func (j *job) warning() string {
	return fmt.Sprintf("sandbox: %s: goes on without %s", j.Policy.Role, strings.Join(j.Missing, ", "))
}
