package hub

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"golang.org/x/time/rate"

	"tenin/llm/redact"
	"tenin/storage/uplink"
)

// maxQueue is the most summaries that wait for the stream; more are put off.
const maxQueue = 32 * maxBatch

// waiting is a summary that is not yet in the stream, and who wants to know.
type waiting struct {
	entry
	day     day
	replies []string
}

// intake takes summaries from devices to the stream. Nothing is answered with
// "stored" before the stream has synced it.
//
// A message of the stream is a batch: whatever came while the batch before was
// being synced. So the more there is to do, the fewer syncs a summary takes.
type intake struct {
	h     *Hub
	reply func(subject string, b []byte)

	mu     sync.Mutex
	queue  []*waiting
	byID   map[redact.SummaryID]*waiting // in the queue or in the batch under way
	limits map[string]*rate.Limiter
	wake   chan struct{}

	noRoom  atomic.Bool
	stored  atomic.Uint64
	batches atomic.Uint64
}

func newIntake(h *Hub, reply func(string, []byte)) *intake {
	return &intake{h: h, reply: reply, byID: map[redact.SummaryID]*waiting{}, limits: map[string]*rate.Limiter{}, wake: make(chan struct{}, 1)}
}

// take handles a message of a device. The front calls it from one goroutine.
func (in *intake) take(m *nats.Msg) {
	key, ok := uplink.DeviceOf(m.Subject)
	if !ok {
		return
	}
	name, ok := in.h.registry.device(key)
	if _, _, guest := in.h.registry.guest(key); !ok && guest && uplink.IsReply(key, m.Reply) {
		in.reply(m.Reply, uplink.StatusRefused.Encode())
	}
	// Without a place for the answer, or with one that is not the device's own, it
	// gets none, and what is not answered need not be kept.
	if !ok || !uplink.IsReply(key, m.Reply) {
		return
	}
	if len(m.Data) == 0 {
		in.reply(m.Reply, uplink.EncodeHello(name))
		return
	}
	if !in.limit(key).Allow() || in.noRoom.Load() {
		in.reply(m.Reply, uplink.StatusLater.Encode())
		return
	}
	s, err := redact.Decode(m.Data, redact.AnyID())
	if err != nil {
		in.h.log.Warn("hub: a device sent what is no summary: it was refused", "device", name)
		in.reply(m.Reply, uplink.StatusRefused.Encode())
		return
	}
	if status := in.enqueue(name, s, m.Data, m.Reply); status != 0 {
		in.reply(m.Reply, status.Encode())
	}
}

// enqueue puts a summary in the queue, or returns the answer.
func (in *intake) enqueue(name string, s redact.Summary, payload []byte, reply string) uplink.Status {
	in.mu.Lock()
	defer in.mu.Unlock()
	if w := in.byID[s.ID()]; w != nil {
		if len(w.replies) < 4 {
			w.replies = append(w.replies, reply)
		}
		return 0
	}
	had, err := in.h.index.Load().has(filed{s.ID(), dayOf(s)})
	switch {
	case err != nil:
		in.h.log.Error("hub: the ledger cannot be read", "why", err)
		return uplink.StatusLater
	case had:
		return uplink.StatusHad
	case len(in.queue) >= maxQueue:
		return uplink.StatusLater
	}
	w := &waiting{entry{name, s.ID(), payload}, dayOf(s), []string{reply}}
	in.queue = append(in.queue, w)
	in.byID[s.ID()] = w
	select {
	case in.wake <- struct{}{}:
	default:
	}
	return 0
}

func (in *intake) limit(key string) *rate.Limiter {
	in.mu.Lock()
	defer in.mu.Unlock()
	l := in.limits[key]
	if l == nil {
		l = rate.NewLimiter(in.h.o.Rate, in.h.o.Burst)
		in.limits[key] = l
	}
	return l
}

// run brings batches to the stream until ctx is done.
func (in *intake) run(ctx context.Context) {
	healthy := true
	for {
		batch := in.next(ctx)
		if batch == nil {
			return
		}
		if !healthy {
			healthy = in.recover(ctx)
		}
		var err error
		if healthy {
			err = in.commit(ctx, batch)
		}
		if !healthy || err != nil {
			if err != nil {
				in.h.log.Error("hub: the stream does not take summaries; the devices keep them", "why", err)
			}
			healthy = false
			in.finish(batch, uplink.StatusLater)
			select {
			case <-ctx.Done():
				return
			case <-time.After(in.h.o.RetryPause):
			}
		}
	}
}

// recover opens the stream anew and brings the ledger up to it.
func (in *intake) recover(ctx context.Context) bool {
	if in.noRoom.Load() {
		return false
	}
	if err := in.h.reopen(ctx); err != nil {
		in.h.log.Error("hub: the stream is not available", "why", err)
		return false
	}
	in.h.log.Info("hub: the stream is back")
	return true
}

// next waits for a batch; nil when ctx is done.
func (in *intake) next(ctx context.Context) []*waiting {
	for {
		in.mu.Lock()
		n := min(len(in.queue), maxBatch)
		batch := in.queue[:n:n]
		in.queue = in.queue[n:]
		in.mu.Unlock()
		if n > 0 {
			return batch
		}
		select {
		case <-ctx.Done():
			return nil
		case <-in.wake:
		}
	}
}

// commit appends a batch to the stream and answers. When the stream has moved, by a
// publication that was thought lost or by another hub, the ledger catches up. What is
// known by then is left out: it may have become known while it waited.
func (in *intake) commit(ctx context.Context, batch []*waiting) error {
	for tries := 0; ; tries++ {
		if batch = in.without(batch); len(batch) == 0 {
			return nil
		}
		entries := make([]entry, len(batch))
		for i, w := range batch {
			entries[i] = w.entry
		}
		in.h.storeMu.Lock()
		err := in.h.store.append(ctx, encodeBatch(entries))
		if err == nil {
			ids := make([]filed, len(batch))
			for i, w := range batch {
				ids[i] = filed{w.id, w.day}
			}
			in.h.index.Load().add(in.h.store.last, ids)
		} else if errors.Is(err, errMoved) {
			err = in.h.catchUp(ctx)
			in.h.storeMu.Unlock()
			switch {
			case err != nil:
				return err
			case tries == 3:
				// Another hub is always faster; the devices come again.
				in.finish(batch, uplink.StatusLater)
				return nil
			}
			continue
		}
		in.h.storeMu.Unlock()
		if err != nil {
			return err
		}
		in.stored.Add(uint64(len(batch)))
		in.batches.Add(1)
		in.finish(batch, uplink.StatusStored)
		return nil
	}
}

// without answers for those of the batch that the ledger has by now, and returns
// the others.
func (in *intake) without(batch []*waiting) (rest []*waiting) {
	for _, w := range batch {
		if had, err := in.h.index.Load().has(filed{w.id, w.day}); err == nil && had {
			in.finish([]*waiting{w}, uplink.StatusHad)
		} else {
			rest = append(rest, w)
		}
	}
	return rest
}

// finish answers for a batch.
func (in *intake) finish(batch []*waiting, status uplink.Status) {
	in.mu.Lock()
	for _, w := range batch {
		delete(in.byID, w.id)
	}
	in.mu.Unlock()
	b := status.Encode()
	for _, w := range batch {
		for _, to := range w.replies {
			in.reply(to, b)
		}
	}
}

// watchRoom puts devices off while the disk is nearly full: JetStream itself goes
// on until a write fails, and takes nothing more after that.
func (in *intake) watchRoom(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		room, err := free(in.h.o.Dir)
		if low := err == nil && in.h.o.MinFree > 0 && room < uint64(in.h.o.MinFree); low != in.noRoom.Load() {
			in.noRoom.Store(low)
			in.h.log.Log(ctx, map[bool]slog.Level{true: slog.LevelError, false: slog.LevelInfo}[low], "hub: room on the disk", "enough", !low, "free_bytes", room)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
