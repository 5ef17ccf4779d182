package uplink

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"golang.org/x/time/rate"
)

const (
	// chunkTimeout is how long nothing of a bundle may come. A hub puts devices off
	// while it is busy, so it is longer than a question's.
	chunkTimeout = 2 * time.Minute
	laterPause   = 200 * time.Millisecond
)

// forget throws away what was fetched of a version.
func (f *fetcher) forget(version int64) {
	prefix := fmt.Sprintf(".tenin_%d-", version)
	if err := dropParts(f.o.Folder, func(name string) bool { return strings.HasPrefix(name, prefix) }); err != nil {
		f.o.Log.Warn("fetch: what was fetched of a version that was withdrawn is still there", "version", version, "why", err)
	}
}

// fetch brings an offered bundle into the folder.
func (f *fetcher) fetch(ctx context.Context, nc *nats.Conn, o Offer) error {
	if _, err := os.Lstat(filepath.Join(f.o.Folder, bundleName(o.Version))); err == nil {
		f.result.Why = "it is in the drop folder already"
		return nil
	}
	p, err := openPart(f.o.Folder, o, f.o.Budget, f.o.Now)
	if err != nil {
		return err
	}
	defer p.close()
	if f.result.Bytes == 0 {
		f.result.Resumed = p.have
	}
	if err := f.chunks(ctx, nc, p); err != nil {
		// What came is not fetched again.
		if syncErr := p.sync(); syncErr != nil {
			return syncErr
		}
		return err
	}
	f.result.Path, err = p.finish()
	return err
}

// chunks reads what is missing, with some questions on the way. Every answer must
// have just the bytes that were asked for, so it ends.
func (f *fetcher) chunks(ctx context.Context, nc *nats.Conn, p *part) error {
	session := Inbox(f.key) + "." + nats.NewInbox()[len(nats.InboxPrefix):]
	replies := make(chan *nats.Msg, 4*fetchWindow)
	sub, err := nc.ChanSubscribe(session+".*", replies)
	if err != nil {
		return cutError{err}
	}
	defer func() { _ = sub.Unsubscribe() }()
	// nats.go tells of a lost connection by closing it, as it may not reconnect here.
	down := make(chan struct{})
	nc.SetClosedHandler(func(*nats.Conn) { close(down) })
	if nc.IsClosed() {
		return errCut
	}
	limit := rate.NewLimiter(rate.Limit(f.o.Rate), max(int(f.o.Rate), MaxChunk))
	size := p.offer.Size
	length := func(offset int64) int { return int(min(MaxChunk, size-offset)) }
	ask := func(offset int64) error {
		n := length(offset)
		if err := p.spend(int64(n)); err != nil {
			return err
		}
		if err := limit.WaitN(ctx, n); err != nil {
			return err
		}
		if err := nc.PublishRequest(ReadSubject(f.key), session+"."+strconv.FormatInt(offset, 10), Read{p.offer.Version, offset, n}.Encode()); err != nil {
			return cutError{err}
		}
		return nil
	}
	waiting := map[int64][]byte{} // by offset; nil: on the way
	var later []int64             // of them, those that the hub put off
	var again <-chan time.Time    // when they are asked for again
	next := p.have                // what is asked for next
	quiet := time.NewTimer(chunkTimeout)
	defer quiet.Stop()
	for p.have < size {
		for len(later) == 0 && next < size && len(waiting) < fetchWindow {
			if err := ask(next); err != nil {
				return err
			}
			waiting[next] = nil
			next += int64(length(next))
		}
		var m *nats.Msg
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-down:
			return errCut
		case <-quiet.C:
			return cutError{errors.New("the hub sends nothing more of the bundle")}
		case <-again:
			for _, offset := range later {
				if err := ask(offset); err != nil {
					return err
				}
			}
			later, again = nil, nil
			continue
		case m = <-replies:
		}
		offset, ok := offsetOf(session, m.Subject)
		have, asked := waiting[offset]
		if !ok || !asked || have != nil || slices.Contains(later, offset) || len(m.Data) == 0 && !isNobody(m) {
			continue // not an answer of ours, or a second one
		}
		kind := ChunkLater
		if !isNobody(m) {
			kind = Chunk(m.Data[0])
		}
		switch kind {
		case ChunkLater:
			p.memory.Spent -= int64(length(offset)) // nothing came
			if later = append(later, offset); again == nil {
				again = time.After(laterPause)
			}
			continue
		case ChunkNo:
			return ErrWithdrawn
		case ChunkData:
		default:
			return fmt.Errorf("%w: its answer is not understood", ErrLied)
		}
		if len(m.Data) != 1+length(offset) {
			return fmt.Errorf("%w: it sent %d bytes where %d were asked for", ErrLied, len(m.Data)-1, length(offset))
		}
		waiting[offset] = m.Data[1:]
		for b := waiting[p.have]; b != nil; b = waiting[p.have] {
			delete(waiting, p.have)
			if err := p.add(b); err != nil {
				return err
			}
			f.result.Bytes += int64(len(b))
		}
		quiet.Reset(chunkTimeout)
		if f.o.Progress != nil {
			f.o.Progress(p.have, size)
		}
	}
	return nil
}

// offsetOf returns what an answer is to.
func offsetOf(session, subject string) (int64, bool) {
	text, ok := strings.CutPrefix(subject, session+".")
	offset, err := strconv.ParseInt(text, 10, 64)
	return offset, ok && err == nil && offset >= 0
}
