package hub

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"tenin/llm/redact"
	"tenin/storage/uplink"
	"tenin/storage/uplink/pb"
)

// Received is a summary as the hub has it.
type Received struct {
	Sequence uint64    // of its message in the stream; a message has several
	At       time.Time // when the hub stored it
	Device   string
	Summary  redact.Summary
}

// Admin is what the commands of the hub's machine can do.
type Admin interface {
	// Enrol makes a one-time code by which a device may join, and returns when it
	// expires. The error wraps uplink.ErrName, ErrTaken or ErrTooMany.
	Enrol(ctx context.Context, o EnrolOptions) (uplink.Code, time.Time, error)
	// Devices returns all that ever joined.
	Devices(ctx context.Context) ([]Device, error)
	// Revoke locks a device out for good, and returns how many connections it ended.
	// The error wraps ErrNoDevice.
	Revoke(ctx context.Context, name string) (int, error)
	// Accept takes PCR 7 of a device's TPM as it is now for what it should be. The
	// error wraps ErrNoDevice.
	Accept(ctx context.Context, name string) error
	// Publish keeps a bundle, whose bytes come from r, for rollouts. The caller has
	// verified it; Published is set here. The error wraps ErrBundle.
	Publish(ctx context.Context, b Bundle, r io.Reader) error
	// Bundles returns what is published, the newest version first.
	Bundles(ctx context.Context) ([]Bundle, error)
	// RemoveBundle throws one away. The error wraps ErrNoBundle, or ErrRollout while
	// it is being rolled out.
	RemoveBundle(ctx context.Context, version int64) error
	// Rollout returns how the rollout stands; its phase is PhaseNone if there never
	// was one.
	Rollout(ctx context.Context) (RolloutStatus, error)
	// StartRollout begins to offer a version that was published. The error wraps
	// ErrRollout or ErrNoBundle.
	StartRollout(ctx context.Context, p Plan) (RolloutStatus, error)
	// HaltRollout stops all offers and reads at once. The error wraps ErrRollout.
	HaltRollout(ctx context.Context) (RolloutStatus, error)
	// ResumeRollout goes on. Failures so far are not counted again; with retry, devices
	// that refused the version are offered it again; maxFailures below 0 keeps what is
	// borne. The error wraps ErrRollout.
	ResumeRollout(ctx context.Context, maxFailures int, retry bool) (RolloutStatus, error)
	// UndoRollout ends the offers for good. Devices that run the version keep it. The
	// error wraps ErrRollout.
	UndoRollout(ctx context.Context) (RolloutStatus, error)
	// Summaries calls each for all that the hub stored since then, in that order.
	Summaries(ctx context.Context, since time.Time, each func(Received) error) error
	// Close ends the access.
	Close() error
}

// OpenAdmin returns the hub of a folder: the running one, or, when none runs, the
// folder itself, which is then taken until Close. o is used in the second case.
func OpenAdmin(ctx context.Context, o Options) (Admin, error) {
	o.Listen = ""
	for tries := 0; ; tries++ {
		remote, err := dialAdmin(o.Dir)
		if err == nil {
			return remote, nil
		}
		h, err := Open(ctx, o)
		switch {
		case err == nil:
			return h, nil
		case !errors.Is(err, ErrInUse):
			return nil, err
		case tries == startTries:
			return nil, fmt.Errorf("%w, and does not answer at %s: it may be starting, or belong to another user", err, filepath.Join(o.Dir, socketFile))
		}
		// A hub that is just starting has the folder and does not answer yet.
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(startPause):
		}
	}
}

// A hub that reads a long stream into a new ledger takes longer than this to start;
// the command then says so.
const (
	startTries = 50
	startPause = 100 * time.Millisecond
)

// maxAdminMessage holds a thousand certificates, or a piece of a bundle.
const maxAdminMessage = 4 << 20

// serveAdmin answers on the hub's socket until ctx is done.
func serveAdmin(ctx context.Context, h *Hub) error {
	server := grpc.NewServer(grpc.MaxRecvMsgSize(maxAdminMessage))
	pb.RegisterHubServer(server, &adminServer{h: h})
	defer context.AfterFunc(ctx, server.Stop)()
	if err := server.Serve(h.socket); err != nil && ctx.Err() == nil {
		return err
	}
	return nil
}

// told are the errors that keep their meaning over the socket.
var told = []error{ErrNoDevice, ErrTaken, ErrTooMany, ErrStore, ErrDamaged, uplink.ErrName, ErrBundle, ErrNoBundle, ErrRollout}

type adminServer struct {
	pb.UnimplementedHubServer
	h *Hub
}

// tell puts an error into a status: its place in the list above, and its text.
func tell(err error) error {
	for i, known := range told {
		if errors.Is(err, known) {
			return status.Error(codes.Code(100+i), err.Error())
		}
	}
	return status.Error(codes.Unknown, err.Error())
}

func (s *adminServer) Enrol(ctx context.Context, r *pb.EnrolRequest) (*pb.EnrolReply, error) {
	code, expires, err := s.h.Enrol(ctx, EnrolOptions{
		Name: r.GetName(), Valid: time.Duration(r.GetValidSeconds()) * time.Second, Replace: r.GetReplace(), TPM: r.GetTpm(), Roots: r.GetRoots(),
	})
	if err != nil {
		return nil, tell(err)
	}
	return &pb.EnrolReply{Code: code.Text(), ExpiresUnix: expires.Unix()}, nil
}

func (s *adminServer) Devices(ctx context.Context, _ *pb.DevicesRequest) (*pb.DevicesReply, error) {
	list, err := s.h.Devices(ctx)
	if err != nil {
		return nil, tell(err)
	}
	reply := &pb.DevicesReply{}
	for _, d := range list {
		v := &pb.Device{Name: d.Name, Key: d.Key, JoinedUnix: d.Joined.Unix(), Connected: d.Connected, Tpm: d.TPM.packed()}
		if !d.Revoked.IsZero() {
			v.RevokedUnix = d.Revoked.Unix()
		}
		reply.Device = append(reply.Device, v)
	}
	return reply, nil
}

func (s *adminServer) Revoke(ctx context.Context, r *pb.RevokeRequest) (*pb.RevokeReply, error) {
	n, err := s.h.Revoke(ctx, r.GetName())
	if err != nil {
		return nil, tell(err)
	}
	return &pb.RevokeReply{Closed: uint32(n)}, nil
}

func (s *adminServer) Summaries(r *pb.SummariesRequest, out grpc.ServerStreamingServer[pb.SummariesReply]) error {
	const page = 512
	var since time.Time
	if n := r.GetSinceUnixNano(); n != 0 {
		since = time.Unix(0, n)
	}
	reply := &pb.SummariesReply{}
	err := s.h.Summaries(out.Context(), since, func(v Received) error {
		reply.Received = append(reply.Received, &pb.Received{Sequence: v.Sequence, AtUnixNano: v.At.UnixNano(), Device: v.Device, Summary: v.Summary.Encode()})
		if len(reply.Received) < page {
			return nil
		}
		err := out.Send(reply)
		reply = &pb.SummariesReply{}
		return err
	})
	if err == nil && len(reply.Received) > 0 {
		err = out.Send(reply)
	}
	if err != nil {
		return tell(err)
	}
	return nil
}

// remoteAdmin is a running hub.
type remoteAdmin struct {
	conn *grpc.ClientConn
	hub  pb.HubClient
}

func dialAdmin(dir string) (*remoteAdmin, error) {
	conn, err := net.DialTimeout("unix", filepath.Join(dir, socketFile), 5*time.Second)
	if err != nil {
		return nil, err
	}
	c, err := uplink.OverConn(conn)
	if err != nil {
		return nil, err
	}
	return &remoteAdmin{c, pb.NewHubClient(c)}, nil
}

// heard is the inverse of tell.
func heard(err error) error {
	if err == nil {
		return nil
	}
	s := status.Convert(err)
	if i := int(s.Code()) - 100; i >= 0 && i < len(told) {
		return heardError{s.Message(), told[i]}
	}
	if s.Code() == codes.Unavailable {
		return errors.New("the running hub does not answer: it was stopped, or does not take this user")
	}
	return errors.New(strings.TrimSpace(s.Message()))
}

// heardError has the text of an error of the running hub, and its meaning.
type heardError struct {
	text string
	is   error
}

func (e heardError) Error() string { return e.text }
func (e heardError) Unwrap() error { return e.is }

// Enrol implements Admin.
func (a *remoteAdmin) Enrol(ctx context.Context, o EnrolOptions) (uplink.Code, time.Time, error) {
	r, err := a.hub.Enrol(ctx, &pb.EnrolRequest{Name: o.Name, ValidSeconds: int64(o.Valid / time.Second), Replace: o.Replace, Tpm: o.TPM, Roots: o.Roots})
	if err != nil {
		return uplink.Code{}, time.Time{}, heard(err)
	}
	code, err := uplink.ParseCode(r.GetCode())
	return code, time.Unix(r.GetExpiresUnix(), 0), err
}

// Devices implements Admin.
func (a *remoteAdmin) Devices(ctx context.Context) ([]Device, error) {
	r, err := a.hub.Devices(ctx, &pb.DevicesRequest{})
	if err != nil {
		return nil, heard(err)
	}
	var list []Device
	for _, d := range r.GetDevice() {
		v := Device{Name: d.GetName(), Key: d.GetKey(), Joined: time.Unix(d.GetJoinedUnix(), 0), Connected: d.GetConnected(), TPM: unpackedTPM(d.GetTpm())}
		if n := d.GetRevokedUnix(); n != 0 {
			v.Revoked = time.Unix(n, 0)
		}
		list = append(list, v)
	}
	return list, nil
}

// Revoke implements Admin.
func (a *remoteAdmin) Revoke(ctx context.Context, name string) (int, error) {
	r, err := a.hub.Revoke(ctx, &pb.RevokeRequest{Name: name})
	return int(r.GetClosed()), heard(err)
}

// Summaries implements Admin.
func (a *remoteAdmin) Summaries(ctx context.Context, since time.Time, each func(Received) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r := &pb.SummariesRequest{}
	if !since.IsZero() {
		r.SinceUnixNano = since.UnixNano()
	}
	in, err := a.hub.Summaries(ctx, r)
	if err != nil {
		return heard(err)
	}
	for {
		page, err := in.Recv()
		if err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return heard(err)
		}
		for _, v := range page.GetReceived() {
			s, err := redact.Decode(v.GetSummary(), redact.AnyID())
			if err != nil {
				return err
			}
			if err := each(Received{v.GetSequence(), time.Unix(0, v.GetAtUnixNano()), v.GetDevice(), s}); err != nil {
				return err
			}
		}
	}
}

// Close implements Admin.
func (a *remoteAdmin) Close() error { return a.conn.Close() }
