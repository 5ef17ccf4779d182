package sandbox

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// Policy is all that one child may do. What it does not name does not exist for the child, except the program itself,
// the shared libraries that the program was linked with, a private /proc, the CPU's description below /sys, and the
// harmless devices (null, zero, full, random, urandom).
type Policy struct {
	Role string // what the child is; [Child] returns it

	Network bool     // true: the host's network; false: an empty network namespace without even a loopback that is up
	Ports   []uint16 // TCP ports that may be connected to with Network; nil: every port

	Read    []string // files and folders that may be read; all paths are absolute and must exist
	Exec    []string // files and folders that may be read, executed and mapped as code
	Write   []string // files and folders that may be read and written; normally none
	Sockets []string // Unix sockets, or folders of such, that appear under their own path; a replaced socket file is seen by a new child only
	Devices []string // device files, or folders of such, that may be read, written and controlled; sound cards, for which [Seal] keeps the ioctls

	Hide []string // of a child of [Launch]: folders and sockets that it shall not see; what is not there is left out

	Families []int // socket families that may be opened after [Seal]; nil: none
	LoadCode bool  // true: files may still be mapped as code after [Seal], for libraries that load plug-ins late
	MakeCode bool  // true: memory that was written may become code after [Seal], never both at once; for libraries that compile
	Receive  bool  // true: sockets that are open may be read with recvmsg and recv after [Seal], as the X library does

	UID, GID int   // the ids to change to when the parent is privileged, else without meaning; 0: keep
	Groups   []int // the further groups of the child when UID or GID is set

	AddressSpace uint64 // RLIMIT_AS in bytes; 0: no limit
	OpenFiles    uint64 // RLIMIT_NOFILE; 0: no limit
	CPUSeconds   uint64 // RLIMIT_CPU in seconds; 0: no limit
	Nice         int    // added to the parent's nice value; 0: as the parent

	Env []string // the whole environment of the child, as KEY=value

	without []string // layers that a test leaves out
}

// Mode says what happens where the kernel lacks a feature that a layer needs.
type Mode int

const (
	Refuse Mode = iota // the child is not started, or ends before its role begins; the default on a device
	Warn               // the child goes on without that layer and says so on standard error; for development
	Off                // no layer at all: a child of the same program with the same environment, for control measurements
)

// String returns the word that the configuration uses.
func (m Mode) String() string {
	switch m {
	case Refuse:
		return "refuse"
	case Warn:
		return "warn"
	case Off:
		return "off"
	}
	return fmt.Sprintf("mode %d", int(m))
}

// ParseMode reads the word that [Mode.String] writes.
func ParseMode(word string) (Mode, error) {
	for _, m := range []Mode{Refuse, Warn, Off} {
		if m.String() == word {
			return m, nil
		}
	}
	return Refuse, fmt.Errorf("sandbox mode %q: use refuse, warn or off", word)
}

// ErrMissing is wrapped by every error that says which kernel feature is missing.
var ErrMissing = errors.New("missing kernel feature")

// ExitRefused is the exit code of a child that could not apply its policy: its standard error says why, and starting it
// again would not help.
const ExitRefused = 3

// check finds mistakes that would otherwise show only inside the child.
func (p Policy) check() error {
	if p.Role == "" {
		return errors.New("sandbox: a policy without a role: name one")
	}
	for _, list := range [][]string{p.Read, p.Exec, p.Write, p.Sockets, p.Devices, p.Hide} {
		for _, path := range list {
			if !filepath.IsAbs(path) {
				return fmt.Errorf("sandbox: %s: path %q in the policy: make it absolute", p.Role, path)
			}
		}
	}
	if len(p.Ports) > 0 && !p.Network {
		return fmt.Errorf("sandbox: %s: the policy names ports but no network: set Network or drop the ports", p.Role)
	}
	for _, pair := range p.Env {
		if name, _, ok := strings.Cut(pair, "="); !ok || name == jobVariable {
			return fmt.Errorf("sandbox: %s: %q in the child's environment: use KEY=value, and not %s", p.Role, name, jobVariable)
		}
	}
	return nil
}

// skips tells whether a test left the layer out.
func (j *job) skips(layer string) bool { return slices.Contains(j.Without, layer) }
