package sandbox

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// privileged tells whether this process may make namespaces without a user namespace.
func privileged() bool {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		return false
	}
	return data[0].Effective&(1<<unix.CAP_SYS_ADMIN) != 0
}

// mapIDs maps ids to themselves in a new user namespace: all of them for a privileged parent, its own for any other.
func mapIDs(a *syscall.SysProcAttr) error {
	if !privileged() {
		a.UidMappings = []syscall.SysProcIDMap{{ContainerID: os.Geteuid(), HostID: os.Geteuid(), Size: 1}}
		a.GidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getegid(), HostID: os.Getegid(), Size: 1}}
		return nil
	}
	var err error
	if a.UidMappings, err = sameIDs("/proc/self/uid_map"); err != nil {
		return err
	}
	if a.GidMappings, err = sameIDs("/proc/self/gid_map"); err != nil {
		return err
	}
	a.GidMappingsEnableSetgroups = true
	return nil
}

// sameIDs returns the map of ids that gives a child the ids of this process, from the three columns of user_namespaces(7).
func sameIDs(path string) ([]syscall.SysProcIDMap, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var ids []syscall.SysProcIDMap
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) != 3 {
			continue
		}
		first, err1 := strconv.Atoi(fields[0])
		size, err2 := strconv.Atoi(fields[2])
		if err1 != nil || err2 != nil {
			return nil, fmt.Errorf("read %s: a line that is not three numbers", path)
		}
		ids = append(ids, syscall.SysProcIDMap{ContainerID: first, HostID: first, Size: size})
	}
	return ids, nil
}

// identity changes the ids where the policy asks for it and gives up every capability, for good. The calls are raw,
// since only this thread survives the execution that follows.
func (j *job) identity() error {
	if j.Policy.UID != 0 || j.Policy.GID != 0 {
		groups := make([]uint32, len(j.Policy.Groups)+1) // one more, so that there is a first
		for i, group := range j.Policy.Groups {
			groups[i] = uint32(group)
		}
		if _, _, e := unix.RawSyscall(unix.SYS_SETGROUPS, uintptr(len(groups)-1), uintptr(unsafe.Pointer(&groups[0])), 0); e != 0 {
			return j.failed("change the groups", e)
		}
	}
	if gid := j.Policy.GID; gid != 0 {
		if _, _, e := unix.RawSyscall(unix.SYS_SETRESGID, uintptr(gid), uintptr(gid), uintptr(gid)); e != 0 {
			return j.failed(fmt.Sprintf("change to group %d", gid), e)
		}
	}
	// Bounding set and ambient set first: the former needs a capability that the change of ids takes away. Where that is
	// not there, no_new_privs does the same: an execution then gains nothing that the process does not have.
	if !j.Launch {
		for c := uintptr(0); c < 64; c++ {
			if err := unix.Prctl(unix.PR_CAPBSET_DROP, c, 0, 0, 0); err != nil && err != unix.EINVAL && err != unix.EPERM {
				return j.failed("give up capabilities", err)
			}
		}
		if err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); err != nil {
			return j.failed("give up ambient capabilities", err)
		}
	}
	if uid := j.Policy.UID; uid != 0 {
		if _, _, e := unix.RawSyscall(unix.SYS_SETRESUID, uintptr(uid), uintptr(uid), uintptr(uid)); e != 0 {
			return j.failed(fmt.Sprintf("change to user %d", uid), e)
		}
	}
	if j.Launch {
		return nil
	}
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var none [2]unix.CapUserData
	if err := unix.Capset(&header, &none[0]); err != nil {
		return j.failed("give up capabilities", err)
	}
	return nil
}
