package sandbox

import (
	"fmt"
	"os"

	"github.com/landlock-lsm/go-landlock/landlock"
	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
)

// landlock restricts this process, and what it executes, to the grants: files by right, TCP by port, and neither
// signals nor abstract Unix sockets to anybody outside. The ruleset is strict: a kernel that knows less than ABI 7
// refuses it whole.
//
// What it cannot say, the other layers do: Unix sockets with a path name, UDP and stat(2) pass through ABI 7.
func (j *job) landlock(grants []grant) error {
	if j.skips(FeatureLandlock) {
		return nil
	}
	if _, ok := have(FeatureLandlock); !ok {
		return nil // [Command] has noted it.
	}
	rules := make([]landlock.Rule, 0, len(grants)+8)
	for _, g := range grants {
		if g.Path == "/proc" && j.sharedProc() {
			rules = append(rules, ownProc()...)
			continue
		}
		if access := access(g); access != 0 {
			rules = append(rules, landlock.PathAccess(access, g.Path))
		}
	}
	// The link leads to the program wherever its file lies.
	rules = append(rules, landlock.PathAccess(ll.AccessFSExecute|ll.AccessFSReadFile, self))
	if j.Flags&cloneFlags[FeatureMount] == 0 || j.skips(FeatureMount) {
		// Without a root of its own the child sees the host's names.
		rules = append(rules, ownProc()...)
	}
	config := landlock.V7
	if err := config.RestrictPaths(rules...); err != nil {
		return j.failed("restrict files with Landlock", err)
	}
	if err := config.RestrictScoped(); err != nil {
		return j.failed("restrict signals and abstract sockets with Landlock", err)
	}
	if j.Policy.Network && j.Policy.Ports == nil {
		return nil
	}
	ports := make([]landlock.Rule, 0, len(j.Policy.Ports))
	for _, port := range j.Policy.Ports {
		ports = append(ports, landlock.ConnectTCP(port))
	}
	if err := config.RestrictNet(ports...); err != nil {
		return j.failed("restrict TCP with Landlock", err)
	}
	return nil
}

// access are the Landlock rights of a grant. Rights that only a folder can have must not be asked for a file.
func access(g grant) landlock.AccessFSSet {
	var set landlock.AccessFSSet
	if g.Right&read != 0 {
		set |= ll.AccessFSReadFile
		if g.Dir {
			set |= ll.AccessFSReadDir
		}
	}
	if g.Right&execute != 0 {
		set |= ll.AccessFSExecute
	}
	if g.Right&write != 0 {
		set |= ll.AccessFSWriteFile | ll.AccessFSTruncate
		if g.Dir && g.Right&control == 0 {
			set |= ll.AccessFSRemoveDir | ll.AccessFSRemoveFile | ll.AccessFSMakeDir | ll.AccessFSMakeReg
		}
	}
	if g.Right&control != 0 {
		set |= ll.AccessFSIoctlDev
	}
	return set
}

// sharedProc tells whether the child's /proc shows other processes.
func (j *job) sharedProc() bool {
	for _, feature := range j.Missing {
		if feature == FeatureProc || feature == FeaturePID {
			return true
		}
	}
	return j.Flags&cloneFlags[FeaturePID] == 0
}

// ownProc are the entries of a shared /proc that concern the child itself or the machine.
func ownProc() []landlock.Rule {
	return []landlock.Rule{
		landlock.RODirs(fmt.Sprintf("/proc/%d", os.Getpid())).IgnoreIfMissing(),
		landlock.ROFiles("/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/filesystems").IgnoreIfMissing(),
	}
}
