package uplink

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"
)

// enrolledPoll is how often a kiosk that has joined no hub is asked again.
const enrolledPoll = 30 * time.Second

// MainOptions are what the worker of role uplink gives to Main.
type MainOptions struct {
	Log *slog.Logger
	// Ready is called once, before the network is used: it locks the process down.
	// An error ends Main.
	Ready func() error
	// Probe tries what the process can reach when the kiosk asks for it, and returns
	// the results as the kiosk understands them; nil: it does not answer.
	Probe func(ctx context.Context, targets []byte) []byte
	// Sender changes how summaries are sent; its Log is replaced by Log.
	Sender SenderOptions
}

// Main is the uplink process: it asks the kiosk at the other end of conn how the
// hub is reached, waiting until it has joined one, and sends its summaries until
// ctx is done or the kiosk is gone. It reads no file of the home and needs no
// other one than what the resolver reads.
func Main(ctx context.Context, conn net.Conn, o MainOptions) error {
	if o.Ready != nil {
		if err := o.Ready(); err != nil {
			return err
		}
	}
	client, err := NewClient(conn)
	if err != nil {
		return err
	}
	defer client.Close()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if o.Probe != nil {
		var probes sync.WaitGroup
		defer probes.Wait()
		defer cancel(nil)
		// It ends with ctx; a kiosk that is gone is noticed elsewhere.
		probes.Go(func() { _ = client.AnswerProbes(ctx, o.Probe) })
	}
	settings, err := waitEnrolled(ctx, client)
	if err != nil {
		return err
	}
	defer settings.Seed.Destroy()
	o.Sender.Log = o.Log
	sender, err := NewSender(settings, o.Sender)
	if err != nil {
		return err
	}
	err = sender.Run(ctx, &guarded{client, cancel})
	if cause := context.Cause(ctx); errors.Is(cause, errGone) {
		return cause
	}
	return err
}

var errGone = errors.New("uplink: the kiosk is gone")

func waitEnrolled(ctx context.Context, client *Client) (Credentials, error) {
	for {
		c, err := client.Settings(ctx)
		if err == nil {
			return c, nil
		}
		if !errors.Is(err, ErrNotEnrolled) {
			return Credentials{}, fmt.Errorf("uplink: %w", err)
		}
		select {
		case <-ctx.Done():
			return Credentials{}, ctx.Err()
		case <-time.After(enrolledPoll):
		}
	}
}

// guarded ends the process's work when the one connection to the kiosk is lost,
// since it cannot be opened again from inside.
type guarded struct {
	*Client
	cancel context.CancelCauseFunc
}

func (g *guarded) Pending(ctx context.Context, n int) ([]Message, error) {
	list, err := g.Client.Pending(ctx, n)
	if isGone(err) {
		g.cancel(errGone)
	}
	return list, err
}
