package control

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"tenin/cmd/internal/control/pb"
)

// patience is how long a call without a deadline of its own waits, and how long a kiosk may take to say that it is there.
const (
	patience  = 40 * time.Second
	firstWord = 5 * time.Second
)

// Client is a connection to a running kiosk. Its methods may be called from several goroutines.
type Client struct {
	conn     *grpc.ClientConn
	peer     Peer
	home     string
	status   *pb.StatusReply
	sentinel func(reason string) error

	mu    sync.Mutex
	token token
	known bool // token was given
}

// Dial connects to the kiosk that serves home and hears its first word. sentinel, if not nil, returns the error that a
// reason stands for. Errors wrap ErrNotRunning, ErrNotOurs, ErrNoAnswer, fs.ErrPermission (another user's home) or ctx's.
func Dial(ctx context.Context, home string, sentinel func(reason string) error) (*Client, error) {
	conn, peer, err := connect(ctx, home)
	if err != nil {
		return nil, err
	}
	c := &Client{peer: peer, home: home, sentinel: sentinel}
	once := make(chan net.Conn, 1)
	once <- conn
	c.conn, err = grpc.NewClient("passthrough:///tenin",
		grpc.WithContextDialer(func(context.Context, string) (net.Conn, error) {
			select {
			case conn := <-once:
				return conn, nil
			default:
				// Another kiosk may run by now: whoever asks begins anew.
				return nil, ErrGone
			}
		}),
		grpc.WithTransportCredentials(&peerCredentials{allowed: func(Peer) error { return nil }}),
		grpc.WithIdleTimeout(0),
		grpc.WithDisableServiceConfig(),
		grpc.WithDisableRetry(),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 10 * time.Second, Timeout: 5 * time.Second}),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(MaxMessage), grpc.MaxCallSendMsgSize(MaxMessage)),
		grpc.WithUnaryInterceptor(c.unary),
		grpc.WithStreamInterceptor(c.stream),
	)
	if err != nil {
		conn.Close()
		return nil, err
	}
	first, cancel := context.WithTimeout(ctx, firstWord)
	defer cancel()
	if c.status, err = pb.NewKioskClient(c.conn).Status(first, &pb.StatusRequest{}); err != nil {
		c.conn.Close()
		if errors.Is(err, ErrGone) {
			return nil, fmt.Errorf("%s: %w: it takes no more connections, or something else answers there", Path(home), ErrNoAnswer)
		}
		return nil, err
	}
	return c, nil
}

// connect opens the socket and makes sure of who serves it.
func connect(ctx context.Context, home string) (net.Conn, Peer, error) {
	place, err := placeOf(home)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil, Peer{}, notRunning(home)
	} else if err != nil {
		return nil, Peer{}, err
	}
	defer place.release()
	if _, err := place.socket(); errors.Is(err, fs.ErrNotExist) {
		return nil, Peer{}, notRunning(home)
	} else if err != nil {
		return nil, Peer{}, err
	}
	conn, err := (&net.Dialer{Timeout: firstWord}).DialContext(ctx, "unix", place.addr)
	switch {
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ENOENT):
		return nil, Peer{}, notRunning(home)
	case errors.Is(err, syscall.EAGAIN), errors.Is(err, os.ErrDeadlineExceeded):
		return nil, Peer{}, fmt.Errorf("%s: %w: it takes no more connections", place.path, ErrNoAnswer)
	case errors.Is(err, fs.ErrPermission):
		return nil, Peer{}, fmt.Errorf("%s: %w: ask as the user who runs the kiosk, or as root", place.path, fs.ErrPermission)
	case err != nil:
		return nil, Peer{}, fmt.Errorf("%s: %w", place.path, err)
	}
	peer, err := peerOf(conn)
	if err == nil && !servesUs(peer, home) {
		err = fmt.Errorf("%w: user %d serves %s; a PIN typed there would be theirs", ErrNotOurs, peer.UID, place.path)
	}
	if err != nil {
		conn.Close()
		return nil, peer, err
	}
	return conn, peer, nil
}

func notRunning(home string) error {
	return fmt.Errorf("%w on %s: start it with `tenin run`", ErrNotRunning, home)
}

// servesUs says whether a kiosk may run as that user: as ours, as root, or, when root asks, as the home's owner.
func servesUs(p Peer, home string) bool {
	if p.UID == os.Geteuid() || p.UID == 0 {
		return true
	}
	info, err := os.Stat(home)
	if err != nil || os.Geteuid() != 0 {
		return false
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(owner.Uid) == p.UID
}

// Conn is what clients of the services are made with.
func (c *Client) Conn() grpc.ClientConnInterface { return c.conn }

// Status is what the kiosk said first.
func (c *Client) Status() *pb.StatusReply { return c.status }

// Close ends the connection, and the staff session that was opened on it.
func (c *Client) Close() error { return c.conn.Close() }

// Login gives a PIN; an empty name stands for the only account. Calls on this connection are the member's from then on.
func (c *Client) Login(ctx context.Context, name string, pin []byte) (Member, error) {
	reply, err := pb.NewAccessClient(c.conn).Login(ctx, &pb.LoginRequest{Name: name, Pin: pin})
	if err != nil {
		return Member{}, err
	}
	if len(reply.Token) != len(token{}) {
		return Member{}, fmt.Errorf("%w: its answer to a PIN is none", ErrNotOurs)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.token, c.known = token(reply.Token), true
	return Member{Name: reply.Name, Role: reply.Role}, nil
}

func (c *Client) sign(ctx context.Context) context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.known {
		return ctx
	}
	return metadata.AppendToOutgoingContext(ctx, tokenKey, string(c.token[:]))
}

func (c *Client) unary(ctx context.Context, method string, request, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption) error {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, patience)
		defer cancel()
	}
	return c.explain(invoke(c.sign(ctx), method, request, reply, conn, options...))
}

func (c *Client) stream(ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string, open grpc.Streamer, options ...grpc.CallOption) (grpc.ClientStream, error) {
	stream, err := open(c.sign(ctx), desc, conn, method, options...)
	if err != nil {
		return nil, c.explain(err)
	}
	return clientStream{stream, c}, nil
}

// clientStream says what its errors mean.
type clientStream struct {
	grpc.ClientStream
	client *Client
}

func (s clientStream) RecvMsg(m any) error { return s.client.explain(s.ClientStream.RecvMsg(m)) }

// explain turns what gRPC says into what happened.
func (c *Client) explain(err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	if p := problemOf(err); p != nil {
		e := &Error{Reason: p.Reason, Text: p.Text}
		switch {
		case p.Reason == reasonPIN:
			e.sentinel = ErrPINNeeded
		case p.Reason == reasonRole:
			e.sentinel = ErrNotAllowed
		case c.sentinel != nil && p.Reason != "":
			e.sentinel = c.sentinel(p.Reason)
		}
		return e
	}
	who := fmt.Sprintf("process %d, %s", c.peer.PID, Path(c.home))
	switch s := status.Convert(err); s.Code() {
	case codes.Canceled:
		return context.Canceled
	case codes.Unavailable:
		return fmt.Errorf("%w (%s): look at its log; the same command works when it runs again, and without it", ErrGone, who)
	case codes.DeadlineExceeded:
		return fmt.Errorf("%w (%s): look at its log, and restart it", ErrNoAnswer, who)
	case codes.Unimplemented:
		return fmt.Errorf("the kiosk (%s) is of another version: restart it", who)
	default:
		return fmt.Errorf("the kiosk (%s) refused: %s", who, s.Message())
	}
}
