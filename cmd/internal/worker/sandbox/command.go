package sandbox

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// self is this program, whatever became of its file meanwhile.
const self = "/proc/self/exe"

// Command returns a child of this very program that applies p to itself before its role begins. It is not started: use
// [Starter.Start]. extra[0] becomes file 3 of the child, extra[1] file 4 and so on; no other file is inherited.
// Standard input, output and error are the null device unless the caller sets them.
//
// With [Refuse] the error wraps [ErrMissing] and names the first kernel feature that is missing.
func Command(p Policy, m Mode, extra ...*os.File) (*exec.Cmd, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	if !privileged() {
		p.UID, p.GID, p.Groups = 0, 0, nil
	}
	j := &job{Mode: m, Policy: p, Death: int(unix.SIGKILL), Without: p.without, Args: []string{"tenin", "worker", p.Role}}
	if m == Off {
		return j.command(extra)
	}
	wanted := []string{FeatureMount, FeatureIPC, FeaturePID, FeatureUTS}
	if !p.Network {
		wanted = append(wanted, FeatureNet)
	}
	for _, layer := range []string{FeatureLandlock, FeatureSeccomp} {
		if !j.skips(layer) {
			wanted = append(wanted, layer)
		}
	}
	if err := j.namespaces(wanted); err != nil {
		return nil, err
	}
	return j.command(extra)
}

// Launch returns a child of this program that becomes the parent of workers: it runs the program's command line again
// with args (without the program's name) in an empty network namespace, with no new privileges, no cores and a filter
// that leaves it no socket family but p.Families (nil: Unix sockets only), no io_uring, no tracing of others and no way
// into another namespace. With p.Hide it has a mount namespace in which those places are empty. Other files, terminal,
// process group and signals stay as they are, and the child can make the namespaces of its own workers. Of the policy,
// role, environment, families, limits, ids and Hide are used.
//
// A privileged caller's child gets a user namespace too, with every id mapped to itself: root in there has no power
// over the namespaces outside, nor over what only the host's root may do (raise priorities, lock memory without limit).
//
// The child is told of the caller's death by SIGTERM, so that it can close what it holds. [Child] returns its role.
func Launch(p Policy, m Mode, args []string, extra ...*os.File) (*exec.Cmd, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	if !privileged() {
		p.UID, p.GID, p.Groups = 0, 0, nil
	}
	j := &job{Mode: m, Policy: p, Launch: true, Death: int(unix.SIGTERM), Without: p.without,
		Args: append([]string{os.Args[0]}, args...)}
	if m != Off {
		wanted := []string{FeatureUser, FeatureNet, FeatureSeccomp}
		if len(p.Hide) > 0 {
			wanted = append(wanted, FeatureMount)
		}
		if err := j.namespaces(wanted); err != nil {
			return nil, err
		}
	}
	cmd, err := j.command(extra)
	if err != nil {
		return nil, err
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	return cmd, nil
}

// cloneFlags are the namespaces behind the names of features.
var cloneFlags = map[string]uintptr{
	FeatureUser:  unix.CLONE_NEWUSER,
	FeatureNet:   unix.CLONE_NEWNET,
	FeatureMount: unix.CLONE_NEWNS,
	FeatureIPC:   unix.CLONE_NEWIPC,
	FeaturePID:   unix.CLONE_NEWPID,
	FeatureUTS:   unix.CLONE_NEWUTS,
}

// namespaces sets the clone flags of the wanted features that this kernel has.
func (j *job) namespaces(wanted []string) error {
	have := map[string]Feature{}
	for _, f := range Features() {
		have[f.Name] = f
	}
	for _, name := range wanted {
		f := have[name]
		if !f.Have {
			if err := j.missing(name, fmt.Errorf("%s", f.Why)); err != nil {
				return err
			}
			continue
		}
		j.Flags |= cloneFlags[name]
	}
	// Without privileges every other namespace is to be had only inside a user namespace.
	if j.Flags != 0 && !privileged() {
		j.Flags |= unix.CLONE_NEWUSER
	}
	return nil
}

// command builds the process for a job whose namespaces are decided.
func (j *job) command(extra []*os.File) (*exec.Cmd, error) {
	j.Extra, j.Parent = len(extra), os.Getpid()
	entry, err := j.encode()
	if err != nil {
		return nil, err
	}
	attributes := &syscall.SysProcAttr{Pdeathsig: syscall.Signal(j.Death), Cloneflags: j.Flags}
	if j.Flags&unix.CLONE_NEWUSER != 0 {
		if err := mapIDs(attributes); err != nil {
			return nil, fmt.Errorf("sandbox: %s: %w", j.Policy.Role, err)
		}
		switch {
		case j.Launch && j.Flags&unix.CLONE_NEWNS != 0:
			attributes.AmbientCaps = []uintptr{unix.CAP_SYS_ADMIN}
		case !j.Launch:
			// The 1:1 map makes no root, so the capabilities over the new namespaces reach stage 0 only when asked for.
			attributes.AmbientCaps = []uintptr{unix.CAP_SYS_ADMIN, unix.CAP_SETPCAP}
		}
	}
	return &exec.Cmd{
		Path:        self,
		Args:        j.Args,
		Env:         append(append([]string{}, j.Policy.Env...), entry),
		ExtraFiles:  extra,
		SysProcAttr: attributes,
	}, nil
}
