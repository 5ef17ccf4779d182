package kiosk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"tenin/cmd/internal/control"
	"tenin/cmd/internal/control/pb"
	"tenin/llm/knowledge"
	"tenin/storage"
)

// How the vault's and the knowledge's types cross the control socket. Each pair of functions is one way and back.

func listingToWire(l storage.Listing) *pb.Listing {
	w := &pb.Listing{
		Id: l.ID[:], StartedNs: control.Nanoseconds(l.Started), Source: string(l.Source), Language: l.Language,
		Turns: int32(l.Turns), Clips: int32(l.Clips), SoundNs: int64(l.Sound), Open: l.Open,
	}
	if l.Err != nil {
		w.Problem = &pb.Problem{Reason: reasonOf(l.Err), Text: strings.Join(strings.Fields(l.Err.Error()), " ")}
	}
	return w
}

func listingFromWire(w *pb.Listing) (l storage.Listing, err error) {
	id, err := idFromWire(w.Id)
	if err != nil {
		return l, err
	}
	l = storage.Listing{
		ID: id, Started: control.Time(w.StartedNs), Source: storage.SourceKind(w.Source), Language: w.Language,
		Turns: int(w.Turns), Clips: int(w.Clips), Sound: time.Duration(w.SoundNs), Open: w.Open,
	}
	if w.Problem != nil {
		l.Err = problem{w.Problem.Text, sentinelOf(w.Problem.Reason)}
	}
	return l, nil
}

// problem is an error that came over the socket as a part of a result.
type problem struct {
	text     string
	sentinel error
}

func (p problem) Error() string { return p.text }
func (p problem) Unwrap() error { return p.sentinel }

func idFromWire(b []byte) (id storage.ID, err error) {
	if len(b) != len(id) {
		return id, fmt.Errorf("%w: an id has %d bytes, not %d", storage.ErrNotFound, len(id), len(b))
	}
	return storage.ID(b), nil
}

func savedToWire(s *storage.Saved) *pb.Saved {
	w := &pb.Saved{Id: s.ID[:], StartedNs: control.Nanoseconds(s.Started), Source: string(s.Source), Language: s.Language, Open: s.Open}
	if g := s.Consent; g != nil {
		w.Consent = &pb.Grant{Notice: g.Notice, By: string(g.By), AtNs: control.Nanoseconds(g.At)}
	}
	for _, c := range s.Clips {
		w.Clips = append(w.Clips, &pb.Clip{Number: int32(c.Number), Samples: int64(c.Samples), Complete: c.Complete})
	}
	return w
}

func savedFromWire(w *pb.Saved) (*storage.Saved, error) {
	id, err := idFromWire(w.GetId())
	if err != nil {
		return nil, err
	}
	s := &storage.Saved{ID: id, Started: control.Time(w.StartedNs), Source: storage.SourceKind(w.Source), Language: w.Language, Open: w.Open}
	if g := w.Consent; g != nil {
		s.Consent = &storage.Grant{Notice: g.Notice, By: storage.Means(g.By), At: control.Time(g.AtNs)}
	}
	for _, c := range w.Clips {
		s.Clips = append(s.Clips, storage.ClipInfo{Number: int(c.Number), Samples: int(c.Samples), Complete: c.Complete})
	}
	return s, nil
}

func turnToWire(t storage.Turn) *pb.Turn {
	g := t.Timings
	return &pb.Turn{
		AtNs: control.Nanoseconds(t.At), Transcript: t.Transcript, Language: t.Language, Answer: t.Answer, Detail: t.Detail,
		Kind: t.Kind, Sources: t.Sources, Score: t.Score, Clip: int32(t.Clip), Helped: t.Helped,
		Timings: &pb.Timings{
			VadNs: int64(g.VAD), AsrNs: int64(g.ASR), RetrieveNs: int64(g.Retrieve), GenerateNs: int64(g.Generate),
			FirstAudioNs: int64(g.FirstAudio), TotalNs: int64(g.Total),
		},
	}
}

func turnFromWire(w *pb.Turn) storage.Turn {
	g := w.GetTimings()
	return storage.Turn{
		At: control.Time(w.AtNs), Transcript: w.Transcript, Language: w.Language, Answer: w.Answer, Detail: w.Detail,
		Kind: w.Kind, Sources: w.Sources, Score: w.Score, Clip: int(w.Clip), Helped: w.Helped,
		Timings: storage.Timings{
			VAD: time.Duration(g.GetVadNs()), ASR: time.Duration(g.GetAsrNs()), Retrieve: time.Duration(g.GetRetrieveNs()),
			Generate: time.Duration(g.GetGenerateNs()), FirstAudio: time.Duration(g.GetFirstAudioNs()), Total: time.Duration(g.GetTotalNs()),
		},
	}
}

func memberToWire(m storage.StaffMember) *pb.StaffMember {
	return &pb.StaffMember{Name: m.Name, Role: string(m.Role), AddedNs: control.Nanoseconds(m.Added), Disabled: m.Disabled}
}

func memberFromWire(w *pb.StaffMember) storage.StaffMember {
	return storage.StaffMember{Name: w.Name, Role: storage.Role(w.Role), Added: control.Time(w.AddedNs), Disabled: w.Disabled}
}

// maxBatch is the most bytes of a batch as JSON that a kiosk takes: the limit of a knowledge file, and a half for names of
// fields.
const maxBatch = knowledge.MaxFileBytes * 3 / 2

// inPieces gives the JSON of v to send, piece by piece.
func inPieces(v any, send func([]byte) error) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	for len(text) > 0 {
		n := min(len(text), control.Piece)
		if err := send(text[:n]); err != nil {
			return err
		}
		text = text[n:]
	}
	return nil
}

// fromPieces reads the JSON that inPieces made, and nothing else.
func fromPieces(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return errors.New("what came over the control socket does not read: use the same tenin on both sides")
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("what came over the control socket has something behind its end")
	}
	return nil
}

// checkedBatch reads a batch as strictly as a file: the socket is no way around what an import refuses.
func checkedBatch(ctx context.Context, text []byte) (batch knowledge.Batch, err error) {
	if err := fromPieces(text, &batch); err != nil {
		return batch, err
	}
	if len(batch.Entries)+len(batch.Products) == 0 {
		return batch, nil
	}
	var file bytes.Buffer
	if err := batch.WriteJSONL(&file); err != nil {
		return batch, err
	}
	again, report, err := knowledge.Import(ctx, "batch", &file)
	if err != nil {
		return batch, err
	}
	if len(report.Refused) > 0 || len(again.Entries) != len(batch.Entries) || len(again.Products) != len(batch.Products) {
		return batch, errors.New("the batch holds rows that an import would refuse")
	}
	batch.Entries, batch.Products = again.Entries, again.Products
	return batch, nil
}
