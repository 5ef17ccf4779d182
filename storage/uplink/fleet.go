package uplink

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"tenin/llm/redact"
)

// FleetOptions are a fleet's.
type FleetOptions struct {
	Size    int
	Address string // of the hub
	Window  int    // summaries on the way from one kiosk
	// Enrol makes the hub take these devices; names[i] has keys[i].
	Enrol    func(names, keys []string) error
	Progress func(connected int)
}

// Fleet is many simulated kiosks in one process, for measurements: each has a key
// and a TLS connection of its own, and none an outbox.
type Fleet struct {
	// Connected is how long it took all to connect.
	Connected time.Duration
	window    int
	kiosks    []*simulated
}

type simulated struct {
	key     string
	nc      *nats.Conn
	session string
	replies chan *nats.Msg
}

// NewFleet enrols and connects the kiosks, some at a time.
func NewFleet(ctx context.Context, o FleetOptions) (*Fleet, error) {
	f := &Fleet{window: max(1, o.Window), kiosks: make([]*simulated, o.Size)}
	all := make([]Credentials, o.Size)
	names, keys := make([]string, o.Size), make([]string, o.Size)
	for i := range all {
		all[i] = Credentials{Address: o.Address, Seed: Seed{make([]byte, seedSize)}}
		_, _ = rand.Read(all[i].Seed.b)
		var err error
		if keys[i], err = all[i].Key(); err != nil {
			return nil, err
		}
		names[i] = fmt.Sprintf("kiosk-%d", i)
	}
	if err := o.Enrol(names, keys); err != nil {
		return nil, err
	}
	start := time.Now()
	var group sync.WaitGroup
	var done atomic.Int64
	errs := make([]error, o.Size)
	slots := make(chan struct{}, 16)
	for i := range f.kiosks {
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			if f.kiosks[i], errs[i] = simulate(ctx, all[i], keys[i], f.window); errs[i] == nil && o.Progress != nil {
				o.Progress(int(done.Add(1)))
			}
		})
	}
	group.Wait()
	f.Connected = time.Since(start)
	if err := errors.Join(errs...); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func simulate(ctx context.Context, c Credentials, key string, window int) (*simulated, error) {
	// A measurement's hub lives in the same process: its authority is not in doubt.
	d := &dialer{ctx: ctx, address: c.Address, config: pinned(func(*x509.Certificate) bool { return true }, nil, nil)}
	nc, err := connect(c, d)
	if err != nil {
		return nil, err
	}
	s := &simulated{key: key, nc: nc, session: Inbox(key) + ".s", replies: make(chan *nats.Msg, 2*window)}
	if _, err := nc.ChanSubscribe(s.session+".*", s.replies); err != nil {
		nc.Close()
		return nil, err
	}
	return s, nc.Flush()
}

// Send sends loads[i] from kiosk i, all at once, and returns how long each summary
// took to be acknowledged. A summary that is put off is sent again.
func (f *Fleet) Send(ctx context.Context, loads [][]redact.Summary, progress func(acked int)) ([]time.Duration, error) {
	var group sync.WaitGroup
	var done atomic.Int64
	took := make([][]time.Duration, len(loads))
	errs := make([]error, len(loads))
	for i, load := range loads {
		group.Go(func() {
			took[i], errs[i] = f.kiosks[i].send(ctx, load, f.window, func() {
				if n := done.Add(1); n%256 == 0 && progress != nil {
					progress(int(n))
				}
			})
		})
	}
	group.Wait()
	var all []time.Duration
	for _, t := range took {
		all = append(all, t...)
	}
	return all, errors.Join(errs...)
}

func (s *simulated) send(ctx context.Context, load []redact.Summary, window int, acked func()) (took []time.Duration, err error) {
	type sent struct {
		at      time.Time
		payload []byte
	}
	flying := map[redact.SummaryID]sent{}
	for len(load) > 0 || len(flying) > 0 {
		for len(load) > 0 && len(flying) < window {
			m := sent{time.Now(), load[0].Encode()}
			flying[load[0].ID()] = m
			if err := s.nc.PublishRequest(Subject(s.key), replyTo(s.session, load[0].ID()), m.payload); err != nil {
				return took, err
			}
			load = load[1:]
		}
		select {
		case <-ctx.Done():
			return took, ctx.Err()
		case <-time.After(2 * ackTimeout):
			return took, errSilent
		case reply := <-s.replies:
			id, ok := repliedTo(s.session, reply.Subject)
			m, mine := flying[id]
			if !ok || !mine {
				continue
			}
			switch status, _, _ := DecodeStatus(reply.Data); status {
			case StatusStored, StatusHad:
				took = append(took, time.Since(m.at))
				delete(flying, id)
				acked()
			case StatusLater:
				if err := s.nc.PublishRequest(Subject(s.key), replyTo(s.session, id), m.payload); err != nil {
					return took, err
				}
			default:
				return took, redact.ErrSummary
			}
		}
	}
	return took, nil
}

// Close ends all connections.
func (f *Fleet) Close() {
	for _, k := range f.kiosks {
		if k != nil {
			k.nc.Close()
		}
	}
}
