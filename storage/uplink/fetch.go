package uplink

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go"
)

// What a device's fetching does unless told otherwise.
const (
	// DefaultFetchRate leaves a shop's line to others: 260 MB take a little over a minute.
	DefaultFetchRate = 4 << 20
	// DefaultFetchBudget is the most bytes a day, so that a hub which lies about a hash
	// again and again does not fill the line.
	DefaultFetchBudget = 4 << 30

	fetchTries  = 5
	fetchWindow = 8 // chunks on the way
)

var (
	// ErrLied means that the hub sent, or offered, what it should not have.
	ErrLied = errors.New("the hub is not believed")
	// ErrWithdrawn means that the hub gives no more of a bundle: the rollout was halted
	// or undone. What was fetched is kept.
	ErrWithdrawn = errors.New("the hub gives no more of this bundle now")
)

// FetchOptions are what Fetch needs.
type FetchOptions struct {
	// Folder is where the bundle goes: NAME.bundle when it is whole, .NAME.part before.
	Folder string
	// Report is what the hub is told of this device.
	Report Report
	// Refused reports whether the updater refused this version or took it back.
	Refused func(version int64) bool
	// Quote returns a fresh quote of the TPM over the nonce and the device's public
	// NKey; nil: this device is not asked, or does not answer.
	Quote func(ctx context.Context, nonce []byte, key string) ([]byte, error)
	// Rate bounds the bytes a second, Budget those a day; 0 means the defaults.
	Rate, Budget int64
	// Pause is the wait after a first cut, doubled with each that follows; 0: 2 s.
	Pause time.Duration
	// Progress is called with the bytes of the bundle that are here; may be nil.
	Progress func(have, size int64)
	Log      *slog.Logger
	// Now is the clock; nil is the machine's.
	Now func() time.Time
}

// Fetched is what became of it.
type Fetched struct {
	Device  string // the device's name
	Offered int64  // version; 0: nothing is to be fetched
	Path    string // the whole bundle; empty where none was fetched
	Bytes   int64  // that came over the network now
	Resumed int64  // that were here from a former try
	Why     string // why what was offered is not fetched
}

// Fetch tells the hub what this device runs, asks what it should run, and brings the
// bundle into the folder, going on where a former try was cut off. What comes is
// checked against the hub's own promise only: whoever installs it verifies it. The
// error wraps ErrLied, ErrWithdrawn, ErrRefused or ErrOtherHub where one fits.
func Fetch(ctx context.Context, c Credentials, o FetchOptions) (Fetched, error) {
	if err := c.check(); err != nil {
		return Fetched{}, fmt.Errorf("credentials: %w", err)
	}
	key, err := c.Key()
	if err != nil {
		return Fetched{}, err
	}
	o.Rate, o.Budget = def(o.Rate, DefaultFetchRate), def(o.Budget, DefaultFetchBudget)
	o.Pause = def(o.Pause, 2*time.Second)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	f := &fetcher{c: c, key: key, o: o, result: Fetched{Device: c.Device}}
	for tries, pause := 0, o.Pause; ; {
		before := f.result.Bytes
		err := f.session(ctx)
		if err == nil || ctx.Err() != nil || !f.reached || !errors.As(err, new(cutError)) {
			return f.result, err
		}
		if tries++; f.result.Bytes > before {
			tries, pause = 1, o.Pause
		}
		if tries == fetchTries {
			return f.result, err
		}
		o.Log.Warn("fetch: the connection was cut; trying again", "have", f.result.Bytes+f.result.Resumed)
		select {
		case <-ctx.Done():
			return f.result, ctx.Err()
		case <-time.After(pause):
		}
		pause = min(2*pause, longestPause)
	}
}

// cutError is one after which another try may do better.
type cutError struct{ error }

func (e cutError) Unwrap() error { return e.error }

var errCut = cutError{errors.New("the connection to the hub was lost")}

type fetcher struct {
	c      Credentials
	key    string
	o      FetchOptions
	result Fetched
	// reached says that the hub answered before: one that was never there is for the
	// next time.
	reached bool
}

// session does what can be done over one connection.
func (f *fetcher) session(ctx context.Context) error {
	nc, err := visit(ctx, f.c, f.o.Now)
	if err != nil {
		return err
	}
	defer nc.Close()
	f.reached = true
	reply, err := f.ask(ctx, nc)
	if err != nil {
		return err
	}
	f.prove(ctx, nc, reply.Nonce)
	if reply.Withdrawn > 0 {
		f.forget(reply.Withdrawn)
	}
	offer := reply.Offer
	f.result.Offered, f.result.Why = 0, ""
	if offer == nil {
		return nil
	}
	f.result.Offered = offer.Version
	switch run := f.o.Report; {
	case offer.Version <= run.Running || offer.Version < run.Floor:
		return fmt.Errorf("%w: it offers version %d to a device that runs %d", ErrLied, offer.Version, run.Running)
	case f.o.Refused != nil && f.o.Refused(offer.Version) && !offer.Again:
		f.result.Why = "this device refused it or took it back"
		return nil
	}
	return f.fetch(ctx, nc, *offer)
}

// ask reports and returns the hub's reply.
func (f *fetcher) ask(ctx context.Context, nc *nats.Conn) (Reply, error) {
	b, err := f.o.Report.Encode()
	if err != nil {
		return Reply{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, attestTimeout)
	defer cancel()
	answer, err := request(ctx, nc, ReportSubject(f.key), b)
	if err != nil {
		return Reply{}, cutError{fmt.Errorf("hub %s does not answer: %w", f.c.Address, err)}
	}
	reply, err := DecodeReply(answer)
	if err != nil {
		return Reply{}, fmt.Errorf("hub %s: %w: %w", f.c.Address, ErrLied, err)
	}
	return reply, nil
}

// prove answers the hub's question how this device was started. That it cannot be
// answered holds nothing up here: the hub sees that no answer comes.
func (f *fetcher) prove(ctx context.Context, nc *nats.Conn, nonce []byte) {
	if nonce == nil || f.o.Quote == nil {
		return
	}
	quote, err := f.o.Quote(ctx, bytes.Clone(nonce), f.key)
	if err == nil {
		_, err = askAttest(ctx, nc, f.key, AttestQuote, quote, AttestKept)
	}
	if err != nil {
		f.o.Log.Warn("fetch: the hub asked for a quote of the TPM and has none", "why", err)
	}
}
