package vm

import (
	"context"
	"encoding/json"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// hub is a hub on this machine's loopback; it ends with the step.
type hub struct {
	x       *trial
	dir     string
	address string
}

func (x *trial) hub() hub {
	x.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	x.must(err)
	h := hub{x, filepath.Join(x.TempDir(), "hub"), l.Addr().String()}
	l.Close()
	ctx, stop := context.WithCancel(x.ctx)
	cmd := exec.CommandContext(ctx, x.program, "hub", "serve", "--dir", h.dir, "--listen", h.address)
	var said strings.Builder
	cmd.Stderr = &said
	x.must(cmd.Start())
	x.Cleanup(func() {
		stop()
		_ = cmd.Wait()
		if x.Failed() {
			x.Logf("the hub said: %s", said.String())
		}
	})
	for deadline := time.Now().Add(startTime); ; pause(ctx, 200*time.Millisecond) {
		if c, err := net.Dial("tcp", h.address); err == nil {
			c.Close()
			return h
		} else if time.Now().After(deadline) {
			x.Fatalf("the hub does not come up: %v", err)
		}
	}
}

// tell runs a command of the hub's and reads its JSON.
func (h hub) tell(into any, args ...string) {
	h.x.Helper()
	out := h.x.tenin(append(append([]string{"hub"}, args...), "--dir", h.dir, "--json")...)
	if err := json.Unmarshal([]byte(out), into); err != nil {
		h.x.Fatalf("tenin hub %s: %v: %s", args[0], err, out)
	}
}

// throughTheHub has a device join a hub, which binds it to its TPM, and offers it an update.
func (x *trial) throughTheHub(first, second built) {
	const name = "ginza-1"
	h := x.hub()
	var offer struct{ Code string }
	h.tell(&offer, "enrol", name, "--tpm", "--valid", "2h")
	_, port, err := net.SplitHostPort(h.address)
	x.must(err)
	m := x.fromFactory("hubbed", first, func(o *Options) { o.Network, o.Reach = true, h.address })
	x.enrol(m, "hub = \""+net.JoinHostPort(Peer, port)+"\"\ncode = \""+offer.Code+"\"")
	m.serves()
	var joined struct {
		Name string
		TPM  *struct {
			Binding string
			Quoted  *time.Time
			Changed bool
		}
	}
	h.tell(&joined, "devices", "list")
	if joined.Name != name || joined.TPM == nil || joined.TPM.Binding == "" {
		x.Errorf("the hub has %+v", joined)
	}

	h.tell(new(any), "publish", second.Bundle, "--key", filepath.Join(x.keys(), "bundle.pub"), "--test")
	h.tell(new(any), "rollout", "start", "2", "--stages", "100%")
	// The timer's turn would come within minutes.
	m.until(startTime, "the hub is asked, and the bundle fetched", "systemctl start tenin-fetch.service && journalctl -b --no-pager -o cat -u tenin-fetch.service")
	m.up()
	m.until(startTime, "the version is tried", running(2, "trial"))
	m.until(startTime, "the version is kept", running(2, "blessed"))
	m.until(startTime, "the hub is told", "systemctl start tenin-fetch.service")
	var rollout struct {
		Healthy int
		Kiosks  []struct {
			Name, Standing string
			Running        int64
		}
	}
	h.tell(&rollout, "rollout", "status")
	if rollout.Healthy != 1 || len(rollout.Kiosks) != 1 || rollout.Kiosks[0].Running != 2 {
		x.Errorf("the rollout stands at %+v", rollout)
	}
	h.tell(&joined, "devices", "list")
	if joined.TPM == nil || joined.TPM.Quoted == nil || joined.TPM.Changed {
		x.Errorf("the hub has %+v", joined)
	}
	m.serves()
	m.off()
}
