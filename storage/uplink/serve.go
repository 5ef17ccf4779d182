package uplink

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"tenin/llm/redact"
	"tenin/storage/uplink/pb"
)

// maxPending is the most summaries in one answer of the socket.
const maxPending = 512

// What the kiosk answers when its outbox fails; any other failure of a call is the
// connection's.
const (
	boxUnread    = "the outbox cannot be read"
	boxUnwritten = "the outbox cannot be written"
)

// ServeOptions are what the kiosk gives to the uplink process.
type ServeOptions struct {
	// Outbox is the vault's. It is called by one goroutine at a time.
	Outbox Outbox
	// Settings returns the credentials of HOME/hub; the error wraps ErrNotEnrolled
	// where there are none.
	Settings func() (Credentials, error)
	// Prober asks the uplink process to probe itself; nil: nobody asks.
	Prober *Prober
	Log    *slog.Logger
}

// Serve answers the uplink process on l, which ListenPeers made, until ctx is
// done. What is no summary is never given out, whatever the outbox holds.
func Serve(ctx context.Context, l net.Listener, o ServeOptions) error {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	server := grpc.NewServer(grpc.MaxRecvMsgSize(1<<18), grpc.MaxConcurrentStreams(8))
	pb.RegisterKioskServer(server, &kioskServer{o: o})
	stop := context.AfterFunc(ctx, server.Stop)
	defer stop()
	if err := server.Serve(l); err != nil && ctx.Err() == nil && !errors.Is(err, grpc.ErrServerStopped) {
		return err
	}
	return ctx.Err()
}

type kioskServer struct {
	pb.UnimplementedKioskServer
	o  ServeOptions
	mu sync.Mutex
	// bad counts messages of the outbox that are no summaries, to ask for as many more.
	bad int
}

func (k *kioskServer) Settings(context.Context, *pb.SettingsRequest) (*pb.SettingsReply, error) {
	c, err := k.o.Settings()
	switch {
	case errors.Is(err, ErrNotEnrolled):
		return nil, status.Error(codes.NotFound, "no hub")
	case err != nil:
		k.o.Log.Error("uplink: the credentials cannot be read", "why", err)
		return nil, status.Error(codes.FailedPrecondition, "the credentials cannot be read")
	}
	return &pb.SettingsReply{Address: c.Address, Authority: c.Authority, Device: c.Device, Seed: c.Seed.b}, nil
}

func (k *kioskServer) Pending(ctx context.Context, r *pb.PendingRequest) (*pb.PendingReply, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	n := min(int(r.GetCount()), maxPending)
	list, err := k.o.Outbox.Pending(ctx, n+k.bad)
	if err != nil {
		k.o.Log.Error("uplink: the outbox cannot be read", "why", err)
		return nil, status.Error(codes.Unavailable, boxUnread)
	}
	reply := &pb.PendingReply{}
	bad := 0
	for _, m := range list {
		if _, err := check(m, redact.AnyID()); err != nil {
			bad++
		} else if len(reply.Summary) < n {
			reply.Summary = append(reply.Summary, m.Payload)
		}
	}
	if bad > k.bad {
		k.o.Log.Error("uplink: the outbox holds messages that are no summaries: they are not given out", "messages", bad)
		k.bad = min(bad, maxSkipped)
	}
	return reply, nil
}

func (k *kioskServer) Ack(ctx context.Context, r *pb.AckRequest) (*pb.AckReply, error) {
	if len(r.GetId()) != 16 {
		return nil, status.Error(codes.InvalidArgument, "an id has 16 bytes")
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.o.Outbox.Ack(ctx, [16]byte(r.GetId())); err != nil {
		k.o.Log.Error("uplink: the outbox cannot be written", "why", err)
		return nil, status.Error(codes.Unavailable, boxUnwritten)
	}
	return &pb.AckReply{}, nil
}
