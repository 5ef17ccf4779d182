package sandbox

import (
	"context"
	"fmt"
	"net"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

func tryTCP(ctx context.Context, _ Targets, address string) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	return conn.Close()
}

func tryUDP(ctx context.Context, _ Targets, address string) error {
	return ask(ctx, address, []byte("tenin"))
}

// tryDNS asks for the address of the root, in the format of RFC 1035 section 4: the answer's content does not matter.
func tryDNS(ctx context.Context, _ Targets, address string) error {
	return ask(ctx, address, []byte{
		0x54, 0x4e, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, // id, recursion desired, one question
		0, 0, 1, 0, 1, // the root, type A, class IN
	})
}

// ask sends a datagram and waits for any answer.
func ask(ctx context.Context, address string, question []byte) error {
	conn, err := new(net.Dialer).DialContext(ctx, "udp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	deadline, ok := ctx.Deadline()
	if !ok {
		deadline = time.Now().Add(longest)
	}
	if err := conn.SetDeadline(deadline); err != nil {
		return err
	}
	if _, err := conn.Write(question); err != nil {
		return err
	}
	_, err = conn.Read(make([]byte, 512))
	return err
}

func tryListen(ctx context.Context, _ Targets, _ string) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", ":0")
	if err != nil {
		return err
	}
	return listener.Close()
}

// socket opens a socket and closes it again.
func socket(family, kind, protocol int) attempt {
	return func(context.Context, Targets, string) error {
		fd, err := unix.Socket(family, kind|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, protocol)
		if err != nil {
			return err
		}
		return unix.Close(fd)
	}
}

// tryFamilies opens sockets of every family that no other probe is for. The last error is the result, unless one opens.
func tryFamilies(ctx context.Context, _ Targets, _ string) error {
	elsewhere := map[int]bool{unix.AF_UNIX: true, unix.AF_INET: true, unix.AF_INET6: true, unix.AF_PACKET: true,
		unix.AF_NETLINK: true, unix.AF_VSOCK: true}
	var open []string
	var last error = unix.EAFNOSUPPORT
	for family := 1; family < unix.AF_MAX; family++ {
		if elsewhere[family] {
			continue
		}
		for _, kind := range []int{unix.SOCK_STREAM, unix.SOCK_DGRAM, unix.SOCK_RAW, unix.SOCK_SEQPACKET} {
			err := socket(family, kind, 0)(ctx, Targets{}, "")
			if err == nil {
				open = append(open, fmt.Sprint(family))
				break
			}
			last = err
		}
	}
	if len(open) > 0 {
		return success("families " + strings.Join(open, " "))
	}
	return last
}

func tryAbstract(_ context.Context, _ Targets, name string) error {
	return connect("@" + name) // the leading @ is the package's way to write a null byte
}

func trySocket(_ context.Context, _ Targets, path string) error { return connect(path) }

// connect tries the kinds of Unix sockets in turn, since a socket does not show its kind. It does not wait: a listener
// whose queue is full can be reached, too.
func connect(name string) error {
	var err error
	for _, kind := range []int{unix.SOCK_STREAM, unix.SOCK_DGRAM, unix.SOCK_SEQPACKET} {
		var fd int
		if fd, err = unix.Socket(unix.AF_UNIX, kind|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0); err != nil {
			return err
		}
		err = unix.Connect(fd, &unix.SockaddrUnix{Name: name})
		unix.Close(fd)
		switch err {
		case nil:
			return nil
		case unix.EAGAIN:
			return success("open, its queue is full")
		case unix.EPROTOTYPE:
			continue
		}
		return err
	}
	return err
}
