package worker

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"tenin/cmd/internal/worker/pb"
	"tenin/cmd/internal/worker/sandbox"
	"tenin/llm/models"
)

// server is the worker's side of the protocol.
type server struct {
	pb.UnimplementedWorkerServer
	role    Role
	engines Engines
	seal    func() error
	opened  chan struct{} // closed when the engines are there

	ears     earsServer
	language languageServer
	voice    voiceServer
	sound    soundServer

	mu      sync.Mutex
	opening bool
	running map[*running]struct{}
}

// running is a call under way.
type running struct {
	ctx  context.Context
	done chan struct{}
}

func newServer(role Role, engines Engines) *server {
	return &server{role: role, engines: engines, seal: sandbox.Seal, opened: make(chan struct{}), running: map[*running]struct{}{}}
}

// Open implements pb.WorkerServer. It works once.
func (w *server) Open(_ context.Context, r *pb.OpenRequest) (*pb.OpenReply, error) {
	w.mu.Lock()
	again := w.opening
	w.opening = true
	w.mu.Unlock()
	if again {
		return &pb.OpenReply{Fault: pb.Fault_FAULT_REQUEST}, nil
	}
	reply := &pb.OpenReply{}
	err := w.open(Settings{Weights: models.Open(r.GetWeights()), Threads: int(r.GetThreads())}, reply)
	// What reading dictionaries leaves behind would stay until the collector next runs, if it ever does in a process that lives
	// for one shopper: 30 MiB of the ears, 30 of the voice. A restart takes as long as without.
	debug.FreeOSMemory()
	if err == nil && r.GetSeal() {
		if e := w.seal(); e != nil {
			err = fmt.Errorf("%w: %w", ErrSeal, e)
		}
	}
	if err != nil {
		return &pb.OpenReply{Fault: openFaults.code(err)}, nil
	}
	close(w.opened)
	return reply, nil
}

func (w *server) open(s Settings, reply *pb.OpenReply) error {
	switch w.role {
	case ASR:
		return w.ears.open(s, w.engines)
	case LLM:
		return w.language.open(s, w.engines, reply)
	case Voice:
		return w.voice.open(s, w.engines, reply)
	case Audio:
		return w.sound.open(s, w.engines)
	}
	return fmt.Errorf("no worker has the role %q", w.role)
}

// Ping implements pb.WorkerServer.
func (w *server) Ping(context.Context, *pb.PingRequest) (*pb.PingReply, error) {
	return &pb.PingReply{}, nil
}

// Settle implements pb.WorkerServer.
func (w *server) Settle(ctx context.Context, _ *pb.SettleRequest) (*pb.SettleReply, error) {
	for {
		r := w.cancelled()
		if r == nil {
			return &pb.SettleReply{}, nil
		}
		select {
		case <-r.done:
		case <-ctx.Done():
			return nil, status.FromContextError(ctx.Err()).Err()
		}
	}
}

// cancelled returns a call that should have ended, or nil.
func (w *server) cancelled() *running {
	w.mu.Lock()
	defer w.mu.Unlock()
	for r := range w.running {
		if r.ctx.Err() != nil {
			return r
		}
	}
	return nil
}

// Probe implements pb.WorkerServer.
func (w *server) Probe(ctx context.Context, r *pb.ProbeRequest) (*pb.ProbeReply, error) {
	var targets sandbox.Targets
	if json.Unmarshal(r.GetTargets(), &targets) != nil {
		return &pb.ProbeReply{Fault: pb.Fault_FAULT_REQUEST}, nil
	}
	results, err := json.Marshal(sandbox.RunProbes(ctx, targets))
	if err != nil {
		return &pb.ProbeReply{Fault: pb.Fault_FAULT_ENGINE}, nil
	}
	return &pb.ProbeReply{Results: results}, nil
}

// enter notes a call; the engines' own wait until there are engines.
func (w *server) enter(ctx context.Context, method string) (leave func(), err error) {
	if strings.HasPrefix(method, "/tenin.worker.Worker/") && !strings.HasSuffix(method, "/Probe") {
		return func() {}, nil
	}
	select {
	case <-w.opened:
	default:
		return nil, status.Error(codes.FailedPrecondition, "")
	}
	r := &running{ctx, make(chan struct{})}
	w.mu.Lock()
	w.running[r] = struct{}{}
	w.mu.Unlock()
	return func() {
		w.mu.Lock()
		delete(w.running, r)
		w.mu.Unlock()
		close(r.done)
	}, nil
}

func (w *server) unary(ctx context.Context, request any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
	leave, err := w.enter(ctx, info.FullMethod)
	if err != nil {
		return nil, err
	}
	defer leave()
	return handle(ctx, request)
}

func (w *server) streaming(service any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handle grpc.StreamHandler) error {
	leave, err := w.enter(stream.Context(), info.FullMethod)
	if err != nil {
		return err
	}
	defer leave()
	return handle(service, stream)
}
