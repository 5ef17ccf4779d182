package worker

import (
	"context"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"runtime/debug"
	"syscall"

	"golang.org/x/sys/unix"

	"tenin/cmd/internal/logging"
	"tenin/cmd/internal/worker/sandbox"
	"tenin/storage/uplink"
)

// Uplink is the role of the process that has a network: it takes summaries from the kiosk and brings them to the hub. It
// belongs to no pool, since the kiosk, which has no network, cannot start it.
const Uplink Role = "uplink"

// UplinkOptions say how the uplink runs.
type UplinkOptions struct {
	Mode sandbox.Mode
	// Port is the hub's TCP port, the only one that may be connected to; 0: every port.
	Port uint16
	// UID and GID are the ids to change to when the caller is privileged; 0: keep.
	UID, GID int
	// Memory in bytes; 0: no limit.
	Memory uint64
	// Env is added to the environment (logging.Log.Child).
	Env []string
}

// UplinkCommand returns the uplink process, which is not started: conn is its connection to the kiosk's uplink.sock.
func UplinkCommand(o UplinkOptions, conn *os.File) (*exec.Cmd, error) {
	p := sandbox.Policy{
		Role: string(Uplink), Network: true, Read: sandbox.ResolverFiles(),
		Families: []int{unix.AF_INET, unix.AF_INET6},
		UID:      o.UID, GID: o.GID, OpenFiles: 64,
		Env: append(append(sandbox.Environment(os.Environ(), "TZ"), logging.Traceback, "GOMEMLIMIT=128MiB"), o.Env...),
	}
	if o.Port != 0 {
		// A resolver that answers over TCP is heard at its own port.
		p.Ports = []uint16{o.Port, 53}
	}
	return sandbox.Command(p, o.Mode, conn)
}

// ServeUplink is the uplink's whole life and returns its exit code.
func ServeUplink() int {
	debug.SetTraceback("none")
	log, err := logging.OpenChild()
	if err != nil {
		return 2
	}
	defer log.Close()
	defer logging.Recover(log.Logger, "uplink", func() { os.Exit(2) })
	file := os.NewFile(3, "kiosk")
	conn, err := net.FileConn(file)
	file.Close()
	if err != nil {
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if err := uplink.Main(ctx, conn, uplink.MainOptions{Log: log.Logger, Ready: sandbox.Seal, Probe: ProbeItself}); err != nil && ctx.Err() == nil {
		log.Warn("the uplink ends", "error", err)
		return 1
	}
	return 0
}
