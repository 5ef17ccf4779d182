package egress

import "slices"

// Allowance is something that a process may do, and why.
type Allowance struct {
	Role   string
	Probes []string
	// Kinds are the targets that it is allowed for; nil: whatever is tried.
	Kinds []Kind
	Why   string
	// Beside is a role that must run beside it for that; empty: none need.
	Beside string
}

// Expected is everything that the processes of a kiosk may do of what is tried. What is not here must be closed. The
// processes asr, llm and voice hear, understand and speak, and screen shows; they may do nothing of all that. The window has
// one connection to the display, made before its walls closed.
var Expected = []Allowance{
	{"audio", []string{"unix"}, nil, "it speaks to the sound server", ""},
	{"audio", []string{"socket"}, []Kind{Sound}, "it speaks to the sound server", ""},

	{"uplink", []string{"inet", "inet6"}, nil, "it brings summaries to the hub; TCP goes to the hub's port and a name server's alone", ""},
	{"uplink", []string{"udp", "dns"}, nil, "a name server answers over UDP, which Landlock cannot limit; it has no word of a shopper", ""},

	{"kiosk", []string{"unix"}, nil, "its workers and the control socket are reached so", ""},
	{"kiosk", []string{"socket"}, []Kind{Own, Sound}, "it serves its own, and gives the sound server's to the audio process", ""},
	{"kiosk", []string{"socket"}, []Kind{Display}, "it gives the display's to the window's process", screenRole},
	{"kiosk", []string{"read", "stat", "append"}, []Kind{Home}, "it alone owns the vault", ""},
	{"kiosk", []string{"read", "stat", "append", "write"}, []Kind{Decoy}, "it starts workers from the machine's files, and sees them; they stay on the machine", ""},
	{"kiosk", []string{"socket"}, []Kind{Decoy}, "sockets with a path lie among the machine's files; those of services and screens are hidden from it", ""},
	{"kiosk", []string{"processes", "cmdline"}, nil, "it watches its workers in the machine's /proc", ""},
	{"kiosk", []string{"signal", "pidfd"}, nil, "it ends its workers; of others it reaches its own user's", ""},
	{"kiosk", []string{"environ", "mem", "root"}, []Kind{Worker}, "they are its children, in namespaces that it made", ""},
	{"kiosk", []string{"fork", "execve", "program", "limits"}, nil, "it starts its workers, and limits them", ""},
	{"kiosk", []string{"memfd", "w+x", "code"}, nil, "its filter names what leads out, and memory does not", ""},
	{"kiosk", []string{"userns", "unshare", "mount", "capability"}, nil, "it makes its workers' namespaces; its rights end at its own", ""},
}

// allowed returns why a role may do something, with these roles beside it, or "".
func allowed(role, probe string, kind Kind, beside ...string) string {
	for _, a := range Expected {
		if a.Role == role && (a.Beside == "" || slices.Contains(beside, a.Beside)) && slices.Contains(a.Probes, probe) && (a.Kinds == nil || slices.Contains(a.Kinds, kind)) {
			return a.Why
		}
	}
	return ""
}
