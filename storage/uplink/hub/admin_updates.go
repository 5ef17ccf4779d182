package hub

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"tenin/storage/uplink/pb"
)

// adminPiece is how much of a bundle goes over the socket at once.
const adminPiece = 256 << 10

func (t *TPM) packed() *pb.TPM {
	if t == nil {
		return nil
	}
	return &pb.TPM{
		Endorsement: t.Endorsement, Verified: t.Verified, Name: t.Name, Pcr7: t.PCR7, Pcr11: t.PCR11, Seen7: t.Seen7, Seen11: t.Seen11,
		BoundUnix: t.Bound.Unix(), QuotedUnix: t.Quoted.Unix(),
	}
}

func unpackedTPM(t *pb.TPM) *TPM {
	if t == nil {
		return nil
	}
	return &TPM{
		t.GetEndorsement(), t.GetVerified(), t.GetName(), t.GetPcr7(), t.GetPcr11(), t.GetSeen7(), t.GetSeen11(),
		time.Unix(t.GetBoundUnix(), 0), time.Unix(t.GetQuotedUnix(), 0),
	}
}

func (b Bundle) packed() *pb.Bundle {
	return &pb.Bundle{Version: b.Version, Name: b.Name, Size: b.Size, Sha256: b.SHA256, Test: b.Test, PublishedUnix: b.Published.Unix()}
}

func unpackedBundle(b *pb.Bundle) Bundle {
	return Bundle{b.GetVersion(), b.GetName(), b.GetSize(), b.GetSha256(), b.GetTest(), time.Unix(b.GetPublishedUnix(), 0)}
}

func (s *adminServer) Publish(in grpc.ClientStreamingServer[pb.PublishRequest, pb.PublishReply]) error {
	first, err := in.Recv()
	if err != nil {
		return err
	}
	r, w := io.Pipe()
	go func() {
		for {
			m, err := in.Recv()
			if err == nil {
				_, err = w.Write(m.GetData())
			}
			if err != nil {
				_ = w.CloseWithError(err) // io.EOF is the end
				return
			}
		}
	}()
	err = s.h.Publish(in.Context(), unpackedBundle(first.GetBundle()), r)
	_ = r.Close()
	if err != nil {
		return tell(err)
	}
	return in.SendAndClose(&pb.PublishReply{})
}

// Publish implements Admin.
func (a *remoteAdmin) Publish(ctx context.Context, b Bundle, r io.Reader) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	out, err := a.hub.Publish(ctx)
	if err != nil {
		return heard(err)
	}
	err = out.Send(&pb.PublishRequest{Bundle: b.packed()})
	for piece := make([]byte, adminPiece); err == nil; {
		n, readErr := io.ReadFull(r, piece)
		if n > 0 {
			err = out.Send(&pb.PublishRequest{Data: piece[:n]})
		}
		if errors.Is(readErr, io.EOF) || errors.Is(readErr, io.ErrUnexpectedEOF) {
			break
		} else if readErr != nil {
			return readErr
		}
	}
	// Why the hub stopped to listen is in its answer.
	if err != nil && !errors.Is(err, io.EOF) {
		return heard(err)
	}
	_, err = out.CloseAndRecv()
	return heard(err)
}

func (s *adminServer) Bundles(ctx context.Context, _ *pb.BundlesRequest) (*pb.BundlesReply, error) {
	list, err := s.h.Bundles(ctx)
	if err != nil {
		return nil, tell(err)
	}
	reply := &pb.BundlesReply{}
	for _, b := range list {
		reply.Bundle = append(reply.Bundle, b.packed())
	}
	return reply, nil
}

// Bundles implements Admin.
func (a *remoteAdmin) Bundles(ctx context.Context) ([]Bundle, error) {
	r, err := a.hub.Bundles(ctx, &pb.BundlesRequest{})
	if err != nil {
		return nil, heard(err)
	}
	var list []Bundle
	for _, b := range r.GetBundle() {
		list = append(list, unpackedBundle(b))
	}
	return list, nil
}

func (s *adminServer) RemoveBundle(ctx context.Context, r *pb.RemoveBundleRequest) (*pb.RemoveBundleReply, error) {
	if err := s.h.RemoveBundle(ctx, r.GetVersion()); err != nil {
		return nil, tell(err)
	}
	return &pb.RemoveBundleReply{}, nil
}

// RemoveBundle implements Admin.
func (a *remoteAdmin) RemoveBundle(ctx context.Context, version int64) error {
	_, err := a.hub.RemoveBundle(ctx, &pb.RemoveBundleRequest{Version: version})
	return heard(err)
}

func (s *adminServer) Rollout(ctx context.Context, r *pb.RolloutRequest) (*pb.RolloutReply, error) {
	var v RolloutStatus
	var err error
	switch r.GetAction() {
	case pb.RolloutRequest_STATUS:
		v, err = s.h.Rollout(ctx)
	case pb.RolloutRequest_START:
		var p Plan
		if json.Unmarshal(r.GetPlan(), &p) != nil {
			return nil, status.Error(codes.InvalidArgument, "the plan is not understood")
		}
		v, err = s.h.StartRollout(ctx, p)
	case pb.RolloutRequest_HALT:
		v, err = s.h.HaltRollout(ctx)
	case pb.RolloutRequest_RESUME:
		v, err = s.h.ResumeRollout(ctx, int(r.GetMaxFailures()), r.GetRetry())
	case pb.RolloutRequest_UNDO:
		v, err = s.h.UndoRollout(ctx)
	default:
		return nil, status.Error(codes.Unimplemented, "the running hub does not know this")
	}
	if err != nil {
		return nil, tell(err)
	}
	b, err := json.Marshal(v)
	return &pb.RolloutReply{Status: b}, err
}

func (a *remoteAdmin) rollout(ctx context.Context, r *pb.RolloutRequest) (v RolloutStatus, err error) {
	reply, err := a.hub.Rollout(ctx, r)
	if err != nil {
		return v, heard(err)
	}
	return v, json.Unmarshal(reply.GetStatus(), &v)
}

// Rollout implements Admin.
func (a *remoteAdmin) Rollout(ctx context.Context) (RolloutStatus, error) {
	return a.rollout(ctx, &pb.RolloutRequest{})
}

// StartRollout implements Admin.
func (a *remoteAdmin) StartRollout(ctx context.Context, p Plan) (RolloutStatus, error) {
	b, err := json.Marshal(p)
	if err != nil {
		return RolloutStatus{}, err
	}
	return a.rollout(ctx, &pb.RolloutRequest{Action: pb.RolloutRequest_START, Plan: b})
}

// HaltRollout implements Admin.
func (a *remoteAdmin) HaltRollout(ctx context.Context) (RolloutStatus, error) {
	return a.rollout(ctx, &pb.RolloutRequest{Action: pb.RolloutRequest_HALT})
}

// ResumeRollout implements Admin.
func (a *remoteAdmin) ResumeRollout(ctx context.Context, maxFailures int, retry bool) (RolloutStatus, error) {
	return a.rollout(ctx, &pb.RolloutRequest{Action: pb.RolloutRequest_RESUME, MaxFailures: int64(maxFailures), Retry: retry})
}

// UndoRollout implements Admin.
func (a *remoteAdmin) UndoRollout(ctx context.Context) (RolloutStatus, error) {
	return a.rollout(ctx, &pb.RolloutRequest{Action: pb.RolloutRequest_UNDO})
}

func (s *adminServer) Accept(ctx context.Context, r *pb.AcceptRequest) (*pb.AcceptReply, error) {
	if err := s.h.Accept(ctx, r.GetName()); err != nil {
		return nil, tell(err)
	}
	return &pb.AcceptReply{}, nil
}

// Accept implements Admin.
func (a *remoteAdmin) Accept(ctx context.Context, name string) error {
	_, err := a.hub.Accept(ctx, &pb.AcceptRequest{Name: name})
	return heard(err)
}
