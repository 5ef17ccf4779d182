package uplink

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"

	"tenin/storage/peer"
)

// Peers is a Unix socket that takes connections only from processes of certain
// users, as the kernel tells them (package peer: the user at the time of connect,
// so a connection that was opened by one process and handed to another counts as
// the first one's).
type Peers struct {
	*net.UnixListener
	users []int
}

// ListenPeers listens at path, which only its owner may use, for this process's
// own user, root, and users. A socket that a dead process left is replaced; the
// caller makes sure that no living one uses it.
func ListenPeers(path string, users ...int) (*Peers, error) {
	if info, err := os.Lstat(path); err == nil {
		if info.Mode().Type() != os.ModeSocket {
			return nil, fmt.Errorf("%s is in the way: it is no socket; move it", path)
		}
		if err := os.Remove(path); err != nil {
			return nil, err
		}
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("%s cannot be listened at: %w", path, err)
	}
	// Until here the mode is the umask's; Accept checks the user all the same.
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return &Peers{l, append([]int{0, os.Geteuid()}, users...)}, nil
}

// Accept waits for a connection of a user that is allowed, and closes any other.
func (p *Peers) Accept() (net.Conn, error) {
	for {
		conn, err := p.AcceptUnix()
		if err != nil {
			return nil, err
		}
		if p.allowed(conn) == nil {
			return conn, nil
		}
		_ = conn.Close()
	}
}

func (p *Peers) allowed(conn *net.UnixConn) error {
	who, err := peer.Of(conn)
	if err != nil {
		return err
	}
	if !slices.Contains(p.users, who.UID) {
		return ErrPeer
	}
	return nil
}
