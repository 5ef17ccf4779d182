package kiosk

import (
	"context"
	"errors"
	"io"

	"google.golang.org/grpc"

	"tenin/audio"
	"tenin/cmd/internal/control"
	"tenin/cmd/internal/control/pb"
	"tenin/llm/knowledge"
	"tenin/storage"
	"tenin/storage/seal"
)

// remote is a running kiosk as the owner.
type remote struct{ client *control.Client }

func (r *remote) Running() bool { return true }
func (r *remote) Close() error  { return r.client.Close() }

func (r *remote) Login(ctx context.Context, name string, pin seal.Secret) error {
	_, err := r.client.Login(ctx, name, pin.Bytes())
	return err
}

// receive gives each message of a stream to take.
func receive[M any](stream grpc.ServerStreamingClient[M], err error, take func(*M) error) error {
	for err == nil {
		var m *M
		if m, err = stream.Recv(); err == nil {
			err = take(m)
		}
	}
	if err == io.EOF {
		return nil
	}
	return err
}

func (r *remote) Sessions(ctx context.Context) (list []storage.Listing, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := pb.NewSessionsClient(r.client.Conn()).List(ctx, &pb.SessionsRequest{})
	err = receive(stream, err, func(w *pb.Listing) error {
		l, err := listingFromWire(w)
		list = append(list, l)
		return err
	})
	return list, err
}

func (r *remote) Sound(ctx context.Context, id storage.ID, clip int, reason string) (audio.Clip, error) {
	return (&farHouse{client: r.client}).Sound(ctx, id, clip, reason)
}

func (r *remote) Load(ctx context.Context, id storage.ID, reason string) (saved *storage.Saved, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := pb.NewSessionsClient(r.client.Conn()).Show(ctx, &pb.ShowRequest{Id: id[:], Reason: reason})
	err = receive(stream, err, func(w *pb.SavedPart) (err error) {
		switch part := w.Part.(type) {
		case *pb.SavedPart_Saved:
			saved, err = savedFromWire(part.Saved)
		case *pb.SavedPart_Turn:
			if saved != nil {
				saved.Turns = append(saved.Turns, turnFromWire(part.Turn))
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if saved == nil {
		return nil, errors.New("the kiosk sent no session: use the same tenin on both sides")
	}
	return saved, nil
}

func (r *remote) Erase(ctx context.Context, id storage.ID) error {
	_, err := pb.NewSessionsClient(r.client.Conn()).Erase(ctx, &pb.EraseRequest{Id: id[:]})
	return err
}

func (r *remote) EraseReceipt(ctx context.Context, code string) (storage.ID, error) {
	reply, err := pb.NewSessionsClient(r.client.Conn()).EraseReceipt(ctx, &pb.EraseReceiptRequest{Code: code})
	if err != nil {
		return storage.ID{}, err
	}
	return idFromWire(reply.Id)
}

func (r *remote) Keys(ctx context.Context) (storage.KeyStatus, error) {
	w, err := pb.NewKeysClient(r.client.Conn()).Status(ctx, &pb.KeysRequest{})
	if err != nil {
		return storage.KeyStatus{}, err
	}
	return storage.KeyStatus{
		Generation: w.Generation, RootMade: control.Time(w.RootMadeNs), Sessions: int(w.Sessions), Counted: w.Counted, Count: w.Count,
		Recovery: w.Recovery, RecoveryMade: control.Time(w.RecoveryMadeNs),
	}, nil
}

func (r *remote) Staff(ctx context.Context) (list []storage.StaffMember, err error) {
	w, err := pb.NewStaffClient(r.client.Conn()).List(ctx, &pb.StaffRequest{})
	for _, m := range w.GetStaff() {
		list = append(list, memberFromWire(m))
	}
	return list, err
}

func (r *remote) AddStaff(ctx context.Context, name string, role storage.Role, pin seal.Secret) error {
	_, err := pb.NewStaffClient(r.client.Conn()).Add(ctx, &pb.AddStaffRequest{Name: name, Role: string(role), Pin: pin.Bytes()})
	return err
}

func (r *remote) DisableStaff(ctx context.Context, name string) error {
	_, err := pb.NewStaffClient(r.client.Conn()).Disable(ctx, &pb.DisableStaffRequest{Name: name})
	return err
}

var modesToWire = map[ImportMode]pb.ImportPart_Mode{
	ImportReplace: pb.ImportPart_REPLACE, ImportAdd: pb.ImportPart_ADD, ImportPreview: pb.ImportPart_PREVIEW,
}

func (r *remote) Import(ctx context.Context, batch knowledge.Batch, mode ImportMode, progress func(done, total int)) (knowledge.Diff, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := pb.NewKnowledgeClient(r.client.Conn()).Import(ctx)
	if err == nil {
		err = inPieces(batch, func(piece []byte) error {
			return stream.Send(&pb.ImportPart{Mode: modesToWire[mode], Batch: piece})
		})
		if err == io.EOF {
			// The kiosk has said why it takes no more; Recv tells.
			err = nil
		}
	}
	if err == nil {
		err = stream.CloseSend()
	}
	return changed(stream, err, progress)
}

func (r *remote) Step(ctx context.Context, redo bool, progress func(done, total int)) (knowledge.Diff, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := pb.NewKnowledgeClient(r.client.Conn()).Step(ctx, &pb.StepRequest{Redo: redo})
	return changed(stream, err, progress)
}

// changed reads a change and how the kiosk takes it in.
func changed(stream grpc.ServerStreamingClient[pb.Changed], err error, progress func(done, total int)) (diff knowledge.Diff, _ error) {
	var text []byte
	err = receive(stream, err, func(w *pb.Changed) error {
		text = append(text, w.Diff...)
		if progress != nil && w.Total > 0 {
			progress(int(w.Done), int(w.Total))
		}
		return nil
	})
	if len(text) > 0 {
		err = errors.Join(err, fromPieces(text, &diff))
	}
	return diff, err
}

func (r *remote) Knowledge(ctx context.Context) (batch knowledge.Batch, isDemo bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := pb.NewKnowledgeClient(r.client.Conn()).List(ctx, &pb.KnowledgeRequest{})
	var text []byte
	err = receive(stream, err, func(w *pb.KnowledgePart) error {
		isDemo = isDemo || w.Demo
		text = append(text, w.Batch...)
		return nil
	})
	if err != nil {
		return batch, isDemo, err
	}
	return batch, isDemo, fromPieces(text, &batch)
}
