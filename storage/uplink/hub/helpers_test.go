package hub

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"tenin/llm/redact"
	"tenin/storage/uplink"
)

// box is an outbox in memory that counts what is acknowledged.
type box struct {
	mu    sync.Mutex
	held  map[[16]byte][]byte
	acked map[[16]byte]int
	empty chan struct{} // closed when nothing is left
}

func newBox(list ...redact.Summary) *box {
	b := &box{held: map[[16]byte][]byte{}, acked: map[[16]byte]int{}, empty: make(chan struct{})}
	b.put(list...)
	return b
}

func (b *box) put(list ...redact.Summary) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range list {
		b.held[s.ID()] = s.Encode()
	}
	if len(list) > 0 {
		b.empty = make(chan struct{})
	}
}

func (b *box) Pending(_ context.Context, n int) (list []uplink.Message, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, p := range b.held {
		if len(list) == n {
			break
		}
		list = append(list, uplink.Message{ID: id, Payload: p})
	}
	return list, nil
}

func (b *box) Ack(_ context.Context, id [16]byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.held, id)
	b.acked[id]++
	if len(b.held) == 0 {
		select {
		case <-b.empty:
		default:
			close(b.empty)
		}
	}
	return nil
}

func (b *box) left() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.held)
}

func (b *box) drained(t testing.TB) {
	t.Helper()
	b.mu.Lock()
	empty := b.empty
	b.mu.Unlock()
	select {
	case <-empty:
	case <-time.After(60 * time.Second):
		t.Fatalf("%d messages are still in the outbox", b.left())
	}
}

// someSummaries returns n different summaries.
func someSummaries(t testing.TB, n int) []redact.Summary {
	t.Helper()
	list := make([]redact.Summary, n)
	for i := range list {
		topic, err := redact.AnyID().ID(fmt.Sprintf("topic-%d", i%7))
		if err != nil {
			t.Fatal(err)
		}
		list[i], err = redact.NewSummary(redact.Facts{
			At: time.Date(2026, 11, 1+i%20, i%24, 0, 0, 0, time.UTC), Kind: redact.KindApproved, Topic: topic,
			Language: redact.Japanese, Channel: redact.Voice, Score: 0.9, Total: 5 * time.Second,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return list
}

// open returns a hub on dir, whose Serve runs until the returned function stops it.
func open(t testing.TB, o Options) (*Hub, func()) {
	t.Helper()
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	if o.MinFree == 0 {
		o.MinFree = -1
	}
	if o.Rate == 0 {
		o.Rate, o.Burst = 1e6, 1e6
	}
	if o.RetryPause == 0 {
		o.RetryPause = 20 * time.Millisecond
	}
	h, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- h.Serve(ctx) }()
	var once sync.Once
	stop := func() {
		once.Do(func() {
			cancel()
			if err := <-served; err != nil {
				t.Errorf("serve: %v", err)
			}
			if err := h.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
		})
	}
	t.Cleanup(stop)
	return h, stop
}

// join enrols a device.
func join(t testing.TB, h *Hub, name string) uplink.Credentials {
	t.Helper()
	code, _, err := h.Enrol(t.Context(), EnrolOptions{Name: name, Valid: time.Minute, Replace: true})
	if err != nil {
		t.Fatal(err)
	}
	c, err := uplink.Join(t.Context(), uplink.JoinOptions{Code: code, Address: h.Address().String(), Path: filepath.Join(t.TempDir(), "hub")})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// send runs a sender until the returned function stops it.
func send(t testing.TB, c uplink.Credentials, b uplink.Outbox, o uplink.SenderOptions) (stop func()) {
	t.Helper()
	if o.Interval == 0 {
		o.Interval = 20 * time.Millisecond
	}
	if o.FirstPause == 0 {
		o.FirstPause, o.LongestPause = 5*time.Millisecond, 100*time.Millisecond
	}
	if o.Rate == 0 {
		o.Rate, o.Burst = 1e6, 1e6
	}
	s, err := uplink.NewSender(c, o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx, b) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-done; !errors.Is(err, context.Canceled) {
				t.Errorf("the sender ended: %v", err)
			}
		})
	}
	t.Cleanup(stop)
	return stop
}

// stored returns how often each id is in the hub's stream.
func stored(t testing.TB, h *Hub) map[redact.SummaryID]int {
	t.Helper()
	count := map[redact.SummaryID]int{}
	if err := h.Summaries(t.Context(), time.Time{}, func(r Received) error { count[r.Summary.ID()]++; return nil }); err != nil {
		t.Fatal(err)
	}
	return count
}

// hasOnce fails unless the hub has each of list just once, and nothing else.
func hasOnce(t testing.TB, h *Hub, list []redact.Summary) {
	t.Helper()
	count := stored(t, h)
	for _, s := range list {
		id := s.ID()
		if n := count[id]; n != 1 {
			t.Errorf("summary %s is there %d times", hex.EncodeToString(id[:4]), n)
		}
	}
	if len(count) != len(list) {
		t.Errorf("%d summaries are there, %d were sent", len(count), len(list))
	}
}
