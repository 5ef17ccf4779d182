package sandbox

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Child is the first call of a main function. In a process that [Command] or [Launch] started it applies stage 0,
// executes the program again and, in that second life, returns the role. Everywhere else it returns false at once.
//
// A child that cannot apply its policy writes one line to standard error and ends with [ExitRefused].
func Child() (role string, ok bool) {
	j, err := decodeJob()
	if err != nil {
		refuse(err)
	}
	if j == nil {
		return "", false
	}
	if j.Stage == 0 {
		if err := j.stage0(); err != nil {
			refuse(err)
		}
	}
	if os.Getpid() == unix.Gettid() && !j.Launch {
		// The name of the file that was executed is "exe" for every role.
		name := append([]byte("tenin-"+j.Policy.Role), 0)
		unix.Prctl(unix.PR_SET_NAME, uintptr(unsafe.Pointer(&name[0])), 0, 0, 0)
	}
	// Grandchildren are told their own job or none.
	os.Unsetenv(jobVariable)
	current = j
	return j.Policy.Role, true
}

// refuse ends a child that must not go on.
func refuse(err error) {
	fmt.Fprintln(os.Stderr, "tenin:", err)
	os.Exit(ExitRefused)
}

// stage0 applies what must hold before the program's work begins, and does not return when it succeeds: it executes the
// program again, since capabilities, limits and no_new_privs belong to one thread until then. Only with [Off] it returns.
func (j *job) stage0() error {
	runtime.LockOSThread()
	if err := noCores(); err != nil {
		return j.failed("forbid core files", err)
	}
	if j.Mode == Off {
		return nil
	}
	if err := j.limits(); err != nil {
		return err
	}
	var grants []grant
	if !j.Launch {
		var err error
		if grants, err = j.grants(); err != nil {
			return err
		}
		if j.Flags&unix.CLONE_NEWNS != 0 && !j.skips(FeatureMount) {
			if grants, err = j.enterRoot(grants); err != nil {
				return err
			}
		}
		if j.Flags&unix.CLONE_NEWUTS != 0 {
			// The host's name tells whose shop this is.
			if err := unix.Sethostname([]byte("tenin")); err != nil {
				return j.failed("name the host", err)
			}
		}
	}
	if j.Launch && j.Flags&unix.CLONE_NEWNS != 0 {
		if err := j.cover(); err != nil {
			return err
		}
	}
	if err := j.identity(); err != nil {
		return err
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return j.failed("set no_new_privs", err)
	}
	if j.Launch {
		if err := j.filter(launchFilter(j.Policy), 0); err != nil {
			return err
		}
	} else if err := j.landlock(grants); err != nil {
		return err
	}
	// A change of ids clears the signal, and it belongs to the thread.
	if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(j.Death), 0, 0, 0); err != nil {
		return j.failed("ask for the parent's death", err)
	}
	if parent := os.Getppid(); parent != 0 && parent != j.Parent && j.Flags&unix.CLONE_NEWPID == 0 {
		return fmt.Errorf("sandbox: %s: the parent ended before the child began", j.Policy.Role)
	}
	if err := closeFiles(3 + j.Extra); err != nil {
		return j.failed("close inherited files", err)
	}
	if len(j.Missing) > 0 {
		fmt.Fprintln(os.Stderr, j.warning())
	}
	j.Stage = 1
	entry, err := j.encode()
	if err != nil {
		return err
	}
	err = syscall.Exec(self, j.Args, append(append([]string{}, j.Policy.Env...), entry))
	return j.failed("execute the program again", err)
}

// failed says which step of stage 0 the kernel refused.
func (j *job) failed(step string, err error) error {
	return fmt.Errorf("sandbox: %s: %s: %w", j.Policy.Role, step, err)
}

// closeFiles has every file from first on closed at the next execution, whatever its opener forgot.
func closeFiles(first int) error {
	return unix.CloseRange(uint(first), ^uint(0)>>1&0xffffffff, unix.CLOSE_RANGE_CLOEXEC)
}
