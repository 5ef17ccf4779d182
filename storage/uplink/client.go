package uplink

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"tenin/llm/redact"
	"tenin/storage/uplink/pb"
)

// callTimeout bounds a call over the kiosk's socket: a disk that others sync to
// takes a second now and then.
const callTimeout = 30 * time.Second

// Client is the uplink process's end of the kiosk's socket. It is an Outbox.
type Client struct {
	conn  *grpc.ClientConn
	kiosk pb.KioskClient
}

// NewClient speaks to the kiosk over conn, which it owns from then on. When conn
// ends the client is of no more use: every call fails.
func NewClient(conn net.Conn) (*Client, error) {
	c, err := OverConn(conn)
	if err != nil {
		return nil, err
	}
	return &Client{c, pb.NewKioskClient(c)}, nil
}

// OverConn returns a gRPC connection, with more options if need be, over one that is
// open already. It cannot be opened again, so it is never idle (gRPC's default closes
// it after half an hour).
func OverConn(conn net.Conn, more ...grpc.DialOption) (*grpc.ClientConn, error) {
	var used atomic.Bool
	return grpc.NewClient("passthrough:///inherited", append([]grpc.DialOption{
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithIdleTimeout(0),
		grpc.WithContextDialer(func(context.Context, string) (net.Conn, error) {
			if used.Swap(true) {
				return nil, errors.New("the other process is gone")
			}
			return conn, nil
		})}, more...)...)
}

// Settings returns the hub's settings; the error wraps ErrNotEnrolled where the
// kiosk has joined none.
func (c *Client) Settings(ctx context.Context) (Credentials, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	r, err := c.kiosk.Settings(ctx, &pb.SettingsRequest{})
	switch {
	case status.Code(err) == codes.NotFound:
		return Credentials{}, ErrNotEnrolled
	case err != nil:
		return Credentials{}, fmt.Errorf("the kiosk does not say how the hub is reached: %w", err)
	}
	s := Credentials{Address: r.GetAddress(), Authority: r.GetAuthority(), Device: r.GetDevice(), Seed: Seed{r.GetSeed()}}
	return s, s.check()
}

// Pending implements Outbox.
func (c *Client) Pending(ctx context.Context, n int) ([]Message, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	r, err := c.kiosk.Pending(ctx, &pb.PendingRequest{Count: uint32(max(0, min(n, maxPending)))})
	if err != nil {
		return nil, err
	}
	list := make([]Message, 0, len(r.GetSummary()))
	for _, b := range r.GetSummary() {
		// The kiosk checked it; so do we, and the sender once more.
		s, err := redact.Decode(b, redact.AnyID())
		if err != nil {
			return nil, err
		}
		list = append(list, Message{s.ID(), b})
	}
	return list, nil
}

// Ack implements Outbox.
func (c *Client) Ack(ctx context.Context, id [16]byte) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	_, err := c.kiosk.Ack(ctx, &pb.AckRequest{Id: id[:]})
	return err
}

// Close ends the connection.
func (c *Client) Close() error { return c.conn.Close() }

// isGone reports whether an error means that the connection has ended.
func isGone(err error) bool { return err != nil && status.Code(err) == codes.Unavailable && gone(err) }

// gone tells the transport's own failures from an answer of the kiosk, which says
// Unavailable with a text of ours.
func gone(err error) bool {
	text := status.Convert(err).Message()
	return text != boxUnread && text != boxUnwritten
}
