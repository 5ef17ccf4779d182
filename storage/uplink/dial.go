package uplink

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"sync"
	"time"
)

// dialTimeout bounds the connection and the handshake together.
const dialTimeout = 15 * time.Second

// dialer opens the connection to the hub for nats.go. It does the TLS itself, so
// that a failed pin is told from a hub that is away, and so that a test can see
// everything that is sent before it is encrypted.
type dialer struct {
	ctx     context.Context
	address string
	config  *tls.Config
	tap     io.Writer

	mu   sync.Mutex
	last error
}

// Dial ignores its arguments: there is one hub, and nats.go must not follow the
// addresses of others that a server may announce.
func (d *dialer) Dial(string, string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(d.ctx, dialTimeout)
	defer cancel()
	conn, err := d.dial(ctx)
	d.mu.Lock()
	d.last = err
	d.mu.Unlock()
	return conn, err
}

func (d *dialer) dial(ctx context.Context) (net.Conn, error) {
	plain, err := dialTCP(ctx, d.address)
	if err != nil {
		return nil, err
	}
	conn := tls.Client(plain, d.config)
	if err := conn.HandshakeContext(ctx); err != nil {
		_ = plain.Close()
		return nil, err
	}
	if d.tap != nil {
		return &tapped{conn, d.tap}, nil
	}
	return conn, nil
}

// SkipTLSHandshake tells nats.go that the connection is encrypted already.
func (d *dialer) SkipTLSHandshake() bool { return true }

// lastError is why the last Dial failed, nil if it did not.
func (d *dialer) lastError() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.last
}

// tapped copies what is written.
type tapped struct {
	net.Conn
	tap io.Writer
}

func (t *tapped) Write(b []byte) (int, error) {
	_, _ = t.tap.Write(b)
	return t.Conn.Write(b)
}
