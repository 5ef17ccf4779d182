package sandbox

import (
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// tests are the probes with their means: the network, sockets of the machine, files, other processes, and what would
// help to get out.
func tests() []test {
	some := func(value string) []string {
		if value == "" {
			return nil
		}
		return []string{value}
	}
	process := func(t Targets) []string {
		var pids []string
		for _, pid := range append([]int{t.PID}, t.Others...) {
			if pid != 0 {
				pids = append(pids, strconv.Itoa(pid))
			}
		}
		return pids
	}
	files := func(t Targets) []string { return t.Files }
	writable := func(t Targets) []string {
		return slices.DeleteFunc(slices.Clone(t.Files), func(path string) bool { return strings.HasSuffix(path, "/") })
	}
	return []test{
		{Probe{"tcp", "connect to a TCP port"}, tryTCP, func(t Targets) []string { return some(t.TCP) }},
		{Probe{"udp", "have a UDP datagram answered"}, tryUDP, func(t Targets) []string { return some(t.UDP) }},
		{Probe{"dns", "have a name server answer"}, tryDNS, func(t Targets) []string { return some(t.DNS) }},
		{Probe{"listen", "listen on a TCP port"}, tryListen, nil},
		{Probe{"inet", "open an IPv4 socket"}, socket(unix.AF_INET, unix.SOCK_STREAM, 0), nil},
		{Probe{"inet6", "open an IPv6 socket"}, socket(unix.AF_INET6, unix.SOCK_STREAM, 0), nil},
		{Probe{"raw", "open a raw ICMP socket"}, socket(unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_ICMP), nil},
		{Probe{"packet", "open a packet socket"}, socket(unix.AF_PACKET, unix.SOCK_RAW, 0), nil},
		{Probe{"netlink", "open a netlink socket"}, socket(unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_ROUTE), nil},
		{Probe{"vsock", "open a socket to the hypervisor"}, socket(unix.AF_VSOCK, unix.SOCK_STREAM, 0), nil},
		{Probe{"unix", "open a Unix socket"}, socket(unix.AF_UNIX, unix.SOCK_STREAM, 0), nil},
		{Probe{"families", "open a socket of any other family"}, tryFamilies, nil},
		{Probe{"io_uring", "make an io_uring"}, tryRing, nil},

		{Probe{"abstract", "connect to an abstract Unix socket"}, tryAbstract, func(t Targets) []string { return t.Abstract }},
		{Probe{"socket", "connect to a Unix socket in the file system"}, trySocket, func(t Targets) []string { return t.Sockets }},

		{Probe{"read", "open a file or folder to read"}, tryRead, files},
		{Probe{"stat", "see that a file is there"}, tryStat, files},
		{Probe{"append", "open a file to write"}, tryAppend, writable},
		{Probe{"write", "make a file in a folder"}, tryWrite, func(t Targets) []string { return t.Folders }},

		{Probe{"processes", "see another process in /proc"}, tryProcesses, nil},
		{Probe{"cmdline", "read another process's command line"}, processFile("cmdline"), process},
		{Probe{"environ", "read another process's environment"}, processFile("environ"), process},
		{Probe{"mem", "open another process's memory"}, processFile("mem"), process},
		{Probe{"root", "look through another process's root"}, processFile("root"), process},
		{Probe{"vm_read", "copy from another process's memory"}, tryVMRead, process},
		{Probe{"ptrace", "trace another process"}, tryTrace, process},
		{Probe{"signal", "signal another process"}, trySignal, process},
		{Probe{"pidfd", "hold another process by a file"}, tryPidfd, process},

		{Probe{"fork", "start a process"}, tryFork(0), nil},
		{Probe{"execve", "reach the call that executes a program"}, tryExecve, nil},
		{Probe{"program", "run a program"}, tryProgram, func(t Targets) []string { return some(t.Program) }},
		{Probe{"memfd", "make a file in memory"}, tryMemfd, nil},
		{Probe{"w+x", "map memory writable and executable"}, tryWriteExecute, nil},
		{Probe{"code", "turn data into code"}, tryCode, nil},
		{Probe{"userns", "start a process in a user namespace"}, tryFork(unix.CLONE_NEWUSER), nil},
		{Probe{"unshare", "reach the call that makes namespaces"}, tryUnshare, nil},
		{Probe{"setns", "reach the call that enters namespaces"}, trySetns, nil},
		{Probe{"mount", "make a file system"}, tryMount, nil},
		{Probe{"bpf", "reach the call that loads programs into the kernel"}, tryBPF, nil},
		{Probe{"perf", "reach the call that watches processes"}, tryPerf, nil},
		{Probe{"userfaultfd", "handle page faults"}, tryUserfault, nil},
		{Probe{"keyctl", "reach the kernel's keys"}, tryKeys, nil},
		{Probe{"tiocsti", "reach the call that types into a terminal"}, tryType, nil},
		{Probe{"limits", "set a resource limit"}, tryLimit, nil},
		{Probe{"capability", "hold a capability"}, tryCapability, nil},
		{Probe{"dump", "be dumped or traced by equals"}, tryDump, nil},
	}
}
