package control

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/tap"

	"tenin/cmd/internal/control/pb"
)

// Limits of what clients may take of a kiosk that has a shopper to serve.
const (
	// MaxMessage is the most bytes in one message; what is longer comes in pieces.
	MaxMessage = 1 << 20
	// Piece is how long such a piece is.
	Piece = 256 << 10

	maxConnections = 32
	maxStreams     = 16 // on each connection
	maxHeader      = 8 << 10
	greeting       = 5 * time.Second // for a connection's first bytes
	farewell       = 2 * time.Second // for calls that go on when the kiosk stops
	// afterWrong is how long no PIN is looked at after a wrong one: a PIN costs both cores 0.1 s or more, and names that do
	// not exist are locked by nothing.
	afterWrong = 500 * time.Millisecond
)

// DefaultIdle is after what time a staff session that asks nothing is over.
const DefaultIdle = 5 * time.Minute

// Options of a Server.
type Options struct {
	// Gate knows the staff.
	Gate Gate
	// Events are what a watcher is told; nil: nothing ever happens.
	Events *Events
	// Services registers what this package does not serve itself: Kiosk, Sessions, Keys, Knowledge, Staff.
	Services func(grpc.ServiceRegistrar)
	// Reason returns the stable word for an error of a service, or "" for one that has none.
	Reason func(error) string
	// Idle is after what time a staff session that asks nothing is over; 0 is DefaultIdle.
	Idle time.Duration
	// Log is told who gave a PIN and what failed inside; nil is slog's default.
	Log *slog.Logger

	now     func() time.Time
	allowed func(Peer) error
}

// Server answers at a control socket until it is closed.
type Server struct {
	options  Options
	sessions *sessions
	open     atomic.Int32  // connections
	login    chan struct{} // holds a token while a PIN is looked at
	grpc     *grpc.Server
	done     chan error
	close    func() error
}

// Serve answers at l, which the server closes.
func Serve(l *Listener, o Options) *Server {
	if o.Idle <= 0 {
		o.Idle = DefaultIdle
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Events == nil {
		o.Events = NewEvents("")
	}
	if o.Reason == nil {
		o.Reason = func(error) string { return "" }
	}
	if o.now == nil {
		o.now = time.Now
	}
	if o.allowed == nil {
		o.allowed = ownerOrRoot
	}
	s := &Server{options: o, sessions: newSessions(o.Idle, o.now), done: make(chan error, 1), login: make(chan struct{}, 1)}
	s.grpc = grpc.NewServer(
		grpc.Creds(&peerCredentials{allowed: o.allowed, opened: s.opened, closed: s.closed}),
		grpc.ConnectionTimeout(greeting),
		grpc.MaxRecvMsgSize(MaxMessage),
		grpc.MaxSendMsgSize(MaxMessage),
		grpc.MaxHeaderListSize(maxHeader),
		grpc.MaxConcurrentStreams(maxStreams),
		grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionIdle: o.Idle + time.Minute, Time: 20 * time.Second, Timeout: 10 * time.Second}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 5 * time.Second, PermitWithoutStream: true}),
		grpc.InTapHandle(limitTime),
		grpc.UnaryInterceptor(s.unary),
		grpc.StreamInterceptor(s.stream),
		grpc.WaitForHandlers(true),
	)
	pb.RegisterAccessServer(s.grpc, access{server: s})
	pb.RegisterEventsServer(s.grpc, watching{events: o.Events})
	if o.Services != nil {
		o.Services(s.grpc)
	}
	s.close = sync.OnceValue(s.shut)
	go func() { s.done <- s.grpc.Serve(l) }()
	return s
}

// Close lets calls that go on end, cuts off those that take longer than two seconds, and returns when none is left: the
// vault may then be closed. It may be called more than once.
func (s *Server) Close() error { return s.close() }

func (s *Server) shut() error {
	s.options.Events.close()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.grpc.GracefulStop()
	}()
	select {
	case <-ended:
	case <-time.After(farewell):
		s.grpc.Stop()
		<-ended
	}
	err := <-s.done
	if errors.Is(err, grpc.ErrServerStopped) {
		return nil
	}
	return err
}

// ownerOrRoot lets in this process's own user, and root, who could read everything anyway.
func ownerOrRoot(p Peer) error { return letIn(p, foreign()) }

// letIn judges a peer; foreign is the number that users have whom this process's namespace does not know, or -1. The socket
// is its owner's alone (unix(7)), so among them only root gets as far as this.
func letIn(p Peer, foreign int) error {
	if p.UID != os.Geteuid() && p.UID != 0 && (p.UID != foreign || foreign < 0) {
		return fmt.Errorf("%w: user %d asked", ErrNotAllowed, p.UID)
	}
	return nil
}

// foreign is the number of root in a user namespace that knows this process's user alone, as a kiosk's own does
// (user_namespaces(7)), and -1 in one where root is 0.
func foreign() int {
	known, err := os.ReadFile("/proc/self/uid_map")
	var inside, outside, count int
	if err != nil || bytes.Count(known, []byte("\n")) != 1 {
		return -1
	}
	if n, err := fmt.Sscan(string(known), &inside, &outside, &count); n != 3 || err != nil || count != 1 || inside != os.Geteuid() || inside == 0 {
		return -1
	}
	return overflow
}

// overflow is the kernel's default for such a user, which systems leave as it is (/proc/sys/kernel/overflowuid).
const overflow = 65534

func (s *Server) opened(*connection) error {
	for {
		n := s.open.Load()
		if n >= maxConnections {
			return fmt.Errorf("%w: there are %d connections", ErrNotAllowed, n)
		}
		if s.open.CompareAndSwap(n, n+1) {
			return nil
		}
	}
}

func (s *Server) closed(c *connection) {
	s.open.Add(-1)
	s.sessions.end(c)
}

// limitTime gives a call its deadline before its first message is read: a client that never sends one does not keep it
// open.
func limitTime(ctx context.Context, info *tap.Info) (context.Context, error) {
	rule, ok := ruleOf(info.FullMethodName)
	if !ok {
		return nil, status.Error(codes.Unimplemented, "unknown call")
	}
	if rule.within == 0 {
		return ctx, nil
	}
	limited, cancel := context.WithTimeout(ctx, rule.within)
	// ctx ends with the stream.
	context.AfterFunc(ctx, cancel)
	return limited, nil
}

func (s *Server) unary(ctx context.Context, request any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (reply any, err error) {
	defer s.recover(info.FullMethod, &err)
	if ctx, err = s.authorize(ctx, info.FullMethod); err != nil {
		return nil, err
	}
	reply, err = handler(ctx, request)
	return reply, s.encode(err)
}

func (s *Server) stream(service any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) (err error) {
	defer s.recover(info.FullMethod, &err)
	ctx, err := s.authorize(stream.Context(), info.FullMethod)
	if err != nil {
		return err
	}
	return s.encode(handler(service, streamOf{stream, ctx}))
}

type streamOf struct {
	grpc.ServerStream
	ctx context.Context
}

func (s streamOf) Context() context.Context { return s.ctx }

// recover keeps the kiosk alive when a call panics. What the panic said is dropped: it may quote what was asked for.
func (s *Server) recover(method string, err *error) {
	if recover() != nil {
		s.options.Log.Error("a call at the control socket failed inside", "call", method)
		*err = fail(codes.Internal, "", "the kiosk failed inside; its log names the call")
	}
}

func (s *Server) reason(err error) string {
	if e := (*Error)(nil); errors.As(err, &e) {
		return e.Reason
	}
	return s.options.Reason(err)
}

// encode gives an error of a service the form in which the client knows it again.
func (s *Server) encode(err error) error {
	switch {
	case err == nil:
		return nil
	case problemOf(err) != nil:
		return err
	case errors.Is(err, context.DeadlineExceeded):
		return status.Error(codes.DeadlineExceeded, "the call took too long")
	case errors.Is(err, context.Canceled):
		return status.Error(codes.Canceled, "the call was given up")
	}
	if _, ok := status.FromError(err); ok {
		return err
	}
	return fail(codes.Unknown, s.reason(err), strings.Join(strings.Fields(err.Error()), " "))
}
