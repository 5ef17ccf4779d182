package worker

import (
	"context"
	"crypto/sha256"
	"io"
	"sync"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"tenin/asr"
	"tenin/audio"
	"tenin/cmd/internal/worker/pb"
)

// earsServer serves a recogniser and VADs.
type earsServer struct {
	pb.UnimplementedEarsServer
	recognizer asr.Recognizer
	sound      func(string) string
	newVAD     func() (audio.VAD, error)

	mu    sync.Mutex
	spare audio.VAD // nobody uses it; nil: open another
	words *asr.Lexicon
	hash  [sha256.Size]byte
}

func (e *earsServer) open(s Settings, engines Engines) error {
	e.newVAD = func() (audio.VAD, error) { return engines.VAD(s) }
	var group errgroup.Group
	group.Go(func() (err error) { e.recognizer, err = engines.Recognizer(s); return err })
	group.Go(func() (err error) { e.spare, err = engines.VAD(s); return err })
	group.Go(func() error { e.sound = engines.Reading(); return nil })
	return group.Wait()
}

// Learn implements pb.EarsServer.
func (e *earsServer) Learn(stream pb.Ears_LearnServer) error {
	var l learnt
	for {
		m, err := stream.Recv()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		l.add(m)
	}
	x, hash, whole := l.lexicon(e.sound)
	if !whole {
		return stream.SendAndClose(&pb.LearnReply{Fault: pb.Fault_FAULT_REQUEST})
	}
	e.mu.Lock()
	e.words, e.hash = x, hash
	e.mu.Unlock()
	return stream.SendAndClose(&pb.LearnReply{})
}

// Transcribe implements pb.EarsServer.
func (e *earsServer) Transcribe(ctx context.Context, r *pb.TranscribeRequest) (*pb.TranscribeReply, error) {
	samples, whole := audio.UnpackSamples(r.GetSamples())
	if !whole {
		return &pb.TranscribeReply{Fault: pb.Fault_FAULT_REQUEST}, nil
	}
	o := asr.Options{Language: string(r.GetLanguage()), Prompt: string(r.GetPrompt()), Partial: r.GetPartial()}
	if hash := r.GetWords(); len(hash) > 0 {
		e.mu.Lock()
		if string(hash) == string(e.hash[:]) {
			o.Words = e.words
		}
		e.mu.Unlock()
		if o.Words == nil {
			return &pb.TranscribeReply{Fault: pb.Fault_FAULT_UNKNOWN_WORDS}, nil
		}
	}
	t, err := e.recognizer.Transcribe(ctx, samples, o)
	if err != nil {
		return &pb.TranscribeReply{Fault: asrFaults.code(err)}, nil
	}
	return packTranscript(t), nil
}

func packTranscript(t asr.Transcript) *pb.TranscribeReply {
	reply := &pb.TranscribeReply{
		Text: valid(t.Text), Language: t.Language, Confidence: t.Confidence, NoSpeech: t.NoSpeech,
		Timings: &pb.DecodeTimings{
			EncodeNs: int64(t.Timings.Encode), DecodeNs: int64(t.Timings.Decode), AudioContext: int32(t.Timings.AudioContext),
			Tokens: int32(t.Timings.Tokens), PromptTokens: int32(t.Timings.PromptTokens),
			Tries: int32(t.Timings.Tries), Again: int32(t.Timings.Again),
		},
	}
	for code, why := range suspicions {
		if why == t.Suspect {
			reply.Suspect = code
		}
	}
	for _, s := range t.Segments {
		reply.Segments = append(reply.Segments, &pb.Segment{Text: valid(s.Text), StartNs: int64(s.Start), EndNs: int64(s.End)})
	}
	return reply
}

// Tokens implements pb.EarsServer.
func (e *earsServer) Tokens(_ context.Context, r *pb.TokensRequest) (*pb.TokensReply, error) {
	counter, ok := e.recognizer.(interface{ Tokens(string) int })
	if !ok {
		return &pb.TokensReply{Fault: pb.Fault_FAULT_ENGINE}, nil
	}
	return &pb.TokensReply{Tokens: int32(counter.Tokens(string(r.GetText())))}, nil
}

// Detect implements pb.EarsServer.
func (e *earsServer) Detect(stream pb.Ears_DetectServer) error {
	v, err := e.takeVAD()
	if err != nil {
		return stream.Send(&pb.DetectReply{Fault: vadFaults.code(err)})
	}
	defer e.giveVAD(v)
	for {
		m, err := stream.Recv()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		samples, whole := audio.UnpackSamples(m.GetFrames())
		if !whole || len(samples) > maxFrames*audio.FrameSamples {
			return status.Error(codes.InvalidArgument, "")
		}
		if m.GetReset_() {
			v.Reset()
		}
		list, err := v.Probabilities(samples)
		if err := stream.Send(&pb.DetectReply{Probabilities: list, Fault: vadFaults.code(err)}); err != nil {
			return err
		}
	}
}

func (e *earsServer) takeVAD() (audio.VAD, error) {
	e.mu.Lock()
	v := e.spare
	e.spare = nil
	e.mu.Unlock()
	if v != nil {
		return v, nil
	}
	return e.newVAD()
}

// giveVAD keeps one for the next stream, without what it heard.
func (e *earsServer) giveVAD(v audio.VAD) {
	v.Reset()
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.spare == nil {
		e.spare = v
		return
	}
	// It is not used any more, whatever the library says.
	_ = v.Close()
}
