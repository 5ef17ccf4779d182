package worker

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"

	"golang.org/x/sys/unix"
	"google.golang.org/grpc"
	"google.golang.org/grpc/grpclog"

	"tenin/storage/uplink"
)

// gRPC's own log goes to standard error and quotes peers; a worker is not allowed to write through it.
func init() { grpclog.SetLoggerV2(grpclog.NewLoggerV2(io.Discard, io.Discard, io.Discard)) }

const (
	// messageLimit bounds every message in both directions: 30 s of sound at 16 kHz are 1.9 MB.
	messageLimit = 4 << 20
	// window holds a whole turn's sound, so that sending it never waits for the other side to make room.
	window = 4 << 20
	// workerFD is where a worker finds its socket: the first extra file of its process.
	workerFD = 3
)

// newPipe makes the socket between the pool and one worker. theirs is for the child and is closed after its start.
func newPipe() (ours net.Conn, theirs *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("socket for a worker: %w", err)
	}
	theirs = os.NewFile(uintptr(fds[1]), "worker")
	mine := os.NewFile(uintptr(fds[0]), "worker")
	defer mine.Close()
	ours, err = net.FileConn(mine)
	if err != nil {
		theirs.Close()
		return nil, nil, fmt.Errorf("socket for a worker: %w", err)
	}
	return ours, theirs, nil
}

// dial speaks gRPC over conn, which is handed out once: a worker's connection never comes back.
func dial(conn net.Conn) (*grpc.ClientConn, error) {
	return uplink.OverConn(conn,
		grpc.WithNoProxy(),
		grpc.WithDisableServiceConfig(),
		grpc.WithDisableRetry(),
		grpc.WithInitialWindowSize(window), grpc.WithInitialConnWindowSize(window),
		grpc.WithMaxHeaderListSize(16<<10),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(messageLimit), grpc.MaxCallSendMsgSize(messageLimit)),
	)
}

// inherited is the worker's end.
func inherited() (net.Conn, error) {
	f := os.NewFile(workerFD, "kiosk")
	if f == nil {
		return nil, errors.New("no socket was inherited")
	}
	defer f.Close()
	return net.FileConn(f)
}

// single is a listener for one connection. It ends when that connection is closed, and the worker with it.
type single struct {
	conn  net.Conn
	once  sync.Once
	ended chan struct{}
	end   sync.Once
}

func newSingle(conn net.Conn) *single { return &single{conn: conn, ended: make(chan struct{})} }

func (s *single) Accept() (c net.Conn, err error) {
	s.once.Do(func() { c = endingConn{s.conn, s} })
	if c != nil {
		return c, nil
	}
	<-s.ended
	return nil, net.ErrClosed
}

func (s *single) Close() error {
	s.end.Do(func() { close(s.ended) })
	return nil
}

func (s *single) Addr() net.Addr { return s.conn.LocalAddr() }

type endingConn struct {
	net.Conn
	listener *single
}

func (c endingConn) Close() error {
	defer c.listener.Close()
	return c.Conn.Close()
}
