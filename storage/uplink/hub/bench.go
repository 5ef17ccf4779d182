package hub

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"tenin/llm/redact"
	"tenin/storage/uplink"
)

// BenchOptions are how much a measurement does.
type BenchOptions struct {
	// Kiosks is how many devices send at once, each over its own TLS connection; 0
	// means 1,000.
	Kiosks int
	// Each is how many summaries every kiosk sends; 0 means 20.
	Each int
	// Window is how many of them are on the way at once; 0 means 4.
	Window int
	// Dir is where the hub's folder is made, which is removed in the end. It should be
	// on the disk that is to be measured. Empty means the folder for temporary files.
	Dir string
	// Progress is told how many kiosks have connected, or how many summaries are
	// acknowledged; it may be nil.
	Progress func(what string, done, total int)
}

// BenchReport is what was measured. Times are in milliseconds.
type BenchReport struct {
	CPUs      int `json:"cpus"`
	Kiosks    int `json:"kiosks"`
	Summaries int `json:"summaries"`
	// PerSecond is summaries that were acknowledged, from the first that was sent to
	// the last answer.
	PerSecond float64 `json:"summaries_per_second"`
	Seconds   float64 `json:"seconds"`
	// Ack is from the sending of a summary to its answer.
	Ack struct {
		P50 float64 `json:"p50"`
		P99 float64 `json:"p99"`
		Max float64 `json:"max"`
	} `json:"ack_ms"`
	// Batch is how many summaries a sync of the stream took on average.
	Batch float64 `json:"summaries_per_sync"`
	// Peer is summaries a second that JetStream acknowledges on the same disk in the
	// same run when each is a message of its own, sync always, 256 on the way.
	Peer  float64 `json:"peer"`
	Ratio float64 `json:"ratio"`
	// Connect is how long all kiosks took to connect.
	Connect float64 `json:"connect_seconds"`
	// Syncs is how many writes of 300 bytes a second the disk syncs, one after the other.
	Syncs float64 `json:"disk_syncs_per_second"`
	// CPU is how many cores this process kept busy while it sent, hub and kiosks together.
	CPU float64 `json:"cpu_cores"`
}

// Print writes the report for people.
func (r BenchReport) Print(w io.Writer) {
	fmt.Fprintf(w, "hub, %d kiosks over TLS, every answer after a sync, %d CPUs\n", r.Kiosks, r.CPUs)
	fmt.Fprintf(w, "  acknowledged   %8.0f summaries/s (%d in %.1f s)\n", r.PerSecond, r.Summaries, r.Seconds)
	fmt.Fprintf(w, "  answer after   %8.0f ms p50, %.0f ms p99, %.0f ms at most\n", r.Ack.P50, r.Ack.P99, r.Ack.Max)
	fmt.Fprintf(w, "  a sync takes   %8.0f summaries along; the disk syncs %.0f times a second\n", r.Batch, r.Syncs)
	fmt.Fprintf(w, "  busy           %8.1f cores, hub and kiosks together\n", r.CPU)
	fmt.Fprintf(w, "  one by one     %8.0f summaries/s by plain JetStream: we do %.1f times as many\n", r.Peer, r.Ratio)
	fmt.Fprintf(w, "  connecting     %8.1f s for all\n", r.Connect)
}

// Bench measures a real hub with real connections, all in this process.
func Bench(ctx context.Context, o BenchOptions) (BenchReport, error) {
	o.Kiosks, o.Each, o.Window = or(o.Kiosks, 1000), or(o.Each, 20), or(o.Window, 4)
	if o.Progress == nil {
		o.Progress = func(string, int, int) {}
	}
	r := BenchReport{CPUs: runtime.GOMAXPROCS(0), Kiosks: o.Kiosks, Summaries: o.Kiosks * o.Each}
	dir, err := os.MkdirTemp(o.Dir, "tenin-hub-*")
	if err != nil {
		return r, err
	}
	defer os.RemoveAll(dir)
	if r.Syncs, err = syncsPerSecond(filepath.Join(dir, "probe")); err != nil {
		return r, err
	}
	if r.Peer, err = benchPeer(ctx, filepath.Join(dir, "peer")); err != nil {
		return r, err
	}
	if err := benchHub(ctx, o, filepath.Join(dir, "hub"), &r); err != nil {
		return r, err
	}
	r.Ratio = r.PerSecond / r.Peer
	return r, nil
}

func or(v, otherwise int) int {
	if v <= 0 {
		return otherwise
	}
	return v
}

// benchHub runs the hub and its kiosks.
func benchHub(ctx context.Context, o BenchOptions, dir string, r *BenchReport) error {
	h, err := Open(ctx, Options{Dir: dir, Listen: "127.0.0.1:0", Rate: rate.Inf, Burst: 1, MinFree: -1, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	serving, stop := context.WithCancel(ctx)
	served := make(chan error, 1)
	go func() { served <- h.Serve(serving) }()
	defer func() {
		stop()
		<-served
		_ = h.Close()
	}()
	fleet, err := uplink.NewFleet(ctx, uplink.FleetOptions{
		Size: o.Kiosks, Address: h.Address().String(), Window: o.Window,
		Enrol: h.adopt, Progress: func(n int) { o.Progress("connecting", n, o.Kiosks) },
	})
	if err != nil {
		return err
	}
	defer fleet.Close()
	r.Connect = fleet.Connected.Seconds()

	loads := make([][]redact.Summary, o.Kiosks)
	for i := range loads {
		for range o.Each {
			s, err := redact.NewSummary(redact.Facts{At: time.Now(), Kind: redact.KindApproved, Language: redact.Japanese, Channel: redact.Voice, Score: 0.8, Total: 8 * time.Second})
			if err != nil {
				return err
			}
			loads[i] = append(loads[i], s)
		}
	}
	cpu := cpuSeconds()
	start := time.Now()
	acks, err := fleet.Send(ctx, loads, func(n int) { o.Progress("sending", n, r.Summaries) })
	if err != nil {
		return err
	}
	r.Seconds = time.Since(start).Seconds()
	r.CPU = (cpuSeconds() - cpu) / r.Seconds
	r.PerSecond = float64(r.Summaries) / r.Seconds
	slices.Sort(acks)
	at := func(share float64) float64 {
		return acks[min(len(acks)-1, int(share*float64(len(acks))))].Seconds() * 1000
	}
	r.Ack.P50, r.Ack.P99, r.Ack.Max = at(0.5), at(0.99), at(1)
	r.Batch = float64(h.intake.stored.Load()) / math.Max(1, float64(h.intake.batches.Load()))

	kept := 0
	if err := h.Summaries(ctx, time.Time{}, func(Received) error { kept++; return nil }); err != nil {
		return err
	}
	if kept != r.Summaries {
		return fmt.Errorf("%d summaries were acknowledged and %d kept: the figures mean nothing", r.Summaries, kept)
	}
	return nil
}

// benchPeer publishes each summary as a message of its own to JetStream with sync
// always, 256 on the way, without TLS and without devices.
func benchPeer(ctx context.Context, dir string) (float64, error) {
	s := &store{o: Options{Dir: dir}, log: slog.New(slog.DiscardHandler)}
	if err := s.open(ctx); err != nil {
		return 0, err
	}
	defer s.close()
	const on, most = 256, 3 * time.Second
	payload := make([]byte, 300)
	gate := make(chan struct{}, on)
	var group sync.WaitGroup
	var mu sync.Mutex
	var failed error
	n, start := 0, time.Now()
	for time.Since(start) < most && ctx.Err() == nil {
		gate <- struct{}{}
		ack, err := s.js.PublishAsync(streamSubject, payload)
		if err != nil {
			return 0, err
		}
		n++
		group.Go(func() {
			defer func() { <-gate }()
			select {
			case <-ack.Ok():
			case err := <-ack.Err():
				mu.Lock()
				failed = errors.Join(failed, err)
				mu.Unlock()
			}
		})
	}
	group.Wait()
	return float64(n) / time.Since(start).Seconds(), errors.Join(failed, ctx.Err())
}

// syncsPerSecond writes 300 bytes and syncs them, for a second.
func syncsPerSecond(path string) (float64, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_SYNC, 0o600)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	n, start := 0, time.Now()
	for b := make([]byte, 300); time.Since(start) < time.Second; n++ {
		if _, err := f.Write(b); err != nil {
			return 0, err
		}
	}
	return float64(n) / time.Since(start).Seconds(), nil
}

// adopt lets a device in by its key, without a code, for a measurement.
func (h *Hub) adopt(names, keys []string) error {
	h.registry.mu.Lock()
	defer h.registry.mu.Unlock()
	now := h.o.Now().UTC()
	return h.registry.change(func(f *registryJSON) error {
		for i := range names {
			f.Devices = append(f.Devices, deviceJSON{Name: names[i], Key: keys[i], Joined: now})
		}
		return nil
	})
}
