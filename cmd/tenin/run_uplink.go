package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"time"

	"tenin/cmd/internal/config"
	"tenin/cmd/internal/control"
	"tenin/cmd/internal/kiosk"
	"tenin/cmd/internal/logging"
	"tenin/cmd/internal/worker"
	"tenin/cmd/internal/worker/sandbox"
	"tenin/storage"
	"tenin/storage/uplink"
)

// uplinkSocket is the name of the socket in a home at which the kiosk gives summaries to the uplink.
const uplinkSocket = "uplink.sock"

// outbox is the vault's as the uplink sees it.
type outbox struct{ *storage.Outbox }

func (o outbox) Pending(_ context.Context, n int) ([]uplink.Message, error) {
	list, err := o.Outbox.Pending(n)
	messages := make([]uplink.Message, len(list))
	for i, m := range list {
		messages[i] = uplink.Message{ID: m.ID, Payload: m.Payload}
	}
	return messages, err
}

func (o outbox) Ack(_ context.Context, id [16]byte) error { return o.Outbox.Ack(id) }

// serveUplink gives the kiosk's summaries to the uplink, which the launcher starts, until end is called. prober asks it
// what it can reach.
func serveUplink(ctx context.Context, home string, clerk *kiosk.Clerk, prober *uplink.Prober, log *slog.Logger) (end func(), err error) {
	path, release, err := control.SocketPath(home, uplinkSocket)
	if err != nil {
		return nil, err
	}
	peers, err := uplink.ListenPeers(path)
	if err != nil {
		release()
		return nil, fmt.Errorf("the uplink's socket in %s: %w", home, err)
	}
	ctx, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	logging.Go(log, "uplink socket", func() {
		err := uplink.Serve(ctx, peers, uplink.ServeOptions{
			Outbox: outbox{clerk.Vault().Outbox()}, Prober: prober, Log: log,
			Settings: func() (uplink.Credentials, error) {
				return uplink.ReadCredentials(filepath.Join(home, uplink.CredentialsFile), nil)
			},
		})
		if err != nil && ctx.Err() == nil {
			log.Warn("no summary reaches the hub", "error", err)
		}
	}, func(bool) { close(done) })
	return func() {
		stop()
		<-done
		_ = os.Remove(path)
		release()
	}, nil
}

// The waits of the uplink's keeper.
const (
	uplinkPoll  = 2 * time.Second // for a kiosk that is not ready, or has joined no hub
	uplinkPause = time.Second     // after a first crash; doubled to a minute with each that follows at once
)

// keepUplink runs the uplink while the kiosk of home has joined a hub, anew after each crash, until ctx ends.
func keepUplink(ctx context.Context, home string, settings config.Config, mode sandbox.Mode, starter *sandbox.Starter, log *logging.Log) {
	pause := uplinkPause
	for ctx.Err() == nil {
		began := time.Now()
		switch err := runUplink(ctx, home, settings, mode, starter, log); {
		case errors.Is(err, errNoUplink):
			wait(ctx, uplinkPoll)
			continue
		case err != nil && ctx.Err() == nil:
			log.Warn("the uplink's process ended", "error", err)
		}
		if time.Since(began) > time.Minute {
			pause = uplinkPause
		}
		wait(ctx, pause)
		pause = min(2*pause, time.Minute)
	}
}

// errNoUplink says that there is nothing to do yet.
var errNoUplink = errors.New("no uplink is needed yet")

// runUplink runs the uplink once.
func runUplink(ctx context.Context, home string, settings config.Config, mode sandbox.Mode, starter *sandbox.Starter, log *logging.Log) error {
	address, err := uplink.HubAddress(filepath.Join(home, uplink.CredentialsFile))
	if errors.Is(err, uplink.ErrNotEnrolled) {
		return errNoUplink
	} else if err != nil {
		return err
	}
	conn, err := dialUplink(home)
	if err != nil {
		return errNoUplink
	}
	defer conn.Close()
	o := worker.UplinkOptions{Mode: mode, Memory: uint64(settings.Sandbox.Uplink.MemoryMB) << 20, Env: []string{log.Child()}}
	way := address
	if proxy, err := uplink.Proxy(); err != nil {
		return err
	} else if proxy != "" {
		// It connects to nothing but the proxy then.
		way = proxy
		o.Env = append(o.Env, uplink.ProxyVariable+"="+os.Getenv(uplink.ProxyVariable))
	}
	if _, port, err := net.SplitHostPort(way); err == nil {
		if n, err := strconv.ParseUint(port, 10, 16); err == nil {
			o.Port = uint16(n)
		}
	}
	if os.Geteuid() == 0 {
		o.UID, o.GID = uplinkUser()
	}
	cmd, err := worker.UplinkCommand(o, conn)
	if err != nil {
		return err
	}
	reports, write, err := os.Pipe()
	if err != nil {
		return err
	}
	cmd.Stderr = write
	err = starter.Start(cmd)
	write.Close()
	if err != nil {
		reports.Close()
		return err
	}
	log.Info("the uplink runs", "pid", cmd.Process.Pid)
	drained := make(chan struct{})
	logging.Go(log.Logger, "uplink log", func() { _ = log.Drain(reports, "uplink") }, func(bool) { reports.Close(); close(drained) })
	stop := context.AfterFunc(ctx, func() { _ = cmd.Process.Kill() })
	defer stop()
	err = cmd.Wait()
	<-drained
	return err
}

// dialUplink connects to the kiosk of home on the uplink's behalf.
func dialUplink(home string) (*os.File, error) {
	path, release, err := control.SocketPath(home, uplinkSocket)
	if err != nil {
		return nil, err
	}
	defer release()
	conn, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	return conn.File()
}

// uplinkUser is whom the uplink runs as under root: the user that the installation made for it, or nobody.
func uplinkUser() (uid, gid int) {
	for _, name := range []string{"tenin-uplink", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.Atoi(u.Uid)
		gid, err2 := strconv.Atoi(u.Gid)
		if err1 == nil && err2 == nil {
			return uid, gid
		}
	}
	return 65534, 65534
}

// wait returns after d, or when ctx ends.
func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
