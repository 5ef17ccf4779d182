package bell

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"

	"tenin/cmd/internal/config"
)

// portRule is struct landlock_net_port_attr, and netPort its type (linux/landlock.h).
type portRule struct{ access, port uint64 }

const netPort = 2

// wall takes from this thread, and from no other, every TCP connection but those to the address's port (Landlock, since its
// fourth version; it knows no other protocol). The rest of the launcher goes on as it was: it starts the uplink, which has
// a port of its own. The error says what the kernel lacks.
func wall(a config.CallAddress) error {
	rules := unix.LandlockRulesetAttr{Handled_access_net: unix.LANDLOCK_ACCESS_NET_BIND_TCP | unix.LANDLOCK_ACCESS_NET_CONNECT_TCP}
	version, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 || version < 4 {
		return fmt.Errorf("this kernel's Landlock knows no ports")
	}
	// The structure has grown since: the kernel is told the part that its fourth version knows.
	size := unsafe.Offsetof(rules.Handled_access_net) + unsafe.Sizeof(rules.Handled_access_net)
	fd, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&rules)), size, 0)
	if errno != 0 {
		return fmt.Errorf("no Landlock wall: %w", errno)
	}
	defer unix.Close(int(fd))
	if a.Scheme == "tcp" || a.Scheme == "http" {
		port := portRule{unix.LANDLOCK_ACCESS_NET_CONNECT_TCP, uint64(a.Peer.Port())}
		_, _, errno = unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, fd, netPort, uintptr(unsafe.Pointer(&port)), 0, 0, 0)
		if errno != 0 {
			return fmt.Errorf("no Landlock wall: %w", errno)
		}
	}
	// Both belong to the thread that asks for them.
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("no Landlock wall: %w", err)
	}
	if _, _, errno = unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, fd, 0, 0); errno != 0 {
		return fmt.Errorf("no Landlock wall: %w", errno)
	}
	return nil
}
