package sandbox

import (
	"os"
	"testing"
)

// without is a policy with layers left out.
func without(p Policy, layers ...string) Policy {
	p.without = layers
	return p
}

func TestWithLandlockLeftOutTheOtherLayersStillHold(t *testing.T) {
	need(t)
	for _, r := range probed(t, without(sealed("probe"), FeatureLandlock), Refuse, decoys(t)) {
		if r.Open {
			t.Errorf("probe %s is open: %s", r.Key(), r.Detail)
		}
	}
}

func TestWithTheFilterLeftOutNamespacesAndLandlockStillHold(t *testing.T) {
	need(t)
	results := probed(t, without(sealed("probe"), FeatureSeccomp), Refuse, decoys(t))
	expectClosed(t, results, "tcp", "udp", "dns", "raw", "packet", "abstract", "socket", "read", "stat", "append", "write",
		"processes", "cmdline", "environ", "mem", "root", "vm_read", "ptrace", "signal", "program", "mount",
		"capability", "dump")
	// These show that the filter was absent, and that it is what closes them otherwise.
	expectOpen(t, results, "netlink", "unix", "fork", "memfd", "w+x", "code", "execve")
}

func TestWithoutARootOfItsOwnLandlockKeepsFilesClosed(t *testing.T) {
	need(t)
	results := probed(t, without(sealed("probe"), FeatureMount, FeatureSeccomp), Refuse, decoys(t))
	expectClosed(t, results, "read", "append", "write", "environ", "mem", "program", "abstract", "tcp", "signal", "ptrace")
	// What Landlock cannot say, and the root of its own is there for.
	expectOpen(t, results, "stat", "socket")
}

func TestOnlyARootOfItsOwnHidesTheHost(t *testing.T) {
	need(t)
	results := probed(t, without(sealed("probe"), FeatureLandlock, FeatureSeccomp), Refuse, decoys(t))
	expectClosed(t, results, "read", "stat", "append", "write", "socket", "processes", "cmdline", "environ", "mem", "program",
		"tcp", "udp", "dns", "raw", "packet", "capability", "mount")
}

func TestBeforeItIsSealedAChildMayLoadButReachesNothing(t *testing.T) {
	need(t)
	results := probed(t, Policy{Role: "probe"}, Refuse, decoys(t))
	expectClosed(t, results, "tcp", "udp", "abstract", "socket", "read", "stat", "write", "environ", "ptrace", "program")
	expectOpen(t, results, "memfd", "code")
}

func TestAChildMayDoWhatItsPolicyNamesAndNoMore(t *testing.T) {
	need(t)
	targets := decoys(t)
	t.Run("read", func(t *testing.T) {
		p := sealed("probe")
		p.Read = targets.Files[:1]
		results := probed(t, p, Refuse, targets)
		for _, name := range []string{"read", "stat"} {
			for _, r := range find(t, results, name) {
				if r.Target == targets.Files[0] && !r.Open {
					t.Errorf("%s is closed: %s", r.Key(), r.Detail)
				}
				if r.Target == targets.Files[1] && r.Open && name == "read" {
					t.Errorf("%s is open though only the file in it was named", r.Key())
				}
			}
		}
		expectClosed(t, results, "append", "write", "socket")
	})
	t.Run("write", func(t *testing.T) {
		p := sealed("probe")
		p.Write = targets.Folders[:1]
		results := probed(t, p, Refuse, targets)
		expectOpen(t, results, "read", "append")
		for _, r := range find(t, results, "write") {
			if want := r.Target == targets.Folders[0]; r.Open != want {
				t.Errorf("%s: open %v: %s", r.Key(), r.Open, r.Detail)
			}
		}
		expectClosed(t, results, "socket") // its name is there, but no socket can be opened
	})
	t.Run("sockets", func(t *testing.T) {
		p := sealed("probe")
		p.Sockets, p.Families = targets.Sockets, unixOnly
		results := probed(t, p, Refuse, targets)
		expectOpen(t, results, "socket", "unix")
		expectClosed(t, results, "abstract", "tcp", "inet", "netlink", "read", "write")
	})
	t.Run("network", func(t *testing.T) {
		p := sealed("probe")
		p.Network, p.Families = true, internet
		results := probed(t, p, Refuse, targets)
		expectOpen(t, results, "tcp", "udp", "dns", "inet", "inet6")
		expectClosed(t, results, "listen", "raw", "packet", "netlink", "vsock", "unix", "families", "abstract", "socket",
			"read", "stat", "write", "environ", "ptrace", "signal", "fork", "program", "code")
	})
	t.Run("ports", func(t *testing.T) {
		p := sealed("probe")
		p.Network, p.Families, p.Ports = true, internet, []uint16{1}
		expectClosed(t, probed(t, p, Refuse, targets), "tcp")
	})
	t.Run("user", func(t *testing.T) {
		if os.Geteuid() != 0 {
			t.Skip("only root changes the user")
		}
		p := sealed("probe")
		p.UID, p.GID = 65534, 65534
		p.Network, p.Families = true, internet
		results := probed(t, p, Refuse, targets)
		expectOpen(t, results, "tcp")
		expectClosed(t, results, "read", "capability")
	})
}
