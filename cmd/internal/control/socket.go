package control

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"tenin/storage/peer"
)

// Name is the socket's name in its home.
const Name = "control.sock"

// Path returns where the kiosk of home serves.
func Path(home string) string { return filepath.Join(home, Name) }

// longestPath is what sun_path holds beside its final zero (unix(7)).
const longestPath = 107

// place is a socket's path as the system calls take it: a long one goes through a descriptor of its folder.
type place struct {
	path   string // for people
	addr   string
	folder int // -1: none
}

// SocketPath returns the path of a socket of home as the system calls take it, however long home is. It is good until
// release.
func SocketPath(home, name string) (path string, release func(), err error) {
	p, err := placeIn(home, name)
	return p.addr, p.release, err
}

func placeOf(home string) (place, error) { return placeIn(home, Name) }

func placeIn(home, name string) (place, error) {
	path := filepath.Join(home, name)
	p := place{path: path, addr: path, folder: -1}
	if len(p.path) <= longestPath {
		return p, nil
	}
	folder, err := unix.Open(home, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return p, &fs.PathError{Op: "open", Path: home, Err: err}
	}
	p.folder, p.addr = folder, fmt.Sprintf("/proc/self/fd/%d/%s", folder, name)
	if _, err := os.Stat(filepath.Dir(p.addr)); err != nil {
		p.release()
		return p, fmt.Errorf("%s has %d bytes, and without /proc a socket's path has at most %d: use a shorter --home", p.path, len(p.path), longestPath)
	}
	return p, nil
}

func (p place) release() {
	if p.folder >= 0 {
		_ = unix.Close(p.folder)
	}
}

// socket returns what lies at the place. fs.ErrNotExist is nothing; anything but a socket, a link to one too, is refused.
func (p place) socket() (fs.FileInfo, error) {
	info, err := os.Lstat(p.addr)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return nil, fs.ErrNotExist
	case err != nil:
		return nil, fmt.Errorf("%s: %w", p.path, errors.Unwrap(err))
	case info.Mode().Type() != fs.ModeSocket:
		return nil, fmt.Errorf("%w: %s is no socket: look what put it there, and move it away", ErrNotOurs, p.path)
	}
	return info, nil
}

// knock says whether somebody listens at the place, and who. It never waits: a listener whose queue is full lives too.
func (p place) knock() (lives bool, who Peer, err error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return false, who, err
	}
	defer unix.Close(fd)
	switch err := unix.Connect(fd, &unix.SockaddrUnix{Name: p.addr}); err {
	case nil:
		// Who it is, is for people: that somebody listens is what counts.
		who, _ = peer.OfFD(fd)
		return true, who, nil
	case unix.EAGAIN, unix.EINPROGRESS:
		return true, who, nil
	case unix.ECONNREFUSED, unix.ENOENT, unix.ENOTDIR:
		return false, who, nil
	default:
		return false, who, fmt.Errorf("%s: %w", p.path, err)
	}
}

// Running returns an error wrapping ErrRunning, which names the process, when a kiosk serves home. A kiosk that starts
// asks this first: what it would load takes seconds.
func Running(home string) error {
	p, err := placeOf(home)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil
	} else if err != nil {
		return err
	}
	defer p.release()
	if _, err := p.socket(); errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	lives, peer, err := p.knock()
	if err != nil || !lives {
		return err
	}
	return running(home, peer)
}

func running(home string, peer Peer) error {
	who := ""
	if peer.PID > 0 {
		who = fmt.Sprintf(" (process %d)", peer.PID)
	}
	return fmt.Errorf("%w on %s%s: stop it first, or use another --home", ErrRunning, home, who)
}

// Listener is a control socket of our own.
type Listener struct {
	*net.UnixListener
	place place
	made  fs.FileInfo
	once  sync.Once
}

// Listen makes the socket of home, for this user alone. The caller holds the vault, so a socket that nobody listens at is
// one that a kiosk left behind: it is replaced. One that somebody listens at never is: the error wraps ErrRunning. What is
// no socket is left alone: ErrNotOurs.
func Listen(home string) (_ *Listener, err error) {
	p, err := placeOf(home)
	if err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	defer func() {
		if err != nil {
			p.release()
		}
	}()
	switch _, err := p.socket(); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	default:
		lives, peer, err := p.knock()
		if err != nil {
			return nil, err
		}
		if lives {
			return nil, running(home, peer)
		}
		if err := os.Remove(p.addr); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%s was left by a kiosk that ended and cannot be removed: %w", p.path, errors.Unwrap(err))
		}
	}
	// The mode of an unbound socket is what its file gets, less the umask: there is no moment in which others could connect.
	config := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) (err error) {
		if cerr := c.Control(func(fd uintptr) { err = unix.Fchmod(int(fd), 0o600) }); cerr != nil {
			return cerr
		}
		return err
	}}
	l, err := config.Listen(context.Background(), "unix", p.addr)
	if err != nil {
		var errno syscall.Errno
		if errors.As(err, &errno) {
			return nil, fmt.Errorf("%s cannot be made: %w", p.path, errno)
		}
		return nil, fmt.Errorf("%s cannot be made: %w", p.path, err)
	}
	unixListener := l.(*net.UnixListener)
	// The standard library would remove whatever lies at the path by then.
	unixListener.SetUnlinkOnClose(false)
	made, err := p.socket()
	if err != nil {
		l.Close()
		return nil, err
	}
	return &Listener{UnixListener: unixListener, place: p, made: made}, nil
}

// Close removes the socket, if it is still this one, and listens no more. It may be called more than once.
func (l *Listener) Close() (err error) {
	l.once.Do(func() {
		if info, lerr := l.place.socket(); lerr == nil && os.SameFile(info, l.made) {
			err = os.Remove(l.place.addr)
		}
		err = errors.Join(err, l.UnixListener.Close())
		l.place.release()
	})
	return err
}
