package sandbox

import "golang.org/x/sys/unix"

// auditArch is this architecture in the kernel's audit numbering.
const auditArch = unix.AUDIT_ARCH_X86_64

// legacy are calls that only this architecture still has, each the older form of one that is allowed as well.
var legacy = []uintptr{
	unix.SYS_ACCESS, unix.SYS_ARCH_PRCTL, unix.SYS_DUP2, unix.SYS_EPOLL_WAIT, unix.SYS_GETPGRP, unix.SYS_LSTAT,
	unix.SYS_POLL, unix.SYS_READLINK, unix.SYS_STAT, unix.SYS_TIME,
}

// foreign ends the process at a number of the x32 ABI, which shares this architecture's audit number.
func foreign() []unix.SockFilter {
	const x32 = 0x40000000
	return []unix.SockFilter{jump(unix.BPF_JGE, x32, 0, 1), answer32(kill)}
}
