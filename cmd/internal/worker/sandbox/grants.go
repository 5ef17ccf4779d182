package sandbox

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// right is what a grant allows.
type right int

const (
	read right = 1 << iota
	execute
	write
	control // device files and their ioctls
	meet    // a Unix socket: nothing but its name
)

// grant is one path that exists for the child.
type grant struct {
	Path  string
	Right right
	Dir   bool
}

// harmless are the devices of every child.
var harmless = []string{"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"}

// topology is read by engines to count cores. Where it is absent they count one way or another.
var topology = []string{"/sys/devices/system/cpu", "/sys/devices/system/node"}

// grants lists all that exists for the child.
func (j *job) grants() ([]grant, error) {
	p := j.Policy
	var all []grant
	add := func(right right, optional bool, paths ...string) error {
		for _, path := range paths {
			info, err := os.Stat(path)
			if errors.Is(err, fs.ErrNotExist) && optional {
				continue
			}
			if err != nil {
				return fmt.Errorf("sandbox: %s: a path of the policy: %w", p.Role, err)
			}
			all = append(all, grant{Path: filepath.Clean(path), Right: right, Dir: info.IsDir()})
		}
		return nil
	}
	libraries, err := linked()
	if err != nil {
		return nil, fmt.Errorf("sandbox: %s: list the program's libraries: %w", p.Role, err)
	}
	if len(libraries) > 0 {
		if err := add(read, true, "/etc/ld.so.cache"); err != nil {
			return nil, err
		}
	}
	for _, step := range []struct {
		right    right
		optional bool
		paths    []string
	}{
		{read | execute, true, libraries},
		{read, true, topology},
		{read | write, true, harmless},
		{read, false, p.Read},
		{read | execute, false, p.Exec},
		{read | write, false, p.Write},
		{read | write | control, false, p.Devices},
		{meet, false, p.Sockets},
	} {
		if err := add(step.right, step.optional, step.paths...); err != nil {
			return nil, err
		}
	}
	return all, nil
}
