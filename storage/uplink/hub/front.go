package hub

import (
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"tenin/storage/uplink"
)

// front is the server that devices connect to. It has no JetStream: whatever a
// device sends, it cannot name the stream.
type front struct {
	server *server.Server
	nc     *nats.Conn
	gate   *gate
}

func openFront(listen string, a *authority, r *registry, log *slog.Logger) (*front, error) {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return nil, fmt.Errorf("%q is not an address to listen at: write :%s or 192.0.2.1:%s", listen, uplink.DefaultPort, uplink.DefaultPort)
	}
	if host == "" {
		host = server.DEFAULT_HOST
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("%q is not a port", port)
	}
	f := &front{gate: newGate(r, log)}
	o := &server.Options{
		ServerName: "tenin-hub", Host: host, Port: int(number), NoSigs: true, NoLog: true, NoSystemAccount: true,
		TLS: true, TLSConfig: a.tls, TLSHandshakeFirst: true, TLSTimeout: 10, AuthTimeout: 15,
		CustomClientAuthentication: f.gate, AlwaysEnableNonce: true,
		MaxPayload: uplink.MaxMessage, MaxControlLine: 1024, MaxConn: maxDevices, MaxSubs: 16,
		MaxPending: 8 << 20, WriteDeadline: 10 * time.Second, PingInterval: time.Minute, MaxPingsOut: 2,
		DisableShortFirstPing: true,
	}
	if number == 0 {
		o.Port = server.RANDOM_PORT
	}
	if f.server, err = server.NewServer(o); err != nil {
		return nil, err
	}
	f.server.SetLoggerV2(natsLog{log, "front"}, false, false, false)
	f.gate.kick = func(id uint64) { _ = f.server.DisconnectClientByID(id) }
	go f.server.Start()
	if !f.server.ReadyForConnections(startTimeout) {
		f.close()
		return nil, fmt.Errorf("%s cannot be listened at: another program may use the port", listen)
	}
	f.nc, err = nats.Connect("", nats.InProcessServer(f.server), nats.UserInfo(internalUser, f.gate.password), nats.MaxReconnects(-1),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			log.Warn("hub: messages came faster than they were taken; the devices send them again", "why", err)
		}))
	if err != nil {
		f.close()
		return nil, err
	}
	return f, nil
}

// listen calls takers[subject] for every message of a device on it, each taker from
// one goroutine of its own.
func (f *front) listen(takers map[string]func(*nats.Msg)) error {
	for subject, take := range takers {
		sub, err := f.nc.Subscribe(subject, take)
		if err != nil {
			return err
		}
		if err := sub.SetPendingLimits(maxQueue, 64<<20); err != nil {
			return err
		}
	}
	return f.nc.Flush()
}

func (f *front) connected(key string) bool {
	for _, id := range f.gate.connections(key) {
		if f.server.GetClient(id) != nil {
			return true
		}
	}
	return false
}

func (f *front) close() {
	if f.nc != nil {
		f.nc.Close()
	}
	f.server.Shutdown()
	f.server.WaitForShutdown()
}
