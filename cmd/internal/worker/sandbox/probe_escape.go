package sandbox

import (
	"context"
	"errors"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// tryRing sets up the smallest ring: through it sockets could be opened past a filter.
func tryRing(context.Context, Targets, string) error {
	var parameters [120]byte // struct io_uring_params, io_uring_setup(2)
	fd, _, e := unix.Syscall(unix.SYS_IO_URING_SETUP, 1, uintptr(unsafe.Pointer(&parameters[0])), 0)
	return closing(fd, e)
}

// closing closes the file that a raw call opened.
func closing(fd uintptr, e unix.Errno) error {
	if e != 0 {
		return e
	}
	return unix.Close(int(fd))
}

func tryWriteExecute(context.Context, Targets, string) error {
	memory, err := unix.Mmap(-1, 0, os.Getpagesize(), unix.PROT_READ|unix.PROT_WRITE|unix.PROT_EXEC, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return err
	}
	return unix.Munmap(memory)
}

func tryCode(context.Context, Targets, string) error {
	memory, err := unix.Mmap(-1, 0, os.Getpagesize(), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return err
	}
	return errors.Join(unix.Mprotect(memory, unix.PROT_READ|unix.PROT_EXEC), unix.Munmap(memory))
}

// tryUnshare names no namespace, but a signal number, which the kernel must refuse.
func tryUnshare(context.Context, Targets, string) error {
	_, _, e := unix.RawSyscall(unix.SYS_UNSHARE, 1, 0, 0)
	return reached(e, unix.EINVAL)
}

func trySetns(context.Context, Targets, string) error {
	_, _, e := unix.RawSyscall(unix.SYS_SETNS, ^uintptr(0), 0, 0)
	return reached(e, unix.EBADF)
}

func tryMount(context.Context, Targets, string) error {
	fd, err := unix.Fsopen("tmpfs", unix.FSOPEN_CLOEXEC)
	if err != nil {
		return err
	}
	return unix.Close(fd)
}

// tryBPF asks for what does not exist.
func tryBPF(context.Context, Targets, string) error {
	var attributes [8]byte
	_, _, e := unix.Syscall(unix.SYS_BPF, 0xffff, uintptr(unsafe.Pointer(&attributes[0])), uintptr(len(attributes)))
	return reached(e, unix.EINVAL)
}

func tryPerf(context.Context, Targets, string) error {
	_, _, e := unix.Syscall6(unix.SYS_PERF_EVENT_OPEN, 0, 0, ^uintptr(0), ^uintptr(0), 0, 0)
	return reached(e, unix.EFAULT)
}

func tryUserfault(context.Context, Targets, string) error {
	const userModeOnly = 1 // UFFD_USER_MODE_ONLY, userfaultfd(2)
	fd, _, e := unix.Syscall(unix.SYS_USERFAULTFD, unix.O_CLOEXEC|userModeOnly, 0, 0)
	return closing(fd, e)
}

func tryKeys(context.Context, Targets, string) error {
	_, _, e := unix.Syscall(unix.SYS_KEYCTL, 0xffff, 0, 0)
	return reached(e, unix.EOPNOTSUPP)
}

func tryType(context.Context, Targets, string) error {
	_, _, e := unix.Syscall(unix.SYS_IOCTL, ^uintptr(0), unix.TIOCSTI, 0)
	return reached(e, unix.EBADF)
}

// tryLimit sets a limit to what it is.
func tryLimit(context.Context, Targets, string) error {
	var limit unix.Rlimit
	if err := unix.Prlimit(0, unix.RLIMIT_CORE, nil, &limit); err != nil {
		return err
	}
	return unix.Prlimit(0, unix.RLIMIT_CORE, &limit, nil)
}

func tryCapability(context.Context, Targets, string) error {
	s, err := Inspect(os.Getpid())
	if err != nil {
		return err
	}
	if s.Capabilities == 0 {
		return errors.New("none")
	}
	return nil
}

func tryDump(context.Context, Targets, string) error {
	level, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0)
	if err != nil {
		return err
	}
	if level != 1 {
		return errors.New("not dumpable")
	}
	return nil
}
