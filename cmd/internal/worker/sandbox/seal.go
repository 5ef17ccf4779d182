package sandbox

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Seal ends the loading: this process can no longer be dumped or traced by its equals, and on every thread, those of
// libraries included, only an allow-list of system calls is left. It must be called in a child of [Command] when all
// weights, libraries and files are open. With [Off] it does nothing, and the same in a child of [Launch], which has its
// filter already but becomes undumpable.
func Seal() error {
	j := current
	if j == nil {
		return errors.New("sandbox: seal: this process was not started with a policy: call Child first")
	}
	if j.Mode == Off {
		return nil
	}
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return j.failed("forbid dumps", err)
	}
	if j.Launch {
		return nil
	}
	if j.Mode == Warn && len(j.Missing) > 0 {
		fmt.Fprintln(os.Stderr, j.warning())
	}
	return j.filter(sealFilter(j.Policy), unix.SECCOMP_FILTER_FLAG_TSYNC)
}
