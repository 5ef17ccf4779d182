package hub

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"

	"tenin/llm/redact"
)

// The stream.
const (
	streamName    = "TENIN_SUMMARIES"
	streamSubject = "tenin.summaries"
	// streamMark is the metadata by which a stream that was made anew is known.
	streamMark   = "tenin-stream"
	storeTimeout = 20 * time.Second
	startTimeout = 30 * time.Second
)

// errMoved means that the stream has more in it than this hub knew.
var errMoved = errors.New("the stream has moved on")

// store is the stream: in a server of our own in this process, which nobody can
// connect to and which syncs every write, or in a cluster.
type store struct {
	o   Options
	log *slog.Logger

	server *server.Server // nil for a cluster
	nc     *nats.Conn
	js     jetstream.JetStream
	stream jetstream.Stream
	mark   string // which stream it is
	first  uint64
	last   uint64 // its last sequence number, as far as this hub knows
}

// open connects to the stream and makes it if there is none.
func (s *store) open(ctx context.Context) (err error) {
	s.close()
	defer func() {
		if err != nil {
			s.close()
			err = fmt.Errorf("%w: %w", ErrStore, err)
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	options := []nats.Option{
		nats.Name("tenin-hub"), nats.MaxReconnects(-1), nats.Timeout(10 * time.Second), nats.ReconnectBufSize(-1),
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}),
	}
	if s.o.NATS == "" {
		if err := s.serve(); err != nil {
			return err
		}
		options = append(options, nats.InProcessServer(s.server))
	}
	if s.nc, err = nats.Connect(s.o.NATS, append(options, s.o.NATSOptions...)...); err != nil {
		return err
	}
	if s.js, err = jetstream.New(s.nc); err != nil {
		return err
	}
	s.stream, err = s.js.Stream(ctx, streamName)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		s.stream, err = s.js.CreateStream(ctx, jetstream.StreamConfig{
			Name: streamName, Subjects: []string{streamSubject}, Description: "what kiosks were asked, without a word of it",
			Storage: jetstream.FileStorage, Retention: jetstream.LimitsPolicy, Replicas: max(1, s.o.Replicas),
			DenyDelete: true, Metadata: map[string]string{streamMark: nuid.Next()},
		})
	}
	if err != nil {
		return err
	}
	info, err := s.stream.Info(ctx)
	if err != nil {
		return err
	}
	s.mark = info.Config.Metadata[streamMark]
	if s.mark == "" || info.Config.Storage != jetstream.FileStorage {
		return fmt.Errorf("the stream %s is not one that a hub made", streamName)
	}
	s.first, s.last = info.State.FirstSeq, info.State.LastSeq
	return nil
}

// serve starts the server in this process. It has no listener.
func (s *store) serve() error {
	dir := filepath.Join(s.o.Dir, streamFolder)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	srv, err := server.NewServer(&server.Options{
		ServerName: "tenin-hub-store", DontListen: true, NoSigs: true, NoLog: true,
		JetStream: true, StoreDir: dir, SyncAlways: true, DisableJetStreamBanner: true,
		JetStreamMaxMemory: 64 << 20,
		// The disk is watched by Options.MinFree, and in bytes that are free rather
		// than in a share of what was free at the start.
		JetStreamMaxStore: 1 << 50,
		MaxPayload:        2 * maxBatchBytes,
	})
	if err != nil {
		return err
	}
	srv.SetLoggerV2(natsLog{s.log, "store"}, false, false, false)
	s.server = srv
	go srv.Start()
	if !srv.ReadyForConnections(startTimeout) || !srv.JetStreamEnabled() {
		return errors.New("JetStream does not start: see the log")
	}
	return nil
}

// refresh asks for the stream's last sequence number. It fails when the stream was
// made anew since.
func (s *store) refresh(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	info, err := s.stream.Info(ctx)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrStore, err)
	}
	if info.Config.Metadata[streamMark] != s.mark {
		return fmt.Errorf("%w: it was replaced by another", ErrStore)
	}
	s.first, s.last = info.State.FirstSeq, info.State.LastSeq
	return nil
}

// append adds a message after s.last, and nowhere else: a publication whose answer
// got lost, or another hub on the same stream, cannot make two of one. The error
// wraps errMoved when the stream's end is elsewhere. It is nil only when the message
// is on disk.
func (s *store) append(ctx context.Context, b []byte) error {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	ack, err := s.js.Publish(ctx, streamSubject, b, jetstream.WithExpectStream(streamName), jetstream.WithExpectLastSequence(s.last))
	var api *jetstream.APIError
	switch {
	case errors.As(err, &api) && (api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence || api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequenceConstant):
		return fmt.Errorf("%w: %w", ErrStore, errMoved)
	case err != nil:
		return fmt.Errorf("%w: %w", ErrStore, err)
	}
	s.last = ack.Sequence
	return nil
}

// scan calls each for the messages from sequence number from to the last that is
// known.
func (s *store) scan(ctx context.Context, from uint64, each func(seq uint64, at time.Time, b []byte) error) error {
	for seq := max(from, s.first, 1); seq <= s.last; {
		m, err := s.next(ctx, seq)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return nil
		} else if err != nil {
			return err
		}
		if m.Sequence > s.last {
			return nil
		}
		if err := each(m.Sequence, m.Time, m.Data); err != nil {
			return err
		}
		seq = m.Sequence + 1
	}
	return nil
}

// next returns the first message at seq or after.
func (s *store) next(ctx context.Context, seq uint64) (*jetstream.RawStreamMsg, error) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	m, err := s.stream.GetMsg(ctx, seq, jetstream.WithGetMsgSubject(streamSubject))
	if err != nil && !errors.Is(err, jetstream.ErrMsgNotFound) {
		err = fmt.Errorf("%w: %w", ErrStore, err)
	}
	return m, err
}

// since returns the sequence number of the first message that came at t or later;
// one past the last if there is none. Messages are in the order of their times, as
// far as the clock went forward.
func (s *store) since(ctx context.Context, t time.Time) (uint64, error) {
	low, high := max(s.first, 1), s.last+1
	for low < high {
		middle := low + (high-low)/2
		m, err := s.next(ctx, middle)
		switch {
		case errors.Is(err, jetstream.ErrMsgNotFound):
			high = middle
		case err != nil:
			return 0, err
		case m.Time.Before(t):
			low = m.Sequence + 1
		default:
			high = middle
		}
	}
	return low, nil
}

func (s *store) close() {
	if s.nc != nil {
		s.nc.Close()
		s.nc = nil
	}
	if s.server != nil {
		s.server.Shutdown()
		s.server.WaitForShutdown()
		s.server = nil
	}
}

// idsOf returns the ids of a message of the stream and the days they are filed by.
func idsOf(b []byte) (list []filed, err error) {
	err = decodeBatch(b, func(_ string, s redact.Summary) { list = append(list, filed{s.ID(), dayOf(s)}) })
	return list, err
}
