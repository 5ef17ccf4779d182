package sandbox

import (
	"fmt"
	"os"
	"os/exec"

	"golang.org/x/sys/unix"
)

// Empowered returns an unsandboxed child with every capability over a network and a mount namespace of its own. An
// unprivileged user's control process cannot open a raw socket or mount anything, so that their failure inside a
// sandbox would prove nothing; this child can, and shows that the kernel would. What it may reach of the host is less
// than an ordinary child may: use the results of both, see [Merge].
//
// Of the policy, role and environment are used. Without user namespaces the error wraps [ErrMissing].
func Empowered(p Policy, extra ...*os.File) (*exec.Cmd, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	j := &job{Mode: Off, Policy: p, Death: int(unix.SIGKILL), Args: []string{"tenin", "worker", p.Role}}
	for _, name := range []string{FeatureUser, FeatureNet, FeatureMount} {
		if f, ok := have(name); !ok {
			return nil, fmt.Errorf("sandbox: %s: %w: %s: %s", p.Role, ErrMissing, name, f.Why)
		}
		j.Flags |= cloneFlags[name]
	}
	cmd, err := j.command(extra)
	if err != nil {
		return nil, err
	}
	cmd.SysProcAttr.AmbientCaps = nil
	for c := range uintptr(unix.CAP_LAST_CAP + 1) {
		cmd.SysProcAttr.AmbientCaps = append(cmd.SysProcAttr.AmbientCaps, c)
	}
	return cmd, nil
}

// Merge joins the results of several control processes: a probe that was open in any of them is open. The order is that
// of the first.
func Merge(controls ...[]Result) []Result {
	var merged []Result
	at := map[string]int{}
	for _, results := range controls {
		for _, r := range results {
			i, ok := at[r.Key()]
			if !ok {
				at[r.Key()] = len(merged)
				merged = append(merged, r)
				continue
			}
			if r.Open && !merged[i].Open {
				merged[i] = r
			}
		}
	}
	return merged
}
