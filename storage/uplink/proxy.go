package uplink

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// ProxyVariable names the proxy of a network that lets nothing out by itself, as http://host:port. The connection to the
// hub goes through it by CONNECT and stays encrypted to the hub, so the proxy learns the hub's address and how much is said.
const ProxyVariable = "HTTPS_PROXY"

// Proxy returns the proxy that the environment names, as host:port; empty for none.
func Proxy() (string, error) {
	text := os.Getenv(ProxyVariable)
	if text == "" {
		return "", nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" || u.Port() == "" || u.Hostname() == "" || u.User != nil || strings.Trim(u.Path, "/") != "" {
		// The value may hold a password, so it is not repeated.
		return "", errors.New(ProxyVariable + " is no proxy: write http://host:port, without a name and a password")
	}
	return u.Host, nil
}

// dialTCP opens a connection to address, through the proxy where there is one.
func dialTCP(ctx context.Context, address string) (net.Conn, error) {
	proxy, err := Proxy()
	if err != nil {
		return nil, err
	}
	if proxy == "" {
		return new(net.Dialer).DialContext(ctx, "tcp", address)
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", proxy)
	if err != nil {
		return nil, fmt.Errorf("proxy %s: %w", proxy, err)
	}
	if err := tunnel(ctx, conn, address); err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("proxy %s: %w", proxy, err)
	}
	return conn, nil
}

// maxTunnelAnswer bounds what a proxy may say before the connection is through, in bytes.
const maxTunnelAnswer = 8 << 10

// tunnel asks for a connection to address (RFC 9110, 9.3.6).
func tunnel(ctx context.Context, conn net.Conn, address string) error {
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	_, err := fmt.Fprintf(conn, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", address, address)
	var answer *http.Response
	// One byte at a time: what follows the answer belongs to the hub.
	in := bufio.NewReaderSize(&onebyte{conn, maxTunnelAnswer}, 16)
	if err == nil {
		answer, err = http.ReadResponse(in, &http.Request{Method: http.MethodConnect})
	}
	if !stop() {
		return ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("its answer is not understood: %w", err)
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("it does not connect to %s (HTTP status %d): ask whoever looks after the network", address, answer.StatusCode)
	}
	return nil
}

// onebyte reads at most left bytes, each by itself.
type onebyte struct {
	conn net.Conn
	left int
}

func (o *onebyte) Read(b []byte) (int, error) {
	if o.left == 0 {
		return 0, errors.New("it is too long")
	}
	o.left--
	return o.conn.Read(b[:1])
}
