package sandbox

import (
	"os"

	"golang.org/x/sys/unix"
)

// plain are the system calls of a worker whose arguments need no look: the Go runtime, gRPC, GNU OpenMP, ggml and ONNX
// Runtime passed their work with these and the ones that [sealFilter] checks.
var plain = []uintptr{
	unix.SYS_READ, unix.SYS_WRITE, unix.SYS_READV, unix.SYS_WRITEV, unix.SYS_PREAD64, unix.SYS_PWRITE64, unix.SYS_CLOSE,
	unix.SYS_FSTAT, unix.SYS_NEWFSTATAT, unix.SYS_STATX, unix.SYS_FACCESSAT, unix.SYS_FACCESSAT2, unix.SYS_LSEEK,
	unix.SYS_GETDENTS64, unix.SYS_READLINKAT, unix.SYS_GETCWD, unix.SYS_FADVISE64, unix.SYS_DUP, unix.SYS_DUP3,
	unix.SYS_MUNMAP, unix.SYS_MREMAP, unix.SYS_MADVISE, unix.SYS_MINCORE, unix.SYS_BRK, unix.SYS_MEMBARRIER,
	unix.SYS_RT_SIGACTION, unix.SYS_RT_SIGPROCMASK, unix.SYS_RT_SIGRETURN, unix.SYS_SIGALTSTACK,
	unix.SYS_FUTEX, unix.SYS_SCHED_YIELD, unix.SYS_SCHED_GETAFFINITY, unix.SYS_SCHED_SETAFFINITY,
	unix.SYS_NANOSLEEP, unix.SYS_CLOCK_NANOSLEEP, unix.SYS_CLOCK_GETTIME, unix.SYS_CLOCK_GETRES, unix.SYS_GETTIMEOFDAY,
	unix.SYS_GETPID, unix.SYS_GETTID, unix.SYS_GETPPID, unix.SYS_GETUID, unix.SYS_GETEUID, unix.SYS_GETGID,
	unix.SYS_GETEGID, unix.SYS_GETRESUID, unix.SYS_GETRESGID, unix.SYS_GETGROUPS, unix.SYS_GETPGID, unix.SYS_GETSID,
	unix.SYS_GETRUSAGE, unix.SYS_GETRLIMIT, unix.SYS_UNAME, unix.SYS_SYSINFO, unix.SYS_GETCPU, unix.SYS_GETRANDOM,
	unix.SYS_EXIT, unix.SYS_EXIT_GROUP, unix.SYS_RESTART_SYSCALL,
	unix.SYS_EPOLL_CREATE1, unix.SYS_EPOLL_CTL, unix.SYS_EPOLL_PWAIT, unix.SYS_EVENTFD2, unix.SYS_PIPE2, unix.SYS_PPOLL,
	unix.SYS_RSEQ, unix.SYS_SET_ROBUST_LIST, unix.SYS_SET_TID_ADDRESS,
	unix.SYS_SHUTDOWN, unix.SYS_GETSOCKNAME, unix.SYS_GETPEERNAME, unix.SYS_GETSOCKOPT, unix.SYS_SETSOCKOPT,
	unix.SYS_TIMER_CREATE, unix.SYS_TIMER_SETTIME, unix.SYS_TIMER_DELETE, unix.SYS_SETITIMER,
}

// namespacesMask are the flags of clone(2) that make a namespace.
const namespacesMask = unix.CLONE_NEWUSER | unix.CLONE_NEWNET | unix.CLONE_NEWNS | unix.CLONE_NEWIPC | unix.CLONE_NEWPID |
	unix.CLONE_NEWUTS | unix.CLONE_NEWCGROUP

// sealFilter is the allow-list of a sealed worker.
func sealFilter(p Policy) *filter {
	f := &filter{fallback: refused}
	f.allow(plain...)
	f.allow(legacy...)

	// glibc and the Go runtime fall back where the kernel does not know a call; refused, they would give up. The
	// arguments of these two lie behind a pointer, out of a filter's sight.
	f.answer(unknown, unix.SYS_CLONE3, unix.SYS_OPENAT2)
	// Threads, no processes.
	f.when(unix.SYS_CLONE, has(0, unix.CLONE_THREAD|unix.CLONE_VM|unix.CLONE_SIGHAND), hasNone(0, namespacesMask))
	// Signals to itself: the runtime preempts its threads with them.
	f.when(unix.SYS_TGKILL, is(0, uint32(os.Getpid())))
	f.when(unix.SYS_PRCTL, is(0, unix.PR_SET_NAME, unix.PR_GET_NAME, unix.PR_SET_VMA, unix.PR_GET_DUMPABLE,
		unix.PR_GET_NO_NEW_PRIVS, unix.PR_GET_SECCOMP, unix.PR_CAPBSET_READ))
	// Its own limits, to read.
	f.when(unix.SYS_PRLIMIT64, is(0, 0), zero(2))
	f.when(unix.SYS_FCNTL, is(1, unix.F_DUPFD, unix.F_DUPFD_CLOEXEC, unix.F_GETFD, unix.F_SETFD, unix.F_GETFL, unix.F_SETFL,
		unix.F_GET_SEALS))

	// New code: none at all, or from files only; never writable and executable.
	f.rules = append(f.rules, codeRules(p.LoadCode, p.MakeCode)...)

	// Files: to read, unless the policy names some to write; a device is opened both ways but never made.
	switch {
	case len(p.Write) > 0:
		f.allow(unix.SYS_OPENAT, unix.SYS_FTRUNCATE, unix.SYS_FALLOCATE, unix.SYS_FSYNC, unix.SYS_FDATASYNC,
			unix.SYS_UNLINKAT, unix.SYS_MKDIRAT, unix.SYS_RENAMEAT2)
	case len(p.Devices) > 0:
		f.when(unix.SYS_OPENAT, hasNone(2, unix.O_CREAT|unix.O_TRUNC|unix.O_TMPFILE&^unix.O_DIRECTORY))
	default:
		f.when(unix.SYS_OPENAT, hasNone(2, unix.O_ACCMODE|unix.O_CREAT|unix.O_TRUNC|unix.O_TMPFILE&^unix.O_DIRECTORY))
	}
	f.rules = append(f.rules, ioctlRule(len(p.Devices) > 0))
	switch {
	case len(p.Families) > 0:
		f.sockets(p.Families)
	case p.Receive:
		f.allow(unix.SYS_RECVMSG)
		f.when(unix.SYS_RECVFROM, zero(4))
	}
	return f
}

// codeRules keep memory that was data from becoming code: nothing may be made executable, except, with load, what is
// mapped from a file as the loader does it, and, with make, what a compiler wrote; and never writable at the same time.
func codeRules(load, make bool) []rule {
	protect := rule{number: unix.SYS_MPROTECT, checks: []check{hasNone(2, unix.PROT_EXEC)}, then: allow, other: refused}
	if make {
		protect.checks = []check{enough(hasNone(2, unix.PROT_EXEC)), hasNone(2, unix.PROT_WRITE)}
	}
	if !load {
		return []rule{protect,
			{number: unix.SYS_MMAP, checks: []check{hasNone(2, unix.PROT_EXEC)}, then: allow, other: refused}}
	}
	return []rule{protect,
		{number: unix.SYS_MMAP, checks: []check{enough(hasNone(2, unix.PROT_EXEC)), hasNone(2, unix.PROT_WRITE),
			hasNone(3, unix.MAP_ANONYMOUS)}, then: allow, other: refused}}
}

// ioctlRule allows asking: is this a terminal, how many bytes wait. TIOCSTI, which types into a terminal, is not among
// them. With devices it allows the numbers of the sound system (types A, H, U and W) too.
func ioctlRule(devices bool) rule {
	const nonBlocking, closeOnExec = 0x5421, 0x5451 // FIONBIO, FIOCLEX
	checks := []check{enough(is(1, unix.TCGETS, unix.TIOCGWINSZ, unix.TIOCINQ, nonBlocking, closeOnExec))}
	if devices {
		checks = append(checks, enough(check{arg: 1, mask: 0xff00, values: []uint32{'A' << 8, 'H' << 8, 'U' << 8, 'W' << 8}}))
	}
	return rule{number: unix.SYS_IOCTL, checks: checks, then: refused}
}

// sockets allows the families, for conversation: stream and datagram sockets of the ordinary protocols, connected to
// somebody. Nobody can be listened for, and raw sockets are not among the types.
func (f *filter) sockets(families []int) {
	values := make([]uint32, len(families))
	unixToo := false
	for i, family := range families {
		values[i] = uint32(family)
		unixToo = unixToo || family == unix.AF_UNIX
	}
	f.when(unix.SYS_SOCKET, is(0, values...),
		check{arg: 1, mask: 0xf, values: []uint32{unix.SOCK_STREAM, unix.SOCK_DGRAM}},
		is(2, 0, unix.IPPROTO_TCP, unix.IPPROTO_UDP))
	if unixToo {
		f.when(unix.SYS_SOCKETPAIR, is(0, unix.AF_UNIX))
	}
	// A filter cannot see what a message carries: files could be passed to whom a socket reaches, and the policy
	// says who that is.
	f.allow(unix.SYS_CONNECT, unix.SYS_SENDTO, unix.SYS_RECVFROM, unix.SYS_SENDMSG, unix.SYS_RECVMSG, unix.SYS_SENDMMSG)
}

// launchFilter leaves a parent of workers everything but the network and the means to reach into other processes or
// back into the host's namespaces.
func launchFilter(p Policy) *filter {
	families := p.Families
	if families == nil {
		families = []int{unix.AF_UNIX}
	}
	values := make([]uint32, len(families))
	for i, family := range families {
		values[i] = uint32(family)
	}
	f := &filter{fallback: allow}
	f.when(unix.SYS_SOCKET, is(0, values...))
	// Who types into the terminal runs commands outside.
	f.rules = append(f.rules, rule{number: unix.SYS_IOCTL, checks: []check{is(1, unix.TIOCSTI, unix.TIOCLINUX)}, then: refused, other: allow})
	f.answer(refused,
		unix.SYS_IO_URING_SETUP, unix.SYS_IO_URING_ENTER, unix.SYS_IO_URING_REGISTER,
		unix.SYS_PTRACE, unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV, unix.SYS_PIDFD_GETFD, unix.SYS_SETNS,
		unix.SYS_BPF, unix.SYS_PERF_EVENT_OPEN, unix.SYS_USERFAULTFD, unix.SYS_OPEN_BY_HANDLE_AT,
		unix.SYS_KEYCTL, unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY,
		unix.SYS_KEXEC_LOAD, unix.SYS_KEXEC_FILE_LOAD, unix.SYS_INIT_MODULE, unix.SYS_FINIT_MODULE, unix.SYS_DELETE_MODULE)
	return f
}
