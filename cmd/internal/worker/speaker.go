package worker

import (
	"context"
	"fmt"
	"sync"
	"time"

	"tenin/audio"
	"tenin/cmd/internal/worker/pb"
)

// Speaker is an audio.Player that plays through the audio worker.
type Speaker struct {
	slot    *slot
	process *process
	device  audio.Device
	stream  pb.Sound_PlayClient
	stop    context.CancelFunc
	turn    chan struct{} // holds one token while nobody plays
	replies chan *pb.PlayReply

	once   sync.Once
	closed chan struct{}
	ended  chan struct{} // closed when the stream has ended
	err    error         // why, when ended is closed
}

var _ audio.Player = (*Speaker)(nil)

const (
	// piece is the most samples of a clip in one message.
	piece = 64 << 10
	// longestClip is what a worker takes: ten minutes at the voice's rate.
	longestClip = 10 * 60 * 24000
)

// OpenSpeaker opens a loudspeaker through the audio worker, as audio.OpenSpeaker does. What it returns is a *Speaker.
func (p *Pool) OpenSpeaker(ctx context.Context, o audio.DeviceOptions) (audio.Player, error) {
	s := &Speaker{
		slot: p.slots[Audio], turn: make(chan struct{}, 1), replies: make(chan *pb.PlayReply, 1),
		closed: make(chan struct{}), ended: make(chan struct{}),
	}
	s.turn <- struct{}{}
	err := p.reach(ctx, func(ctx context.Context, q *process) error {
		life, stop := context.WithCancel(context.Background())
		abandoned := context.AfterFunc(ctx, stop)
		stream, err := pb.NewSoundClient(q.conn).Play(life)
		var first *pb.PlayReply
		if err == nil {
			// An error of Send is told by Recv.
			_ = stream.Send(&pb.PlayRequest{Name: []byte(o.Name)})
			first, err = stream.Recv()
		}
		if err == nil {
			err = q.soundFault(first.GetFault())
		}
		if err == nil {
			s.device, err = unpackDevice(first.GetDevice())
		}
		if !abandoned() && err == nil {
			err = ctx.Err()
		}
		if err != nil {
			stop()
			return err
		}
		s.process, s.stream, s.stop = q, stream, stop
		return nil
	})
	if err != nil {
		return nil, err
	}
	go s.hear()
	return s, nil
}

// hear passes on the answers, of which there is one for each clip.
func (s *Speaker) hear() {
	defer close(s.ended)
	for {
		reply, err := s.stream.Recv()
		select {
		case <-s.closed:
			s.err = audio.ErrClosed
			return
		default:
		}
		if err != nil {
			err = s.slot.judge(context.Background(), context.Background(), s.process, err)
			s.err = fmt.Errorf("speaker: %w: %w", audio.ErrDeviceLost, err)
			return
		}
		select {
		case s.replies <- reply:
		default:
			s.process.kill(Broken)
			s.err = fmt.Errorf("speaker: %w: %w", audio.ErrDeviceLost, lost(Audio, Broken))
			return
		}
	}
}

// Device that was opened.
func (s *Speaker) Device() audio.Device { return s.device }

// Play implements audio.Player. When the worker is lost its error wraps ErrLost and audio.ErrDeviceLost.
func (s *Speaker) Play(ctx context.Context, c audio.Clip) (time.Duration, error) {
	select {
	case <-s.turn:
		defer func() { s.turn <- struct{}{} }()
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-s.closed:
		return 0, audio.ErrClosed
	}
	select {
	case <-s.closed:
		return 0, audio.ErrClosed
	case <-s.ended:
		return 0, s.err
	default:
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if len(c.Samples) == 0 {
		return 0, nil
	}
	if len(c.Samples) > longestClip || c.Rate < audio.MinRate || c.Rate > audio.MaxRate {
		return 0, fmt.Errorf("speaker: %w: %d samples at %d Hz: play at most ten minutes", audio.ErrTooLong, len(c.Samples), c.Rate)
	}
	s.process.heard.Store(true)
	for rest := c.Samples; len(rest) > 0; {
		n := min(piece, len(rest))
		if s.stream.Send(&pb.PlayRequest{Samples: audio.PackSamples(rest[:n]), Rate: int32(c.Rate), Last: n == len(rest)}) != nil {
			break // the stream has ended: wait says why
		}
		rest = rest[n:]
	}
	return s.wait(ctx, c)
}

// wait for the clip's end. A context that ends stops it; the worker then has until the settle limit to say how much was heard.
func (s *Speaker) wait(ctx context.Context, c audio.Clip) (time.Duration, error) {
	limit := time.NewTimer(c.Duration() + s.slot.limits.open)
	defer limit.Stop()
	done := ctx.Done()
	for {
		select {
		case reply := <-s.replies:
			played := min(max(0, time.Duration(reply.GetPlayedNs())), c.Duration())
			err := s.process.soundFault(reply.GetFault())
			if reply.GetFault() == pb.Fault_FAULT_CANCELED && ctx.Err() != nil {
				err = ctx.Err()
			}
			return played, err
		case <-done:
			done = nil
			limit.Reset(s.slot.limits.settle)
			// An error of Send ends the stream, which is noticed here.
			_ = s.stream.Send(&pb.PlayRequest{Stop: true})
		case <-s.closed:
			return 0, audio.ErrClosed
		case <-s.ended:
			if err := ctx.Err(); err != nil {
				return 0, err
			}
			return 0, s.err
		case <-limit.C:
			s.process.kill(Hung)
		}
	}
}

// Close implements audio.Player: it returns when the worker has closed the device.
func (s *Speaker) Close() error {
	s.once.Do(func() {
		close(s.closed)
		s.stop()
		<-s.ended
		if s.process.alive() {
			s.slot.settle(s.process)
		}
	})
	return nil
}
