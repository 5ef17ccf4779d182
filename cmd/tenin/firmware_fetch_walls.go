package main

import (
	"fmt"
	"net"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"tenin/cmd/internal/worker/sandbox"
	"tenin/storage/uplink"
)

// wallsVariable says that this process is behind its walls.
const wallsVariable = "TENIN_FETCH_WALLS"

// fetchWalls executes the program again behind Landlock: it may connect to the port of the hub, of a proxy that the
// environment names, and of a name server, listen nowhere, and reach no abstract socket and no process outside. Which files it
// sees is the service's matter. A thread that has restricted itself hands that on to what it executes, and to all its threads.
func fetchWalls(address string) error {
	if os.Getenv(wallsVariable) == "1" {
		return os.Unsetenv(wallsVariable)
	}
	ports := map[uint64]bool{53: true}
	proxy, err := uplink.Proxy()
	if err != nil {
		return usageError{err}
	}
	for _, a := range []string{address, proxy} {
		if _, port, err := net.SplitHostPort(a); err == nil {
			if n, err := strconv.ParseUint(port, 10, 16); err == nil {
				ports[n] = true
			}
		}
	}
	runtime.LockOSThread()
	if err := landlockPorts(ports); err != nil {
		return fmt.Errorf("fetch: %w: Landlock (%w): the image's kernel has it", sandbox.ErrMissing, err)
	}
	if err := os.Setenv(wallsVariable, "1"); err != nil {
		return err
	}
	return fmt.Errorf("fetch: it cannot be started behind its walls: %w", syscall.Exec("/proc/self/exe", os.Args, os.Environ()))
}

// landlockPorts restricts this thread, landlock(7).
func landlockPorts(ports map[uint64]bool) error {
	set := unix.LandlockRulesetAttr{
		Handled_access_net: unix.LANDLOCK_ACCESS_NET_BIND_TCP | unix.LANDLOCK_ACCESS_NET_CONNECT_TCP,
		Scoped:             unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | unix.LANDLOCK_SCOPE_SIGNAL,
	}
	fd, _, e := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&set)), unsafe.Offsetof(set.Scoped)+unsafe.Sizeof(set.Scoped), 0)
	if e != 0 {
		return e
	}
	defer unix.Close(int(fd))
	for port := range ports {
		// struct landlock_net_port_attr: rights and port, 64 bits each; 2 is LANDLOCK_RULE_NET_PORT.
		rule := [2]uint64{unix.LANDLOCK_ACCESS_NET_CONNECT_TCP, port}
		if _, _, e := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, fd, 2, uintptr(unsafe.Pointer(&rule)), 0, 0, 0); e != 0 {
			return e
		}
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	if _, _, e := unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, fd, 0, 0); e != 0 {
		return e
	}
	return nil
}
