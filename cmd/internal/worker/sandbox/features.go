package sandbox

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Names of the kernel features that the layers need.
const (
	FeatureUser     = "user namespace"
	FeatureNet      = "network namespace"
	FeatureMount    = "mount namespace"
	FeatureIPC      = "ipc namespace"
	FeaturePID      = "pid namespace"
	FeatureUTS      = "uts namespace"
	FeatureProc     = "private /proc"
	FeatureLandlock = "Landlock ABI 6"
	FeatureSeccomp  = "seccomp filter on all threads"
)

// Feature is something that a layer needs of the running kernel, asked as this process with its privileges.
type Feature struct {
	Name string // one of the constants above
	Have bool
	Why  string // what the kernel answered where it is missing
}

// Features asks the running kernel once, and returns one entry for each feature. Whether a private /proc can be mounted
// shows only inside a child, so [FeatureProc] is not among them: a child that cannot mount one says so.
func Features() []Feature { return append([]Feature{}, features()...) }

// features remembers the answer: it cannot change while a process keeps its privileges, and each namespace costs a fork.
var features = sync.OnceValue(func() []Feature {
	all := []Feature{}
	for _, name := range []string{FeatureUser, FeatureNet, FeatureMount, FeatureIPC, FeaturePID, FeatureUTS} {
		all = append(all, answer(name, tryNamespace(cloneFlags[name])))
	}
	all = append(all, answer(FeatureLandlock, tryLandlock()), answer(FeatureSeccomp, trySeccomp()))
	return all
})

// have finds one feature.
func have(name string) (Feature, bool) {
	for _, f := range features() {
		if f.Name == name {
			return f, f.Have
		}
	}
	return Feature{}, false
}

func answer(name string, err error) Feature {
	f := Feature{Name: name, Have: err == nil}
	if err != nil {
		f.Why = err.Error()
	}
	return f
}

// tryNamespace starts a child in the namespace that executes what cannot be executed: the answer tells whether the
// kernel came as far as that. A user namespace must take its map of ids too.
func tryNamespace(flag uintptr) error {
	attributes := &syscall.SysProcAttr{Cloneflags: flag}
	if !privileged() {
		attributes.Cloneflags |= unix.CLONE_NEWUSER
	}
	err := tryClone(attributes)
	if err != nil || flag != unix.CLONE_NEWUSER {
		return err
	}
	if err := mapIDs(attributes); err != nil {
		return err
	}
	return whileDumpable(func() error { return tryClone(attributes) })
}

// tryClone starts a process that ends at once. It must not have a map of ids unless the namespaces are known to be
// had: the standard library leaves a pipe open for each map that it could not hand over.
func tryClone(attributes *syscall.SysProcAttr) error {
	_, err := syscall.ForkExec(nowhere, []string{"tenin"}, &syscall.ProcAttr{Sys: attributes})
	if errors.Is(err, unix.ENOTDIR) {
		return nil
	}
	if err == nil {
		return errors.New("the kernel executed a path below a device file")
	}
	return err
}

// nowhere is a path that no kernel executes.
const nowhere = "/dev/null/tenin"

// tryLandlock asks for the version of Landlock, landlock_create_ruleset(2).
func tryLandlock() error {
	abi, _, e := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if e == unix.EOPNOTSUPP {
		return errors.New("built in but not enabled at boot")
	}
	if e != 0 {
		return e
	}
	if abi < landlockABI {
		return fmt.Errorf("the kernel has ABI %d", abi)
	}
	return nil
}

// trySeccomp offers a filter without a program: a kernel that knows the flag fails at reading it, seccomp(2).
func trySeccomp() error {
	_, _, e := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, 0)
	if e != unix.EFAULT {
		return e
	}
	action := uint32(unix.SECCOMP_RET_KILL_PROCESS)
	if _, _, e := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_GET_ACTION_AVAIL, 0, uintptr(unsafe.Pointer(&action))); e != 0 {
		return e
	}
	return nil
}

// errnoName is the kernel's name of the error inside err, such as EPERM, or its text.
func errnoName(err error) string {
	if err == nil {
		return ""
	}
	var e syscall.Errno
	if errors.As(err, &e) {
		return unix.ErrnoName(e)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return "no answer"
	}
	return err.Error()
}
