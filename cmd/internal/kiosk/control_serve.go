package kiosk

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"google.golang.org/grpc"

	"tenin/audio"
	"tenin/cmd/internal/control"
	"tenin/cmd/internal/control/pb"
	"tenin/cmd/internal/worker/sandbox"
	"tenin/storage"
	"tenin/storage/seal"
)

// Machine is what the control socket shows of the turn.
type Machine interface {
	// State is what the kiosk does now: one word, of no shopper.
	State() string
	// Subscribe has f told each new state, until stop. f does not wait.
	Subscribe(f func(state string)) (stop func())
}

// ControlProcess is a process of the running kiosk.
type ControlProcess struct {
	Role     string
	PID      int
	Since    time.Time
	Restarts int
}

// ControlOptions say what the control socket tells beside what the clerk knows. The zero value will do.
type ControlOptions struct {
	// Version of this program.
	Version string
	// Machine runs the turns; nil: the state is "running".
	Machine Machine
	// Events are what a dashboard is told; nil: new ones. Staff that is called goes through them.
	Events *control.Events
	// Processes lists the kiosk's other processes; nil: none are told.
	Processes func() []ControlProcess
	// Probe tries targets inside the process of that role; nil: nothing can be probed.
	Probe func(ctx context.Context, role string, targets sandbox.Targets) ([]sandbox.Result, error)
	// Desk takes the questions of other processes; nil: the kiosk takes none.
	Desk *Desk
	// Reloaded is called when the clerk answers from other knowledge, or reads it aloud otherwise; nil: nobody cares. The
	// desk speaks what is not spoken yet without being told.
	Reloaded func()
	// Ring calls staff from outside the kiosk; it must not wait. nil: nobody is called so.
	Ring func(Ring)
	// Play plays a sound that staff want to hear at the kiosk; nil: the kiosk has no loudspeaker of its own.
	Play func(context.Context, audio.Clip) error
	// Log is told who of the staff did what; nil is slog's default.
	Log *slog.Logger
}

// Control serves the control socket of a home.
type Control struct {
	server *control.Server
	stop   func()
}

// AlreadyRuns returns an error that names the process when a kiosk serves home: a second one asks before it loads anything.
func AlreadyRuns(home string) error { return control.Running(home) }

// ServeControl serves HOME/control.sock for clerk, which must hold its vault, until the Control is closed or ctx ends.
// It must be closed before the clerk is.
func ServeControl(ctx context.Context, clerk *Clerk, o ControlOptions) (*Control, error) {
	if clerk.vault == nil {
		return nil, errors.New("a kiosk without a vault has nothing to serve")
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Events == nil {
		o.Events = control.NewEvents("running")
	}
	listener, err := control.Listen(clerk.options.Home)
	if err != nil {
		return nil, err
	}
	reloaded := o.Reloaded
	o.Reloaded = func() {
		if o.Desk != nil {
			o.Desk.AnswersChanged()
		}
		if reloaded != nil {
			reloaded()
		}
	}
	clerk.backroom.attach(o)
	c := &Control{stop: func() {}}
	if o.Machine != nil {
		c.stop = o.Machine.Subscribe(o.Events.SetState)
		o.Events.SetState(o.Machine.State())
	}
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	s := served{clerk: clerk, options: o, started: time.Now(), life: life}
	c.server = control.Serve(listener, control.Options{
		Gate: gate{clerk.vault, clerk.permit}, Events: o.Events, Reason: reasonOf, Log: o.Log,
		Idle:     time.Duration(clerk.options.Config.Control.IdleMinutes * float64(time.Minute)),
		Services: s.register,
	})
	stop := c.stop
	c.stop = sync.OnceFunc(func() {
		stop()
		end()
	})
	context.AfterFunc(ctx, func() { _ = c.Close() })
	return c, nil
}

// Close ends the streams, waits for the calls that go on and removes the socket. It may be called more than once.
func (c *Control) Close() error {
	c.stop()
	return c.server.Close()
}

// gate asks the vault who may.
type gate struct {
	vault  *storage.Vault
	permit *permit
}

func (g gate) Staffed() (bool, error) { return g.vault.Staffed() }

// CheckPIN waits for the permit: Argon2id takes all cores, and a shopper's turn goes first.
func (g gate) CheckPIN(ctx context.Context, name string, pin []byte) (member control.Member, err error) {
	given := seal.NewSecret(pin)
	defer given.Destroy()
	err = g.permit.during(attended(ctx), true, func() error {
		m, err := g.vault.CheckPIN(name, given, time.Now())
		member = control.Member{Name: m.Name, Role: string(m.Role), Since: m.Added}
		return err
	})
	return member, err
}

func (g gate) Current(name string) (control.Member, bool, error) {
	list, err := g.vault.Staff()
	for _, m := range list {
		if m.Name == name && !m.Disabled {
			return control.Member{Name: m.Name, Role: string(m.Role), Since: m.Added}, true, nil
		}
	}
	return control.Member{}, false, err
}

// served is what the services have in common.
type served struct {
	clerk   *Clerk
	options ControlOptions
	started time.Time
	life    context.Context // ends with the Control
}

func (s served) register(r grpc.ServiceRegistrar) {
	pb.RegisterKioskServer(r, kioskService{served: s})
	pb.RegisterClerkServer(r, clerkService{served: s})
	pb.RegisterSessionsServer(r, sessionsService{served: s})
	pb.RegisterKeysServer(r, keysService{served: s})
	pb.RegisterKnowledgeServer(r, knowledgeService{served: s, one: &s.clerk.knowing})
	pb.RegisterStaffServer(r, staffService{served: s})
	pb.RegisterEgressServer(r, egressService{served: s})
	pb.RegisterHouseServer(r, houseService{served: s})
}

// log is told who of the staff did what, by the names of accounts and sessions.
func (s served) log(ctx context.Context, what string, args ...any) {
	who := "nobody: there are no accounts"
	if m, ok := control.MemberFrom(ctx); ok {
		who = m.Name
	}
	s.options.Log.InfoContext(ctx, what, append([]any{"staff", who, "process", control.PeerFrom(ctx).PID}, args...)...)
}

type kioskService struct {
	pb.UnimplementedKioskServer
	served
}

func (s kioskService) Status(context.Context, *pb.StatusRequest) (*pb.StatusReply, error) {
	staffed, err := s.clerk.vault.Staffed()
	if err != nil {
		return nil, err
	}
	state, since := s.options.Events.State()
	reply := &pb.StatusReply{
		Version: s.options.Version, Pid: int64(os.Getpid()), Home: s.clerk.options.Home,
		StartedNs: control.Nanoseconds(s.started), State: state, StateSinceNs: control.Nanoseconds(since),
		Staffed: staffed, Waiting: int32(s.options.Events.Waiting()), Greeting: s.clerk.Greeting(), Alerts: s.options.Events.Alerts(),
	}
	if shop := s.clerk.shop.Load(); shop != nil {
		reply.Answers, reply.Products, reply.Demo = int32(len(shop.batch.Entries)), int32(len(shop.batch.Products)), shop.demo
	}
	if s.options.Processes != nil {
		for _, p := range s.options.Processes() {
			reply.Processes = append(reply.Processes, &pb.Process{Role: p.Role, Pid: int64(p.PID), SinceNs: control.Nanoseconds(p.Since), Restarts: int32(p.Restarts)})
		}
	}
	return reply, nil
}

type sessionsService struct {
	pb.UnimplementedSessionsServer
	served
}

func (s sessionsService) List(_ *pb.SessionsRequest, stream grpc.ServerStreamingServer[pb.Listing]) error {
	list, err := s.clerk.vault.Sessions()
	if err != nil {
		return err
	}
	for _, l := range list {
		if err := stream.Send(listingToWire(l)); err != nil {
			return err
		}
	}
	return nil
}

func (s sessionsService) Show(r *pb.ShowRequest, stream grpc.ServerStreamingServer[pb.SavedPart]) error {
	id, err := idFromWire(r.Id)
	if err != nil {
		return err
	}
	saved, err := s.clerk.backroom.read(asker(stream.Context()), id, r.Reason)
	if err != nil {
		return err
	}
	// Before the first word leaves.
	s.log(stream.Context(), "a session was read", "session", id.String())
	if err := stream.Send(&pb.SavedPart{Part: &pb.SavedPart_Saved{Saved: savedToWire(saved)}}); err != nil {
		return err
	}
	for _, t := range saved.Turns {
		if err := stream.Send(&pb.SavedPart{Part: &pb.SavedPart_Turn{Turn: turnToWire(t)}}); err != nil {
			return err
		}
	}
	return nil
}

func (s sessionsService) Erase(ctx context.Context, r *pb.EraseRequest) (*pb.EraseReply, error) {
	id, err := idFromWire(r.Id)
	if err != nil {
		return nil, err
	}
	if err := s.clerk.vault.Erase(id); err != nil {
		return nil, err
	}
	s.log(ctx, "a session was erased", "session", id.String())
	return &pb.EraseReply{}, nil
}

func (s sessionsService) EraseReceipt(ctx context.Context, r *pb.EraseReceiptRequest) (*pb.EraseReceiptReply, error) {
	id, err := eraseReceipt(s.clerk.vault, r.Code)
	if err != nil {
		return nil, err
	}
	s.log(ctx, "a session was erased by its receipt", "session", id.String())
	return &pb.EraseReceiptReply{Id: id[:]}, nil
}

type keysService struct {
	pb.UnimplementedKeysServer
	served
}

func (s keysService) Status(context.Context, *pb.KeysRequest) (*pb.KeysReply, error) {
	k := s.clerk.vault.Keys()
	return &pb.KeysReply{
		Generation: k.Generation, RootMadeNs: control.Nanoseconds(k.RootMade), Sessions: int32(k.Sessions), Counted: k.Counted, Count: k.Count,
		Recovery: k.Recovery, RecoveryMadeNs: control.Nanoseconds(k.RecoveryMade),
	}, nil
}

type staffService struct {
	pb.UnimplementedStaffServer
	served
}

func (s staffService) List(context.Context, *pb.StaffRequest) (*pb.StaffReply, error) {
	list, err := s.clerk.vault.Staff()
	if err != nil {
		return nil, err
	}
	reply := &pb.StaffReply{}
	for _, m := range list {
		reply.Staff = append(reply.Staff, memberToWire(m))
	}
	return reply, nil
}

func (s staffService) Add(ctx context.Context, r *pb.AddStaffRequest) (*pb.AddStaffReply, error) {
	defer clear(r.Pin)
	pin := seal.NewSecret(r.Pin)
	defer pin.Destroy()
	if err := s.clerk.vault.AddStaff(r.Name, storage.Role(r.Role), pin, time.Now()); err != nil {
		return nil, err
	}
	s.log(ctx, "a staff account was added", "account", r.Name, "role", r.Role)
	return &pb.AddStaffReply{}, nil
}

func (s staffService) Disable(ctx context.Context, r *pb.DisableStaffRequest) (*pb.DisableStaffReply, error) {
	if err := s.clerk.vault.DisableStaff(r.Name); err != nil {
		return nil, err
	}
	s.log(ctx, "a staff account was disabled", "account", r.Name)
	return &pb.DisableStaffReply{}, nil
}

type knowledgeService struct {
	pb.UnimplementedKnowledgeServer
	served
	one *sync.Mutex // held by the import that goes on
}

func (s knowledgeService) Import(stream grpc.BidiStreamingServer[pb.ImportPart, pb.Changed]) error {
	ctx := stream.Context()
	mode, text := pb.ImportPart_MODE_UNSPECIFIED, []byte(nil)
	for {
		part, err := stream.Recv()
		if err == io.EOF {
			break
		} else if err != nil {
			return err
		}
		if mode == pb.ImportPart_MODE_UNSPECIFIED {
			mode = part.Mode
		}
		if text = append(text, part.Batch...); len(text) > maxBatch {
			return errors.New("the batch is larger than a knowledge file may be: import it in parts, with --add")
		}
	}
	modes := map[pb.ImportPart_Mode]ImportMode{pb.ImportPart_REPLACE: ImportReplace, pb.ImportPart_ADD: ImportAdd, pb.ImportPart_PREVIEW: ImportPreview}
	how, ok := modes[mode]
	if !ok {
		return errors.New("the batch does not say whether it replaces what is there")
	}
	batch, err := checkedBatch(ctx, text)
	if err != nil {
		return err
	}
	s.one.Lock()
	defer s.one.Unlock()
	diff, err := importInto(s.clerk.options.Home, batch, how)
	if err != nil {
		return err
	}
	if err := s.tell(stream, diff); err != nil || how == ImportPreview || diff.Empty() {
		return err
	}
	return s.reload(ctx, stream)
}

func (s knowledgeService) Step(r *pb.StepRequest, stream grpc.ServerStreamingServer[pb.Changed]) error {
	s.one.Lock()
	defer s.one.Unlock()
	diff, err := stepIn(s.clerk.options.Home, r.Redo)
	if err != nil {
		return err
	}
	if err := s.tell(stream, diff); err != nil {
		return err
	}
	return s.reload(stream.Context(), stream)
}

// changes is a stream that tells a change.
type changes interface{ Send(*pb.Changed) error }

func (s knowledgeService) tell(stream changes, diff any) error {
	return inPieces(diff, func(piece []byte) error { return stream.Send(&pb.Changed{Diff: piece}) })
}

// reload has the clerk answer from what the home holds now. Whoever asked for the change and went away does not stop it:
// the change is made, and the clerk must not answer from what it replaced.
func (s knowledgeService) reload(ctx context.Context, stream changes) error {
	s.log(ctx, "the knowledge was changed")
	err := s.clerk.Reload(s.life, func(done, total int) {
		_ = stream.Send(&pb.Changed{Done: int32(done), Total: int32(total)})
	})
	if err != nil {
		return err
	}
	s.options.Events.KnowledgeChanged()
	if s.options.Reloaded != nil {
		s.options.Reloaded()
	}
	return nil
}

func (s knowledgeService) List(_ *pb.KnowledgeRequest, stream grpc.ServerStreamingServer[pb.KnowledgePart]) error {
	batch, isDemo, err := LoadKnowledge(s.clerk.options.Home)
	if err != nil {
		return err
	}
	return inPieces(batch, func(piece []byte) error {
		return stream.Send(&pb.KnowledgePart{Demo: isDemo, Batch: piece})
	})
}
