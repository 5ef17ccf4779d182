// Package peer tells who is at the other end of a Unix socket, as the kernel knows it.
//
// The user and the process are those of the moment of connect (SO_PEERCRED, unix(7)): a connection that one process
// opened and handed to another counts as the first one's.
package peer

import (
	"errors"
	"net"

	"golang.org/x/sys/unix"
)

// Peer is who connected.
type Peer struct {
	UID int
	// PID is 0 when the process cannot be seen from here.
	PID int
}

// ErrNotUnix means that a connection has no peer that the kernel would name.
var ErrNotUnix = errors.New("not a Unix socket")

// Of returns who is at the other end of conn. The error wraps ErrNotUnix for any other kind of connection.
func Of(conn net.Conn) (p Peer, err error) {
	c, ok := conn.(*net.UnixConn)
	if !ok {
		return p, ErrNotUnix
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return p, err
	}
	cerr := raw.Control(func(fd uintptr) { p, err = OfFD(int(fd)) })
	return p, errors.Join(cerr, err)
}

// OfFD is Of for a descriptor.
func OfFD(fd int) (Peer, error) {
	c, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return Peer{}, err
	}
	return Peer{UID: int(c.Uid), PID: int(c.Pid)}, nil
}
