package sandbox

import "golang.org/x/sys/unix"

// auditArch is this architecture in the kernel's audit numbering.
const auditArch = unix.AUDIT_ARCH_AARCH64

// legacy is empty: this architecture began without the older forms.
var legacy []uintptr

// foreign is empty: one numbering only.
func foreign() []unix.SockFilter { return nil }
