package control

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"

	"google.golang.org/grpc/credentials"
	grpcpeer "google.golang.org/grpc/peer"

	"tenin/storage/peer"
)

// Peer is who is at the other end of a connection, as the kernel knows it.
type Peer = peer.Peer

// connection is one of the server's: what a staff session is bound to.
type connection struct {
	credentials.CommonAuthInfo
	Peer
}

func (*connection) AuthType() string { return "peer" }

// connectionOf returns the connection of the call that ctx belongs to.
func connectionOf(ctx context.Context) *connection {
	if p, ok := grpcpeer.FromContext(ctx); ok {
		c, _ := p.AuthInfo.(*connection)
		return c
	}
	return nil
}

func peerOf(conn net.Conn) (Peer, error) {
	p, err := peer.Of(conn)
	if errors.Is(err, peer.ErrNotUnix) {
		return p, fmt.Errorf("%w: a %s connection", ErrNotOurs, conn.RemoteAddr().Network())
	}
	return p, err
}

// peerCredentials ask the kernel who is there before a byte is read. There is nothing to encrypt: the bytes stay in this
// machine's kernel.
type peerCredentials struct {
	allowed func(Peer) error
	// opened and closed are told each connection that was let in; nil on the client's side.
	opened func(*connection) error
	closed func(*connection)
}

func (c *peerCredentials) check(conn net.Conn) (*connection, error) {
	p, err := peerOf(conn)
	if err == nil {
		err = c.allowed(p)
	}
	if err != nil {
		return nil, err
	}
	return &connection{credentials.CommonAuthInfo{SecurityLevel: credentials.PrivacyAndIntegrity}, p}, nil
}

func (c *peerCredentials) ClientHandshake(_ context.Context, _ string, conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	who, err := c.check(conn)
	if err != nil {
		conn.Close()
		return nil, nil, err
	}
	return conn, who, nil
}

func (c *peerCredentials) ServerHandshake(conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	who, err := c.check(conn)
	if err == nil {
		err = c.opened(who)
	}
	if err != nil {
		conn.Close()
		return nil, nil, err
	}
	return &watchedConn{Conn: conn, closed: func() { c.closed(who) }}, who, nil
}

func (*peerCredentials) Info() credentials.ProtocolInfo {
	return credentials.ProtocolInfo{SecurityProtocol: "peer"}
}

func (c *peerCredentials) Clone() credentials.TransportCredentials {
	clone := *c
	return &clone
}

func (*peerCredentials) OverrideServerName(string) error { return nil }

// watchedConn tells its end, once.
type watchedConn struct {
	net.Conn
	once   sync.Once
	closed func()
}

func (c *watchedConn) Close() error {
	c.once.Do(c.closed)
	return c.Conn.Close()
}
