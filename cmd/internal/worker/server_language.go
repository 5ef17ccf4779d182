package worker

import (
	"context"

	"tenin/audio"
	"tenin/cmd/internal/worker/pb"
	"tenin/llm"
)

// languageServer serves an embedder.
type languageServer struct {
	pb.UnimplementedLanguageServer
	embedder llm.Embedder
}

func (l *languageServer) open(s Settings, engines Engines, reply *pb.OpenReply) (err error) {
	if l.embedder, err = engines.Embedder(s); err == nil {
		reply.Dim = int32(l.embedder.Dim())
	}
	return err
}

// Embed implements pb.LanguageServer.
func (l *languageServer) Embed(ctx context.Context, r *pb.EmbedRequest) (*pb.EmbedReply, error) {
	v, err := l.embedder.Embed(ctx, string(r.GetText()))
	if err != nil {
		return &pb.EmbedReply{Fault: llmFaults.code(err)}, nil
	}
	return &pb.EmbedReply{Vector: audio.PackSamples(v)}, nil
}

// Forget implements pb.LanguageServer.
func (l *languageServer) Forget(ctx context.Context, _ *pb.ForgetRequest) (*pb.ForgetReply, error) {
	return &pb.ForgetReply{Fault: llmFaults.code(llm.Reset(ctx, l.embedder))}, nil
}
