package control

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"tenin/cmd/internal/control/pb"
)

// hold is long enough for whatever a test waits for; it is no expectation.
const hold = 20 * time.Second

// shop is a kiosk's gate and services without a kiosk.
type shop struct {
	pb.UnimplementedKioskServer
	pb.UnimplementedSessionsServer

	mu      sync.Mutex
	members map[string]string // name → role
	since   time.Time         // of every account
	shown   int
	began   chan struct{} // told when a Show begins; nil: Show returns at once
	erased  func() error
}

var errWrong = errors.New("wrong PIN")

func (s *shop) Staffed() (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.members) > 0, nil
}

// CheckPIN takes the name for the PIN.
func (s *shop) CheckPIN(_ context.Context, name string, pin []byte) (Member, error) {
	if m, ok, _ := s.Current(name); ok && string(pin) == name {
		return m, nil
	}
	return Member{}, errWrong
}

func (s *shop) Current(name string) (Member, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	role, ok := s.members[name]
	return Member{Name: name, Role: role, Since: s.since}, ok, nil
}

func (s *shop) set(name, role string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.members, name)
	if role != "" {
		s.members[name] = role
	}
}

func (s *shop) Status(context.Context, *pb.StatusRequest) (*pb.StatusReply, error) {
	return &pb.StatusReply{State: "attract", Pid: int64(os.Getpid())}, nil
}

func (s *shop) Show(_ *pb.ShowRequest, stream grpc.ServerStreamingServer[pb.SavedPart]) error {
	s.mu.Lock()
	s.shown++
	began := s.began
	s.mu.Unlock()
	if began != nil {
		began <- struct{}{}
		<-stream.Context().Done()
		return stream.Context().Err()
	}
	return nil
}

func (s *shop) Erase(context.Context, *pb.EraseRequest) (*pb.EraseReply, error) {
	return &pb.EraseReply{}, s.erased()
}

// clock is one that a test sets.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// serve serves a shop in a home of its own.
func serve(t *testing.T, s *shop, change func(*Options)) (home string, server *Server) {
	t.Helper()
	home = t.TempDir()
	l, err := Listen(home)
	if err != nil {
		t.Fatal(err)
	}
	o := Options{
		Gate: s, Log: slog.New(slog.DiscardHandler),
		Services: func(r grpc.ServiceRegistrar) {
			pb.RegisterKioskServer(r, s)
			pb.RegisterSessionsServer(r, s)
		},
		Reason: func(err error) string {
			if errors.Is(err, errWrong) {
				return "wrong"
			}
			return ""
		},
	}
	if change != nil {
		change(&o)
	}
	server = Serve(l, o)
	t.Cleanup(func() { server.Close() })
	return home, server
}

func dial(t *testing.T, home string) *Client {
	t.Helper()
	c, err := Dial(t.Context(), home, func(reason string) error {
		if reason == "wrong" {
			return errWrong
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func show(t *testing.T, c *Client) error {
	t.Helper()
	stream, err := pb.NewSessionsClient(c.Conn()).Show(t.Context(), &pb.ShowRequest{})
	for err == nil {
		_, err = stream.Recv()
	}
	if err == io.EOF {
		return nil
	}
	return err
}

func TestWordsNeedAPINOnceThereIsStaffAndOnlyThen(t *testing.T) {
	s := &shop{members: map[string]string{}}
	home, _ := serve(t, s, nil)
	c := dial(t, home)
	if err := show(t, c); err != nil {
		t.Fatalf("without staff: %v", err)
	}
	s.set("sato", "staff")
	if err := show(t, c); !errors.Is(err, ErrPINNeeded) {
		t.Fatalf("without a PIN: %v", err)
	}
	if _, err := c.Login(t.Context(), "sato", []byte("suzuki")); !errors.Is(err, errWrong) || err.Error() != errWrong.Error() {
		t.Fatalf("with a wrong one: %v", err)
	}
	if err := show(t, c); !errors.Is(err, ErrPINNeeded) {
		t.Fatalf("after a wrong one: %v", err)
	}
	if m, err := c.Login(t.Context(), "sato", []byte("sato")); err != nil || m.Role != "staff" {
		t.Fatalf("%+v, %v", m, err)
	}
	if err := show(t, c); err != nil {
		t.Fatalf("with the right one: %v", err)
	}
	if s.shown != 2 {
		t.Errorf("the session was shown %d times", s.shown)
	}
}

func TestARoleReachesAsFarAsItsRuleAndNoFurther(t *testing.T) {
	s := &shop{members: map[string]string{"s": "staff", "t": "technician", "m": "manager"}, erased: func() error { return nil }}
	home, _ := serve(t, s, nil)
	for name, may := range map[string][2]bool{"s": {true, false}, "t": {false, false}, "m": {true, true}} {
		c := dial(t, home)
		if _, err := c.Login(t.Context(), name, []byte(name)); err != nil {
			t.Fatal(err)
		}
		reads := show(t, c)
		_, erases := pb.NewSessionsClient(c.Conn()).Erase(t.Context(), &pb.EraseRequest{})
		for i, err := range []error{reads, erases} {
			if may[i] != (err == nil) || (err != nil && !errors.Is(err, ErrNotAllowed)) {
				t.Errorf("%s, call %d: %v", name, i, err)
			}
		}
	}
}

func TestASessionEndsWithItsConnectionItsIdleTimeItsDayOrItsAccount(t *testing.T) {
	now := &clock{now: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}
	s := &shop{members: map[string]string{"sato": "staff", "m": "manager"}}
	home, _ := serve(t, s, func(o *Options) { o.now = now.Now })
	login := func() *Client {
		t.Helper()
		c := dial(t, home)
		if _, err := c.Login(t.Context(), "sato", []byte("sato")); err != nil {
			t.Fatal(err)
		}
		if err := show(t, c); err != nil {
			t.Fatal(err)
		}
		return c
	}
	needs := func(what string, c *Client) {
		t.Helper()
		if err := show(t, c); !errors.Is(err, ErrPINNeeded) {
			t.Errorf("%s: %v", what, err)
		}
	}

	c := login()
	thief := dial(t, home)
	thief.token, thief.known = c.token, true
	needs("the token on another connection", thief)

	now.forward(DefaultIdle - time.Second)
	if err := show(t, c); err != nil {
		t.Error(err)
	}
	now.forward(DefaultIdle)
	needs("idle", c)

	c = login()
	for elapsed := time.Duration(0); elapsed < longestSession; elapsed += DefaultIdle / 2 {
		_ = show(t, c)
		now.forward(DefaultIdle / 2)
	}
	needs("a day's work", c)

	c = login()
	s.mu.Lock()
	s.since = s.since.Add(time.Second)
	s.mu.Unlock()
	needs("a PIN that was replaced", c)

	c = login()
	s.set("sato", "technician")
	if err := show(t, c); !errors.Is(err, ErrNotAllowed) {
		t.Errorf("with another role: %v", err)
	}
	s.set("sato", "")
	needs("without an account", c)
	s.set("sato", "staff")
	needs("with the account again", c)

	c = login()
	if _, err := pb.NewAccessClient(c.Conn()).Logout(t.Context(), &pb.LogoutRequest{}); err != nil {
		t.Fatal(err)
	}
	needs("after the logout", c)
}

func TestEveryCallOfTheProtocolHasARule(t *testing.T) {
	found := map[string]bool{}
	for _, d := range []grpc.ServiceDesc{
		pb.Kiosk_ServiceDesc, pb.Events_ServiceDesc, pb.Access_ServiceDesc, pb.Sessions_ServiceDesc, pb.Keys_ServiceDesc,
		pb.Knowledge_ServiceDesc, pb.Staff_ServiceDesc, pb.Egress_ServiceDesc, pb.Clerk_ServiceDesc, pb.House_ServiceDesc,
	} {
		for _, m := range d.Methods {
			found["/"+d.ServiceName+"/"+m.MethodName] = true
		}
		for _, m := range d.Streams {
			found["/"+d.ServiceName+"/"+m.StreamName] = true
		}
	}
	for name := range found {
		if _, ok := ruleOf(name); !ok {
			t.Errorf("%s has no rule", name)
		}
	}
	for _, table := range []map[string]rule{rules, houseRules} {
		for name := range table {
			if !found[name] {
				t.Errorf("%s is no call", name)
			}
		}
	}
	for _, name := range []string{pb.House_Unanswered_FullMethodName, pb.House_Read_FullMethodName, pb.House_Sound_FullMethodName} {
		if roles, _ := Roles(name); len(roles) == 0 || slices.Contains(roles, "technician") {
			t.Errorf("%s shows shoppers' words to %v", name, roles)
		}
	}
	if rules[pb.Sessions_Show_FullMethodName].roles == nil {
		t.Error("shoppers' words need no PIN")
	}
}

func TestACallThatIsInNoTableIsRefused(t *testing.T) {
	home, _ := serve(t, &shop{}, nil)
	c := dial(t, home)
	err := c.conn.Invoke(t.Context(), "/tenin.control.v1.Sessions/Everything", &pb.StatusRequest{}, &pb.StatusReply{})
	if err == nil || !strings.Contains(err.Error(), "another version") {
		t.Error(err)
	}
}

func TestAPanicOrAnErrorInsideSaysNothingThatWasAskedFor(t *testing.T) {
	var log bytes.Buffer
	s := &shop{erased: func() error { panic("駐車場はありますか") }}
	home, _ := serve(t, s, func(o *Options) { o.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	c := dial(t, home)
	_, err := pb.NewSessionsClient(c.Conn()).Erase(t.Context(), &pb.EraseRequest{})
	if err == nil || strings.Contains(err.Error()+log.String(), "駐車場") || !strings.Contains(log.String(), pb.Sessions_Erase_FullMethodName) {
		t.Errorf("%v; %s", err, &log)
	}
	if err := show(t, c); err != nil {
		t.Errorf("the kiosk does not go on: %v", err)
	}
}

func TestAPINThatIsRefusedOrTakenIsLoggedWithoutThePIN(t *testing.T) {
	var log bytes.Buffer
	s := &shop{members: map[string]string{"sato": "staff"}}
	home, _ := serve(t, s, func(o *Options) { o.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	c := dial(t, home)
	_, _ = c.Login(t.Context(), "sato", []byte("835261"))
	if _, err := c.Login(t.Context(), "sato", []byte("sato")); err != nil {
		t.Fatal(err)
	}
	if text := log.String(); strings.Contains(text, "835261") || !strings.Contains(text, "why=wrong") || !strings.Contains(text, "staff=sato") {
		t.Error(text)
	}
	if text := (token{1, 2, 3}).String() + (token{}).GoString(); text != "[secret][secret]" {
		t.Error(text)
	}
}

func TestStreamsEndAndTheSocketGoesWhenTheKioskStops(t *testing.T) {
	events := NewEvents("attract")
	home, server := serve(t, &shop{}, func(o *Options) { o.Events = events })
	stream, err := pb.NewEventsClient(dial(t, home).Conn()).Watch(t.Context(), &pb.WatchRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if first, err := stream.Recv(); err != nil || first.State != "attract" {
		t.Fatalf("%+v, %v", first, err)
	}
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); err != io.EOF {
		t.Errorf("the stream: %v", err)
	}
	if _, err := os.Lstat(Path(home)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket: %v", err)
	}
	if _, err := Dial(t.Context(), home, nil); !errors.Is(err, ErrNotRunning) {
		t.Errorf("dial: %v", err)
	}
}

func TestAStopCutsOffACallThatGoesOnAndWaitsForItsEnd(t *testing.T) {
	s := &shop{began: make(chan struct{})}
	home, server := serve(t, s, nil)
	c := dial(t, home)
	result := make(chan error, 1)
	go func() { result <- show(t, c) }()
	<-s.began
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	err := <-result
	if !errors.Is(err, ErrGone) && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestADashboardIsToldStatesAndCallsFromTheBeginning(t *testing.T) {
	events := NewEvents("attract")
	first := events.CallStaff()
	s := &shop{members: map[string]string{"sato": "staff"}}
	home, _ := serve(t, s, func(o *Options) { o.Events = events })
	c := dial(t, home)
	stream, err := pb.NewEventsClient(c.Conn()).Watch(t.Context(), &pb.WatchRequest{})
	if err != nil {
		t.Fatal(err)
	}
	next := func() *pb.Event {
		t.Helper()
		e, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	if e := next(); e.Kind != pb.Event_STATE || e.State != "attract" {
		t.Error(e)
	}
	if e := next(); e.Kind != pb.Event_STAFF_CALLED || e.Call != first {
		t.Error(e)
	}
	events.SetState("listening")
	events.SetState("listening")
	if e := next(); e.State != "listening" || e.AtNs == 0 {
		t.Error(e)
	}
	if _, err := c.Login(t.Context(), "sato", []byte("sato")); err != nil {
		t.Fatal(err)
	}
	if _, err := pb.NewEventsClient(c.Conn()).Handle(t.Context(), &pb.HandleRequest{Call: first}); err != nil {
		t.Fatal(err)
	}
	if e := next(); e.Kind != pb.Event_STAFF_HANDLED || e.Call != first || e.Staff != "sato" {
		t.Error(e)
	}
	if _, err := pb.NewEventsClient(c.Conn()).Handle(t.Context(), &pb.HandleRequest{Call: first}); err == nil {
		t.Error("handled twice")
	}
	events.KnowledgeChanged()
	if e := next(); e.Kind != pb.Event_KNOWLEDGE {
		t.Error(e)
	}
	if events.Waiting() != 0 {
		t.Error(events.Waiting())
	}
}

func TestAWatcherThatIsTooSlowIsToldThatItMissedSomething(t *testing.T) {
	events := NewEvents("0")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	got := make(chan *pb.Event)
	done := make(chan error, 1)
	go func() {
		done <- events.watch(ctx, func(e *pb.Event) error {
			select {
			case got <- e:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}()
	<-got // it watches now
	for i := range 10 * longestQueue {
		events.SetState(string(rune('a' + i%20)))
	}
	last, _ := events.State()
	missed := false
	for e := range got {
		missed = missed || e.Kind == pb.Event_MISSED
		if missed && e.State == last {
			break
		}
	}
	events.mu.Lock()
	for w := range events.watchers {
		if len(w.queue) > longestQueue+2 {
			t.Errorf("a queue of %d", len(w.queue))
		}
	}
	events.mu.Unlock()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// The hostile ones. Each ends with a well-meaning client being served.

func raw(t *testing.T, home string) net.Conn {
	t.Helper()
	conn, err := net.Dial("unix", Path(home))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func TestGarbageIsHungUpOn(t *testing.T) {
	home, _ := serve(t, &shop{}, nil)
	for _, bytes := range []string{"GET / HTTP/1.1\r\n\r\n", strings.Repeat("\x00", 100_000), "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + strings.Repeat("\xff", 1000)} {
		conn := raw(t, home)
		_, _ = io.WriteString(conn, bytes)
		_ = conn.SetReadDeadline(time.Now().Add(hold))
		if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%.10q: still connected", bytes)
		}
	}
	if err := show(t, dial(t, home)); err != nil {
		t.Error(err)
	}
}

func TestTheSilentAndTheManyDoNotKeepOthersOut(t *testing.T) {
	home, server := serve(t, &shop{}, nil)
	var silent []net.Conn
	for range 3 * maxConnections {
		silent = append(silent, raw(t, home))
	}
	if n := server.open.Load(); n > maxConnections {
		t.Errorf("%d connections are let in", n)
	}
	// Who says nothing is hung up on, first those beyond the limit, then, after the greeting's time, all.
	for _, conn := range silent {
		_ = conn.SetReadDeadline(time.Now().Add(hold))
		if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatal("still connected")
		}
	}
	if err := show(t, dial(t, home)); err != nil {
		t.Error(err)
	}
}

func TestAMessageThatIsTooLongIsRefusedAndTheConnectionGoesOn(t *testing.T) {
	s := &shop{erased: func() error { t.Error("it was served"); return nil }}
	home, _ := serve(t, s, nil)
	c := dial(t, home)
	conn, err := grpc.NewClient("passthrough:///x", grpc.WithContextDialer(func(context.Context, string) (net.Conn, error) { return net.Dial("unix", Path(home)) }),
		grpc.WithTransportCredentials(&peerCredentials{allowed: func(Peer) error { return nil }}))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, err = pb.NewSessionsClient(conn).Erase(t.Context(), &pb.EraseRequest{Id: make([]byte, 8*MaxMessage)})
	if status.Code(err) != codes.ResourceExhausted {
		t.Error(err)
	}
	// A header of a megabyte is none either.
	_, err = pb.NewKioskClient(conn).Status(metadata.AppendToOutgoingContext(t.Context(), "x", strings.Repeat("a", MaxMessage)), &pb.StatusRequest{})
	if err == nil {
		t.Error("a header of a megabyte was taken")
	}
	if err := show(t, c); err != nil {
		t.Error(err)
	}
	if _, err := pb.NewKioskClient(conn).Status(t.Context(), &pb.StatusRequest{}); err != nil {
		t.Error(err)
	}
}

func TestACallThatNeverSendsItsRequestHasADeadline(t *testing.T) {
	rule := rules[pb.Kiosk_Status_FullMethodName]
	rules[pb.Kiosk_Status_FullMethodName] = struct {
		roles  []string
		within time.Duration
	}{nil, time.Millisecond}
	defer func() { rules[pb.Kiosk_Status_FullMethodName] = rule }()
	home, server := serve(t, &shop{}, nil)
	conn, err := grpc.NewClient("passthrough:///x", grpc.WithContextDialer(func(context.Context, string) (net.Conn, error) { return net.Dial("unix", Path(home)) }),
		grpc.WithTransportCredentials(&peerCredentials{allowed: func(Peer) error { return nil }}))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(t.Context(), hold)
	defer cancel()
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true}, pb.Kiosk_Status_FullMethodName)
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.RecvMsg(&pb.StatusReply{}); err == nil || ctx.Err() != nil {
		t.Errorf("%v, %v", err, ctx.Err())
	}
	if err := server.Close(); err != nil {
		t.Error(err)
	}
}

func TestAnotherUserIsHungUpOnBeforeAByteIsRead(t *testing.T) {
	refused := make(chan Peer, 1)
	home, _ := serve(t, &shop{}, func(o *Options) {
		o.allowed = func(p Peer) error {
			select {
			case refused <- p:
			default:
			}
			return ErrNotAllowed
		}
	})
	if _, err := Dial(t.Context(), home, nil); err == nil {
		t.Error("let in")
	}
	if p := <-refused; p.UID != os.Geteuid() || p.PID != os.Getpid() {
		t.Errorf("%+v", p)
	}
	for uid, in := range map[int]bool{os.Geteuid(): true, 0: true, 65534: os.Geteuid() == 65534, 4_000_000: false} {
		if err := ownerOrRoot(Peer{UID: uid}); (err == nil) != in {
			t.Errorf("user %d: %v", uid, err)
		}
	}
}

func TestRootIsLetInWhereTheKioskCannotTellItsNumber(t *testing.T) {
	const hidden = 65534
	for _, c := range []struct {
		uid, foreign int
		in           bool
	}{
		{hidden, hidden, true}, {hidden, -1, os.Geteuid() == hidden}, {4_000_000, hidden, false}, {-1, -1, false}, {0, hidden, true},
	} {
		if err := letIn(Peer{UID: c.uid}, c.foreign); (err == nil) != c.in {
			t.Errorf("user %d where strangers are %d: %v", c.uid, c.foreign, err)
		}
	}
	home, _ := serve(t, &shop{}, nil)
	if info, err := os.Stat(filepath.Join(home, "control.sock")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the socket: %v, %v: others than its owner and root reach it", info, err)
	}
}

func TestACommandIsToldThatTheKioskEndedInTheMiddle(t *testing.T) {
	s := &shop{began: make(chan struct{})}
	home, server := serve(t, s, nil)
	c := dial(t, home)
	result := make(chan error, 1)
	go func() { result <- show(t, c) }()
	<-s.began
	server.grpc.Stop()
	err := <-result
	if !errors.Is(err, ErrGone) || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), filepath.Base(home)) {
		t.Error(err)
	}
	if err := show(t, c); !errors.Is(err, ErrGone) {
		t.Errorf("the next call: %v", err)
	}
}

func TestPINsAreLookedAtOneAtATime(t *testing.T) {
	s := &counting{shop: &shop{members: map[string]string{"sato": "staff"}}}
	home, _ := serve(t, s.shop, func(o *Options) { o.Gate = s })
	var group sync.WaitGroup
	for range 4 {
		c := dial(t, home)
		group.Go(func() {
			if _, err := c.Login(t.Context(), "sato", []byte("no")); !errors.Is(err, errWrong) {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if s.most.Load() != 1 {
		t.Errorf("%d at once", s.most.Load())
	}
}

// counting is a gate that counts how many PINs are looked at at the same time.
type counting struct {
	*shop
	now, most atomic.Int32
}

func (c *counting) CheckPIN(ctx context.Context, name string, pin []byte) (Member, error) {
	c.most.Store(max(c.most.Load(), c.now.Add(1)))
	defer c.now.Add(-1)
	time.Sleep(time.Millisecond)
	return c.shop.CheckPIN(ctx, name, pin)
}
