package uplink

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
)

// Reach connects to the hub as the device that c is, and returns how long a message there and back takes. The error wraps
// ErrOtherHub or ErrRefused where one fits.
func Reach(ctx context.Context, c Credentials) (time.Duration, error) {
	nc, err := visit(ctx, c, nil)
	if err != nil {
		return 0, err
	}
	defer nc.Close()
	return nc.RTT()
}

// visit connects once, for as long as the caller needs. now is the clock that judges certificates; nil: the machine's.
func visit(ctx context.Context, c Credentials, now func() time.Time) (*nats.Conn, error) {
	if now == nil {
		now = time.Now
	}
	d := &dialer{ctx: ctx, address: c.Address, config: pinned(trustOnly(c.Authority), nil, now)}
	nc, err := connect(c, d, nats.Name(c.Device), nats.MaxReconnects(0))
	switch {
	case err == nil:
		return nc, nil
	case isOtherHub(d.lastError()):
		return nil, fmt.Errorf("hub %s: %w", c.Address, d.lastError())
	case errors.Is(err, nats.ErrAuthorization):
		return nil, fmt.Errorf("hub %s: %w: this device is locked out; enrol it anew if that is not meant", c.Address, ErrRefused)
	}
	if dialed := d.lastError(); dialed != nil {
		err = dialed
	}
	return nil, cutError{fmt.Errorf("hub %s cannot be reached: %w", c.Address, err)}
}
