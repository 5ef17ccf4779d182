package egress

// Group is what probes have in common: a line of the table.
type Group string

// The groups, in the order of the table.
const (
	Network   Group = "network"
	Sockets   Group = "unix sockets"
	Files     Group = "files"
	Processes Group = "processes"
	Code      Group = "programs, code"
	Kernel    Group = "kernel, rights"
)

// Groups are all of them.
func Groups() []Group { return []Group{Network, Sockets, Files, Processes, Code, Kernel} }

// groups says where each probe of package sandbox belongs.
var groups = map[string]Group{
	"tcp": Network, "udp": Network, "dns": Network, "listen": Network, "inet": Network, "inet6": Network, "raw": Network,
	"packet": Network, "netlink": Network, "vsock": Network, "families": Network, "io_uring": Network,

	"unix": Sockets, "abstract": Sockets, "socket": Sockets,

	"read": Files, "stat": Files, "append": Files, "write": Files,

	"processes": Processes, "cmdline": Processes, "environ": Processes, "mem": Processes, "root": Processes,
	"vm_read": Processes, "ptrace": Processes, "signal": Processes, "pidfd": Processes, "dump": Processes,

	"fork": Code, "execve": Code, "program": Code, "memfd": Code, "w+x": Code, "code": Code,

	"userns": Kernel, "unshare": Kernel, "setns": Kernel, "mount": Kernel, "bpf": Kernel, "perf": Kernel,
	"userfaultfd": Kernel, "keyctl": Kernel, "tiocsti": Kernel, "limits": Kernel, "capability": Kernel,
}
