package sandbox

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"unsafe"

	"golang.org/x/sys/unix"
)

// landlockABI is the version that must be there whole: the first with device ioctls, TCP ports, abstract sockets and
// signals. Linux 6.12 has it, which devices run; what version 7 adds is about the audit log alone.
const landlockABI = 6

// All rights of [landlockABI], landlock(7): every one is handled, so that what no rule grants is refused.
const (
	allFiles  = unix.LANDLOCK_ACCESS_FS_IOCTL_DEV<<1 - 1
	allPorts  = unix.LANDLOCK_ACCESS_NET_BIND_TCP | unix.LANDLOCK_ACCESS_NET_CONNECT_TCP
	allScopes = unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | unix.LANDLOCK_SCOPE_SIGNAL
)

// landlock restricts this thread, and what it executes, to the grants: files by right, TCP by port, and neither signals
// nor abstract Unix sockets to anybody outside. One thread is enough, since it executes the program again; a library
// that restricts all threads finds them through /proc, which shows other numbers than a pid namespace has.
//
// What Landlock cannot say, the other layers do: Unix sockets with a path name, UDP and stat(2) pass through ABI 6.
func (j *job) landlock(grants []grant) error {
	if j.lacks(FeatureLandlock) {
		return nil
	}
	set := unix.LandlockRulesetAttr{Handled_access_fs: allFiles, Handled_access_net: allPorts, Scoped: allScopes}
	if j.Policy.Network && j.Policy.Ports == nil {
		set.Handled_access_net = 0
	}
	// The structure has grown since: only the part that the version knows is handed over.
	size := unsafe.Offsetof(set.Quiet_access_fs)
	fd, _, e := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&set)), size, 0)
	if e != 0 {
		return j.failed("make a Landlock ruleset", e)
	}
	rules := int(fd)
	defer unix.Close(rules)

	// The link leads to the program wherever its file lies.
	grants = append(slices.Clone(grants), grant{Path: self, Right: read | execute})
	for _, g := range grants {
		if g.Path == "/proc" && j.sharedProc() {
			continue
		}
		if err := allowPath(rules, g); err != nil {
			return j.failed("grant "+g.Path+" with Landlock", err)
		}
	}
	if j.sharedProc() {
		if err := allowOwnProc(rules); err != nil {
			return j.failed("grant a part of /proc with Landlock", err)
		}
	}
	for _, port := range j.Policy.Ports {
		// struct landlock_net_port_attr: rights and port, 64 bits each.
		rule := [2]uint64{unix.LANDLOCK_ACCESS_NET_CONNECT_TCP, uint64(port)}
		const netPort = 2 // LANDLOCK_RULE_NET_PORT
		if _, _, e := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, fd, netPort, uintptr(unsafe.Pointer(&rule)), 0, 0, 0); e != 0 {
			return j.failed(fmt.Sprintf("grant port %d with Landlock", port), e)
		}
	}
	if _, _, e := unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, fd, 0, 0); e != 0 {
		return j.failed("restrict itself with Landlock", e)
	}
	return nil
}

// allowPath adds a rule for a file, or a folder and all in it.
func allowPath(rules int, g grant) error {
	access := access(g)
	if access == 0 {
		return nil
	}
	fd, err := unix.Open(g.Path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	rule := unix.LandlockPathBeneathAttr{Allowed_access: access, Parent_fd: int32(fd)}
	_, _, e := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(rules), unix.LANDLOCK_RULE_PATH_BENEATH,
		uintptr(unsafe.Pointer(&rule)), 0, 0, 0)
	if e != 0 {
		return e
	}
	return nil
}

// access are the Landlock rights of a grant. Rights that only a folder can have must not be asked for a file.
func access(g grant) uint64 {
	var set uint64
	if g.Right&read != 0 {
		set |= unix.LANDLOCK_ACCESS_FS_READ_FILE
		if g.Dir {
			set |= unix.LANDLOCK_ACCESS_FS_READ_DIR
		}
	}
	if g.Right&execute != 0 {
		set |= unix.LANDLOCK_ACCESS_FS_EXECUTE
	}
	if g.Right&write != 0 {
		set |= unix.LANDLOCK_ACCESS_FS_WRITE_FILE
		if g.Right&control == 0 {
			set |= unix.LANDLOCK_ACCESS_FS_TRUNCATE
		}
		if g.Dir && g.Right&control == 0 {
			set |= unix.LANDLOCK_ACCESS_FS_REMOVE_DIR | unix.LANDLOCK_ACCESS_FS_REMOVE_FILE |
				unix.LANDLOCK_ACCESS_FS_MAKE_DIR | unix.LANDLOCK_ACCESS_FS_MAKE_REG
		}
	}
	if g.Right&control != 0 {
		set |= unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
	}
	return set
}

// sharedProc tells whether the child's /proc is the host's, which shows other processes.
func (j *job) sharedProc() bool {
	return slices.Contains(j.Missing, FeatureProc) || j.skips(FeatureMount) ||
		j.Flags&(unix.CLONE_NEWPID|unix.CLONE_NEWNS) != unix.CLONE_NEWPID|unix.CLONE_NEWNS
}

// allowOwnProc grants the entries of a shared /proc that concern the child itself or the machine.
func allowOwnProc(rules int) error {
	// The link tells this process's number in that /proc, which a pid namespace of its own does not.
	own, err := os.Readlink("/proc/self")
	if err != nil {
		return err
	}
	grants := []grant{{Path: "/proc/" + own, Right: read, Dir: true}}
	for _, name := range []string{"cpuinfo", "meminfo", "stat", "filesystems"} {
		grants = append(grants, grant{Path: "/proc/" + name, Right: read})
	}
	for _, g := range grants {
		if err := allowPath(rules, g); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}
