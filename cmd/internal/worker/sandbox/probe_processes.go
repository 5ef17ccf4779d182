package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// other reads the number of a process. In a pid namespace of its own a process may find a thread of itself under the
// number that means another process outside: then there is no such process.
func other(target string) (int, error) {
	pid, err := strconv.Atoi(target)
	if err != nil {
		return 0, err
	}
	if pid == os.Getpid() || exists(fmt.Sprintf("/proc/self/task/%d", pid)) {
		return 0, unix.ESRCH
	}
	return pid, nil
}

// tryProcesses looks for a process that is not this one.
func tryProcesses(context.Context, Targets, string) error {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return err
	}
	others := 0
	for _, entry := range entries {
		if pid, err := strconv.Atoi(entry.Name()); err == nil && pid != os.Getpid() {
			others++
		}
	}
	if others == 0 {
		return errors.New("none")
	}
	return success(fmt.Sprintf("%d others", others))
}

// processFile opens one entry of another process.
func processFile(name string) attempt {
	return func(_ context.Context, _ Targets, target string) error {
		pid, err := other(target)
		if err != nil {
			return err
		}
		return open(fmt.Sprintf("/proc/%d/%s", pid, name), unix.O_RDONLY)
	}
}

// tryVMRead reads where nothing is: a kernel that would read answers EFAULT.
func tryVMRead(_ context.Context, _ Targets, target string) error {
	pid, err := other(target)
	if err != nil {
		return err
	}
	into := make([]byte, 1)
	local := []unix.Iovec{{Base: &into[0], Len: 1}}
	_, err = unix.ProcessVMReadv(pid, local, []unix.RemoteIovec{{Base: 1, Len: 1}}, 0)
	return reached(err, unix.EFAULT)
}

// tryTrace seizes, which does not stop the process, from a thread that ends at once, which lets it go again.
func tryTrace(_ context.Context, _ Targets, target string) error {
	pid, err := other(target)
	if err != nil {
		return err
	}
	answer := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked
		_, _, e := unix.Syscall6(unix.SYS_PTRACE, unix.PTRACE_SEIZE, uintptr(pid), 0, 0, 0, 0)
		if e != 0 {
			answer <- e
			return
		}
		answer <- nil
	}()
	return <-answer
}

func trySignal(_ context.Context, _ Targets, target string) error {
	pid, err := other(target)
	if err != nil {
		return err
	}
	return unix.Kill(pid, 0)
}

func tryPidfd(_ context.Context, _ Targets, target string) error {
	pid, err := other(target)
	if err != nil {
		return err
	}
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return err
	}
	return unix.Close(fd)
}

// tryFork starts a process, in the namespace of the flag, that executes what cannot be executed and ends.
func tryFork(flag uintptr) attempt {
	return func(context.Context, Targets, string) error {
		if err := tryClone(&syscall.SysProcAttr{Cloneflags: flag}); err != nil {
			return err
		}
		return success("reached")
	}
}

// tryExecve executes what cannot be executed. Nothing is started in between, so that the call itself is judged.
func tryExecve(context.Context, Targets, string) error {
	path := append([]byte(nowhere), 0)
	_, _, e := unix.Syscall(unix.SYS_EXECVE, uintptr(unsafe.Pointer(&path[0])), 0, 0)
	return reached(e, unix.ENOTDIR)
}

// tryProgram runs a program and waits for its end, which it hastens when it is not near.
func tryProgram(ctx context.Context, _ Targets, path string) error {
	pid, err := syscall.ForkExec(path, []string{path}, &syscall.ProcAttr{})
	if err != nil {
		return err
	}
	process, err := os.FindProcess(pid)
	if err != nil {
		return err
	}
	timer := time.AfterFunc(longest, func() { process.Kill() })
	defer timer.Stop()
	_, err = process.Wait()
	return err
}

// reached judges a call that was made such that it must fail: with the expected error it came as far as the kernel's
// own work.
func reached(err error, expected ...error) error {
	for _, e := range expected {
		if errors.Is(err, e) {
			return success("reached")
		}
	}
	if e, ok := err.(syscall.Errno); ok && e == 0 {
		return nil
	}
	return err
}
