package uplink

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"golang.org/x/time/rate"

	"tenin/llm/redact"
)

// What a Sender does unless told otherwise. A shop's kiosk makes some hundred
// summaries a day; a day's worth goes out in a minute at this rate.
const (
	defaultWindow   = 64
	defaultInterval = 20 * time.Second
	defaultRate     = 20
	defaultBurst    = 200
	ackTimeout      = 15 * time.Second
	firstPause      = time.Second
	longestPause    = 2 * time.Minute
	// maxSkipped bounds what a Sender remembers of messages that it must not send.
	maxSkipped = 4096
)

// SenderOptions change how a Sender works. The zero value is for a kiosk.
type SenderOptions struct {
	Log *slog.Logger
	// Interval is how often the outbox is looked into when nothing waits; it varies
	// by half, so that the moment of sending says little about the moment of a talk.
	Interval time.Duration
	// Window is the most messages sent and not yet answered.
	Window int
	// Rate and Burst bound the messages a second, so that not much can be told by
	// them, whoever fills the outbox.
	Rate  rate.Limit
	Burst int
	// FirstPause and LongestPause bound the pauses after a failure.
	FirstPause, LongestPause time.Duration
	// Known is what ids of the shop's knowledge may be named; nil is every
	// well-formed one.
	Known *redact.IDSet
	// Tap gets a copy of all that is sent, before it is encrypted. For tests.
	Tap io.Writer
	// Now is the clock for the hub's certificate; nil is the machine's.
	Now func() time.Time
}

// Sender brings an outbox's messages to the hub. One goroutine runs it.
type Sender struct {
	c       Credentials
	key     string
	o       SenderOptions
	limit   *rate.Limiter
	skipped map[[16]byte]bool
}

// NewSender returns a Sender to the hub of c.
func NewSender(c Credentials, o SenderOptions) (*Sender, error) {
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("credentials: %w", err)
	}
	key, err := c.Key()
	if err != nil {
		return nil, err
	}
	o.Window = def(o.Window, defaultWindow)
	o.Interval = def(o.Interval, defaultInterval)
	o.Rate = def(o.Rate, defaultRate)
	o.Burst = def(o.Burst, defaultBurst)
	o.FirstPause = def(o.FirstPause, firstPause)
	o.LongestPause = def(o.LongestPause, longestPause)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Known == nil {
		o.Known = redact.AnyID()
	}
	return &Sender{c: c, key: key, o: o, limit: rate.NewLimiter(o.Rate, o.Burst), skipped: map[[16]byte]bool{}}, nil
}

func def[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// Run sends what box holds until ctx is done, and returns ctx's error. Nothing
// else ends it: a hub that is away, refuses the device or is another one is tried
// again after a pause, since all three can be put right there.
func (s *Sender) Run(ctx context.Context, box Outbox) error {
	d := &dialer{ctx: ctx, address: s.c.Address, config: pinned(trustOnly(s.c.Authority), nil, s.o.Now), tap: s.o.Tap}
	wake := make(chan struct{}, 1)
	down := make(chan struct{}, 1)
	signal := func(c chan struct{}) {
		select {
		case c <- struct{}{}:
		default:
		}
	}
	// Every reason is told once, not at each try. The callbacks of nats.go run in a
	// goroutine of its own.
	var mu sync.Mutex
	var last string
	tell := func(what string) {
		mu.Lock()
		defer mu.Unlock()
		if what != last && what != "" {
			s.o.Log.Warn("uplink: " + what + "; what was not sent is kept")
		}
		last = what
	}
	trouble := func(err error) {
		what := "the hub cannot be reached"
		switch {
		case isOtherHub(d.lastError()):
			what = "another hub answers: nothing is sent to it"
		case errors.Is(err, nats.ErrAuthorization):
			what = "the hub refuses this device: enrol it anew if that is not meant"
		}
		tell(what)
	}
	nc, err := connect(s.c, d,
		nats.Name(s.c.Device),
		nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1), nats.IgnoreAuthErrorAbort(),
		nats.CustomReconnectDelay(func(tries int) time.Duration { return s.pause(tries) }),
		nats.ConnectHandler(func(*nats.Conn) { signal(wake) }),
		nats.ReconnectHandler(func(*nats.Conn) { signal(wake) }),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) { trouble(err); signal(down) }),
		nats.ReconnectErrHandler(func(_ *nats.Conn, err error) { trouble(err) }),
	)
	if err != nil {
		return fmt.Errorf("uplink: %w", err)
	}
	defer nc.Close()
	session := Inbox(s.key) + "." + nats.NewInbox()[len(nats.InboxPrefix):]
	replies := make(chan *nats.Msg, 16*s.o.Window)
	sub, err := nc.ChanSubscribe(session+".*", replies)
	if err != nil {
		return fmt.Errorf("uplink: %w", err)
	}
	defer func() { _ = sub.Unsubscribe() }()

	for failures := 0; ; {
		wait := s.o.Interval/2 + rand.N(s.o.Interval)
		if !nc.IsConnected() {
			// A connection wakes us.
		} else if n, err := s.round(ctx, nc, box, session, replies, down); ctx.Err() != nil {
			return ctx.Err()
		} else if err != nil {
			failures++
			wait = s.pause(failures)
			tell(err.Error())
		} else {
			failures = 0
			tell("")
			if n >= s.o.Window {
				wait = 0
			}
		}
		if wait > 0 {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-wake:
				// The thousand kiosks of a hub that came back do not all speak at once.
				wait = rand.N(s.o.FirstPause)
				select {
				case <-ctx.Done():
					return ctx.Err()
				case <-time.After(wait):
				}
			case <-time.After(wait):
			}
		}
	}
}

// pause returns a random time up to a bound that doubles with each failure.
func (s *Sender) pause(failures int) time.Duration {
	bound := s.o.FirstPause
	for i := 1; i < failures && bound < s.o.LongestPause; i++ {
		bound *= 2
	}
	bound = min(bound, s.o.LongestPause)
	return bound/4 + rand.N(bound*3/4+1)
}

var (
	errBusy   = errors.New("the hub asked to wait")
	errSilent = errors.New("the hub did not answer in time")
	errDown   = errors.New("the connection was lost")
	errBox    = errors.New("the outbox cannot be read or written")
)

// round sends at most a window of messages and waits for the answers. It returns
// how many were acknowledged, and why not all were. An error of the outbox may name
// anything, so it is told by its kind only.
func (s *Sender) round(ctx context.Context, nc *nats.Conn, box Outbox, session string, replies <-chan *nats.Msg, down <-chan struct{}) (int, error) {
	// What is left of an earlier round that was broken off would fill the channel.
	for stale := true; stale; {
		select {
		case <-down:
		case <-replies:
		default:
			stale = false
		}
	}
	// Those that must not be sent stay in the outbox, and must not hide the others.
	pending, err := box.Pending(ctx, s.o.Window+len(s.skipped))
	if err != nil {
		return 0, errBox
	}
	waiting := make(map[redact.SummaryID]bool, s.o.Window)
	for _, m := range pending {
		if len(waiting) == s.o.Window {
			break
		}
		if s.skipped[m.ID] {
			continue
		}
		if _, err := check(m, s.o.Known); err != nil {
			s.skip(m.ID, "a message of the outbox is no summary: it is not sent, and should not be there")
			continue
		}
		if err := s.limit.Wait(ctx); err != nil {
			return 0, err
		}
		if err := nc.PublishRequest(Subject(s.key), replyTo(session, m.ID), m.Payload); err != nil {
			return 0, errDown
		}
		waiting[m.ID] = true
	}
	timeout := time.NewTimer(ackTimeout)
	defer timeout.Stop()
	done, busy := 0, false
	for len(waiting) > 0 {
		select {
		case <-ctx.Done():
			return done, ctx.Err()
		case <-down:
			return done, errDown
		case <-timeout.C:
			return done, errSilent
		case reply := <-replies:
			id, ok := repliedTo(session, reply.Subject)
			if !ok || !waiting[id] {
				continue // an answer to an earlier round, or none of ours
			}
			status, _, ok := DecodeStatus(reply.Data)
			if isNobody(reply) {
				status = StatusLater
			} else if !ok {
				continue
			}
			delete(waiting, id)
			switch status {
			case StatusStored, StatusHad:
				if err := box.Ack(ctx, id); err != nil {
					return done, errBox
				}
				done++
			case StatusRefused:
				s.skip(id, "the hub refuses a summary: it is kept here; its program may be older than this one")
			default:
				busy = true
			}
		}
	}
	if busy {
		return done, errBusy
	}
	return done, nil
}

// isNobody reports whether the server answered that nobody listens: the hub is just
// starting or stopping.
func isNobody(m *nats.Msg) bool { return len(m.Data) == 0 && m.Header.Get("Status") == "503" }

// skip remembers a message that is not to be sent in this run.
func (s *Sender) skip(id [16]byte, why string) {
	if len(s.skipped) < maxSkipped {
		s.skipped[id] = true
	}
	s.o.Log.Error("uplink: "+why, "skipped", len(s.skipped))
}
