package sandbox

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// noCores keeps what is in memory out of core files.
func noCores() error {
	return syscall.Setrlimit(unix.RLIMIT_CORE, &syscall.Rlimit{})
}

// limits sets the resource limits of the policy. Soft and hard are the same, so that they cannot be raised again.
func (j *job) limits() error {
	p := j.Policy
	for _, limit := range []struct {
		name     string
		resource int
		value    uint64
	}{
		{"memory", unix.RLIMIT_AS, p.AddressSpace},
		{"open files", unix.RLIMIT_NOFILE, p.OpenFiles},
		{"CPU time", unix.RLIMIT_CPU, p.CPUSeconds},
	} {
		if limit.value == 0 {
			continue
		}
		// The syscall package's own call, since it otherwise restores the number of open files at the next execution.
		if err := syscall.Setrlimit(limit.resource, &syscall.Rlimit{Cur: limit.value, Max: limit.value}); err != nil {
			return j.failed("limit "+limit.name, err)
		}
	}
	if p.Nice != 0 {
		// The raw call answers 20 minus the nice value.
		level, err := unix.Getpriority(unix.PRIO_PROCESS, 0)
		if err != nil {
			return j.failed("read the priority", err)
		}
		if err := unix.Setpriority(unix.PRIO_PROCESS, 0, 20-level+p.Nice); err != nil {
			return j.failed("set the priority", err)
		}
	}
	return nil
}
