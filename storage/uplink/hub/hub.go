package hub

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"golang.org/x/time/rate"

	"tenin/llm/redact"
	"tenin/storage/uplink"
)

// What a hub does unless told otherwise.
const (
	defaultMinFree    = 256 << 20
	defaultRate       = 50
	defaultBurst      = 1000
	defaultRetryPause = time.Second
)

// Options are a hub's.
type Options struct {
	// Dir is the hub's folder; it is made.
	Dir string
	// MustExist refuses to make a hub where there is none.
	MustExist bool
	// Listen is where devices connect, host:port; an empty host is every address,
	// port 0 any that is free. Empty means that nobody can connect.
	Listen string
	// NATS is the address of a cluster whose JetStream keeps the stream, instead of
	// the hub's own. Its server's setting sync_interval must be "always": a client
	// cannot see it.
	NATS        string
	NATSOptions []nats.Option
	// Replicas of the stream, when it is made in a cluster; 0 means 1.
	Replicas int
	Log      *slog.Logger
	// MinFree is how many bytes must stay free on the disk; 0 means 256 MiB, less
	// than 0 none.
	MinFree int64
	// Rate and Burst bound each device's messages a second.
	Rate  rate.Limit
	Burst int
	// RetryPause is the wait before a stream that failed is opened anew.
	RetryPause time.Duration
	// Bandwidth bounds the bytes a second by which all devices read bundles; 0: no bound.
	Bandwidth int64
	// Attestation judges devices' TPMs; nil: no device is bound to one.
	Attestation Attestation
	// Now is the clock for codes and rollouts; nil is the machine's.
	Now func() time.Time
}

// EnrolOptions say what a code is for.
type EnrolOptions struct {
	Name string
	// Valid is how long the code can be used.
	Valid time.Duration
	// Replace lets it take the place of a device that has the name.
	Replace bool
	// TPM lets in only a machine that is bound to its TPM.
	TPM bool
	// Roots are DER certificates of TPMs' makers, of which one must vouch for the
	// machine's TPM, which is then asked for; nil: a TPM is trusted when first seen.
	Roots [][]byte
}

// Hub is one hub. Its methods are safe for many goroutines.
type Hub struct {
	o         Options
	log       *slog.Logger
	lock      *os.File
	authority *authority
	registry  *registry
	index     atomic.Pointer[ledger]
	front     *front
	intake    *intake
	shelf     *shelf
	fleet     *fleet
	attester  *attester
	handout   *handout
	socket    net.Listener

	storeMu sync.Mutex
	store   *store
}

var _ Admin = (*Hub)(nil)

// Open takes the folder, makes what is missing in it, and brings the ledger up to
// the stream. It listens, but takes no summaries before Serve. The error wraps
// ErrInUse, ErrDamaged, ErrNotPrivate or ErrStore.
func Open(ctx context.Context, o Options) (h *Hub, err error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.MinFree == 0 {
		o.MinFree = defaultMinFree
	}
	if o.Rate == 0 {
		o.Rate = defaultRate
	}
	if o.Burst == 0 {
		o.Burst = defaultBurst
	}
	if o.RetryPause == 0 {
		o.RetryPause = defaultRetryPause
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	h = &Hub{o: o, log: o.Log}
	defer func() {
		if err != nil {
			_ = h.Close()
			h = nil
		}
	}()
	if o.MustExist {
		if _, err = os.Stat(filepath.Join(o.Dir, registryFile)); errors.Is(err, os.ErrNotExist) {
			return h, fmt.Errorf("hub folder %s: %w", o.Dir, ErrNoHub)
		}
	}
	if h.lock, err = lockFolder(o.Dir); err != nil {
		return h, err
	}
	var fresh bool
	if h.registry, fresh, err = openRegistry(o.Dir, o.Now); err != nil {
		return h, err
	}
	if h.authority, err = openAuthority(o.Dir, fresh); err != nil {
		return h, err
	}
	if fresh {
		if err = h.registry.create(); err != nil {
			return h, err
		}
	}
	if h.shelf, err = openShelf(o.Dir); err != nil {
		return h, err
	}
	if h.fleet, err = openFleet(o.Dir, h.registry, h.shelf, o.Log, o.Now); err != nil {
		return h, err
	}
	if err = h.reopen(ctx); err != nil {
		return h, err
	}
	if o.Listen != "" {
		if h.front, err = openFront(o.Listen, h.authority, h.registry, o.Log); err != nil {
			return h, err
		}
		reply := func(subject string, b []byte) { _ = h.front.nc.Publish(subject, b) }
		h.intake, h.attester, h.handout = newIntake(h, reply), newAttester(h, reply), newHandout(h, reply)
		if h.socket, err = uplink.ListenPeers(filepath.Join(o.Dir, socketFile)); err != nil {
			return h, err
		}
	}
	return h, nil
}

// reopen opens the stream, and brings the ledger up to it.
func (h *Hub) reopen(ctx context.Context) error {
	h.storeMu.Lock()
	defer h.storeMu.Unlock()
	if h.store == nil {
		h.store = &store{o: h.o, log: h.log}
	}
	if err := h.store.open(ctx); err != nil {
		return err
	}
	old := h.index.Load()
	if old == nil || !old.fits(h.store.mark, h.store.last) {
		if old != nil {
			// Whoever reads it now gets an error, and its device is put off.
			_ = old.close()
		}
		next, err := openLedger(filepath.Join(h.o.Dir, ledgerFile), h.store.mark, h.store.last, h.log)
		if err != nil {
			return err
		}
		h.index.Store(next)
	}
	return h.catchUp(ctx)
}

// catchUp adds to the ledger what the stream has and it does not. storeMu is held.
func (h *Hub) catchUp(ctx context.Context) error {
	if err := h.store.refresh(ctx); err != nil {
		return err
	}
	n := 0
	return h.store.scan(ctx, h.index.Load().upTo()+1, func(seq uint64, _ time.Time, b []byte) error {
		ids, err := idsOf(b)
		if err != nil {
			return fmt.Errorf("message %d: %w", seq, err)
		}
		h.index.Load().add(seq, ids)
		if n += len(ids); n > 1<<16 {
			n = 0
			return h.index.Load().flush()
		}
		return nil
	})
}

// flushLedger writes the ledger now and then until ctx is done.
func (h *Hub) flushLedger(ctx context.Context) {
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := h.index.Load().flush(); err != nil {
				h.log.Error("hub: the ledger cannot be written; the stream has it all", "why", err)
			}
		}
	}
}

// Address returns where devices connect; nil for a hub that does not listen.
func (h *Hub) Address() net.Addr {
	if h.front == nil {
		return nil
	}
	return h.front.server.Addr()
}

// Fingerprint returns that of the hub's authority, as codes name it.
func (h *Hub) Fingerprint() uplink.Fingerprint { return h.authority.fingerprint }

// Serve takes summaries, and answers the commands of this machine on DIR/hub.sock,
// until ctx is done; it returns nil then.
func (h *Hub) Serve(ctx context.Context) error {
	if h.front == nil {
		return errors.New("this hub does not listen")
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var workers sync.WaitGroup
	defer workers.Wait()
	defer cancel()
	workers.Go(func() { h.flushLedger(ctx) })
	workers.Go(func() { h.intake.watchRoom(ctx) })
	workers.Go(func() { h.intake.run(ctx) })
	workers.Go(func() { h.fleet.run(ctx) })
	if err := h.front.listen(map[string]func(*nats.Msg){
		uplink.AllSummaries: h.intake.take, uplink.AllAttests: h.attester.take,
		uplink.AllReports: h.handout.report, uplink.AllReads: h.handout.read,
	}); err != nil {
		return err
	}
	return serveAdmin(ctx, h)
}

// Close gives the folder back. Serve must have returned.
func (h *Hub) Close() error {
	var err error
	if h.socket != nil {
		_ = h.socket.Close()
	}
	if h.front != nil {
		h.front.close()
	}
	if l := h.index.Load(); l != nil {
		err = l.close()
	}
	if h.store != nil {
		h.store.close()
	}
	if h.shelf != nil {
		h.shelf.close()
	}
	if h.lock != nil {
		err = errors.Join(err, h.lock.Close())
	}
	return err
}

// Enrol implements Admin.
func (h *Hub) Enrol(_ context.Context, o EnrolOptions) (uplink.Code, time.Time, error) {
	roots := ""
	if len(o.Roots) > 0 {
		var err error
		if roots, err = h.keepRoots(o.Roots); err != nil {
			return uplink.Code{}, time.Time{}, err
		}
	}
	code := uplink.NewCode(h.authority.fingerprint)
	expires, err := h.registry.allow(code, o, roots)
	if err != nil {
		return uplink.Code{}, time.Time{}, err
	}
	return code, expires, nil
}

// Devices implements Admin.
func (h *Hub) Devices(context.Context) ([]Device, error) {
	list := h.registry.list()
	for i := range list {
		list[i].Connected = h.front != nil && list[i].Revoked.IsZero() && h.front.connected(list[i].Key)
	}
	return list, nil
}

// Revoke implements Admin.
func (h *Hub) Revoke(_ context.Context, name string) (int, error) {
	key, err := h.registry.revoke(name)
	if err != nil || h.front == nil {
		return 0, err
	}
	return h.front.gate.close(key), nil
}

// Summaries implements Admin. What comes while it reads may be left out.
func (h *Hub) Summaries(ctx context.Context, since time.Time, each func(Received) error) error {
	// A view of its own: the intake's moves on.
	h.storeMu.Lock()
	view := *h.store
	err := view.refresh(ctx)
	h.storeMu.Unlock()
	if err != nil {
		return err
	}
	from := uint64(1)
	if !since.IsZero() {
		if from, err = view.since(ctx, since); err != nil {
			return err
		}
	}
	return view.scan(ctx, from, func(seq uint64, at time.Time, b []byte) error {
		var list []Received
		err := decodeBatch(b, func(device string, s redact.Summary) { list = append(list, Received{seq, at, device, s}) })
		if err != nil {
			return fmt.Errorf("message %d: %w", seq, err)
		}
		for _, r := range list {
			if err := each(r); err != nil {
				return err
			}
		}
		return nil
	})
}
