package bell

import (
	"context"
	"io"
	"log/slog"
	"runtime"
	"time"

	"tenin/cmd/internal/config"
)

// Options say where messages go.
type Options struct {
	Names   Names
	Address config.CallAddress
	// Log is told what could not be sent; nil is slog's default.
	Log *slog.Logger

	pause time.Duration // between two tries; 0: a second
}

const (
	// tries is how often a message is sent before it is given up: a lamp that was moved to another address must not keep
	// the next call waiting for long.
	tries = 3
	// sending is how long one try may take.
	sending = 3 * time.Second
	// The most messages in a burst, and how often one more may be sent: a kiosk sends a handful in an hour. Others are
	// dropped.
	burst    = 20
	refilled = 3 * time.Second
)

// Ring reads messages from the kiosk's pipe and sends them until the pipe ends or says what no message says, or ctx ends,
// which whoever calls it has to end the pipe for. It stays on a thread of its own, which may reach nothing of the network
// but the address's port where the kernel can say so (Landlock); the thread ends with it.
func Ring(ctx context.Context, pipe io.Reader, o Options) error {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.pause == 0 {
		o.pause = time.Second
	}
	// Without an unlock the thread ends with the goroutine: nobody else runs behind its wall.
	ended := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		if err := wall(o.Address); err != nil {
			o.Log.Info("calls of staff are sent without a wall around them", "why", err.Error())
		}
		ended <- ring(ctx, pipe, o)
	}()
	return <-ended
}

func ring(ctx context.Context, pipe io.Reader, o Options) error {
	lamp := newSender(o.Address)
	defer lamp.close()
	left, since := float64(burst), time.Now()
	frame := make([]byte, frameSize)
	for {
		if _, err := io.ReadFull(pipe, frame); err != nil {
			if err == io.EOF || ctx.Err() != nil {
				return nil
			}
			return err
		}
		m, err := decode(frame)
		if err != nil {
			return err
		}
		if err := o.Names.check(m); err != nil {
			o.Log.Warn("a call of staff is not sent", "why", err.Error())
			continue
		}
		now := time.Now()
		left = min(burst, left+now.Sub(since).Seconds()/refilled.Seconds())
		since = now
		if left < 1 {
			o.Log.Warn("a call of staff is not sent", "why", "there are too many")
			continue
		}
		left--
		for try := 1; ctx.Err() == nil; try++ {
			err := lamp.send(m, o.Names)
			if err == nil {
				break
			}
			if try == tries {
				o.Log.Warn("a call of staff does not arrive: look at call.send in tenin.toml", "error", err)
				break
			}
			select {
			case <-ctx.Done():
			case <-time.After(o.pause):
			}
		}
	}
}
