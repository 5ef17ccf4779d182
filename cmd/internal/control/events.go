package control

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"tenin/cmd/internal/control/pb"
)

// Events tells watchers what happens at the counter. It holds no word of anybody: states, times and random names of calls.
// Its methods may be called from any goroutine and never wait.
type Events struct {
	mu       sync.Mutex
	state    string
	since    time.Time
	calls    map[string]bool
	alerts   []*pb.Alert // the latest last
	watchers map[*watcher]bool
	over     bool
	observer func()
	handler  func(call, staff string) bool
}

// watcher is one stream. Its queue is short: a dashboard that sleeps must not fill the kiosk's memory.
type watcher struct {
	queue []*pb.Event
	more  chan struct{} // holds one token when the queue has something
}

const longestQueue = 128

// NewEvents begins with a state.
func NewEvents(state string) *Events {
	return &Events{state: state, since: time.Now(), calls: map[string]bool{}, watchers: map[*watcher]bool{}}
}

// State is what the kiosk does now, and since when.
func (e *Events) State() (state string, since time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.state, e.since
}

// SetState tells what the kiosk does now.
func (e *Events) SetState(state string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if state == e.state {
		return
	}
	e.state, e.since = state, time.Now()
	e.tell(e.present())
}

// CallStaff tells that a shopper asks for somebody, and returns the call's random name.
func (e *Events) CallStaff() string {
	b := make([]byte, 8)
	_, _ = rand.Read(b)
	call := hex.EncodeToString(b)
	e.Called(call)
	return call
}

// Called tells of a call that has a name already; one that is known is not told again.
func (e *Events) Called(call string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.calls[call] {
		return
	}
	e.calls[call] = true
	e.tell(&pb.Event{Kind: pb.Event_STAFF_CALLED, Call: call})
}

// Taken tells that somebody is on the way; staff may be empty. It is false for a call that is unknown or was handled.
func (e *Events) Taken(call, staff string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.calls[call] {
		return false
	}
	e.tell(&pb.Event{Kind: pb.Event_STAFF_TAKEN, Call: call, Staff: staff})
	return true
}

// Observe has f called after each event; f must not wait, nor ask the Events anything. There is one observer.
func (e *Events) Observe(f func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.observer = f
}

// OnHandle has f called for what somebody says to have handled at the control socket, instead of Handled. f tells Handled
// in its turn, and is false for a call that nobody waits for any more.
func (e *Events) OnHandle(f func(call, staff string) bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.handler = f
}

// handle is what the control socket was told.
func (e *Events) handle(call, staff string) bool {
	e.mu.Lock()
	f := e.handler
	e.mu.Unlock()
	if f == nil {
		f = e.Handled
	}
	return f(call, staff)
}

// Handled tells that somebody came; staff may be empty. It is false for a call that is unknown or was handled before.
func (e *Events) Handled(call, staff string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.calls[call] {
		return false
	}
	delete(e.calls, call)
	e.tell(&pb.Event{Kind: pb.Event_STAFF_HANDLED, Call: call, Staff: staff})
	return true
}

// Waiting is how many calls nobody has come to.
func (e *Events) Waiting() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.calls)
}

// KnowledgeChanged tells that the clerk answers from other knowledge now.
func (e *Events) KnowledgeChanged() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.tell(&pb.Event{Kind: pb.Event_KNOWLEDGE})
}

// Alert is a process of the kiosk that died again and again.
type Alert struct {
	// Role of the process, and the reason of its last end.
	Role, Reason string
	// Crashes within a minute.
	Crashes int
	// Pause until it is started again.
	Pause time.Duration
}

const (
	mostAlerts = 16
	// alertStays is how long an alert is shown: staff look at a screen now and then.
	alertStays = time.Hour
)

// Alert tells of a process that died again and again.
func (e *Events) Alert(a Alert) {
	alert := &pb.Alert{AtNs: time.Now().UnixNano(), Role: a.Role, Reason: a.Reason, Crashes: int32(a.Crashes), PauseNs: int64(a.Pause)}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.alerts = append(e.alerts, alert)
	if n := len(e.alerts); n > mostAlerts {
		e.alerts = slices.Clone(e.alerts[n-mostAlerts:])
	}
	e.tell(&pb.Event{Kind: pb.Event_ALERT, Alert: alert})
}

// Alerts are those of the last hour, the latest last.
func (e *Events) Alerts() (list []*pb.Alert) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, a := range e.alerts {
		if time.Since(time.Unix(0, a.AtNs)) < alertStays {
			list = append(list, a)
		}
	}
	return list
}

func (e *Events) present() *pb.Event { return &pb.Event{Kind: pb.Event_STATE, State: e.state} }

// tell puts an event into each queue; e.mu is held.
func (e *Events) tell(event *pb.Event) {
	event.AtNs = time.Now().UnixNano()
	for w := range e.watchers {
		if len(w.queue) >= longestQueue {
			w.queue = append(w.queue[:0:0], &pb.Event{Kind: pb.Event_MISSED, AtNs: event.AtNs})
			w.queue = append(w.queue, e.begin(event.AtNs)...)
		} else {
			w.queue = append(w.queue, event)
		}
		w.wake()
	}
	if e.observer != nil {
		e.observer()
	}
}

// begin is what a watcher has to know at first: the state, and who waits for staff.
func (e *Events) begin(at int64) []*pb.Event {
	present := e.present()
	present.AtNs = at
	events := []*pb.Event{present}
	for call := range e.calls {
		events = append(events, &pb.Event{Kind: pb.Event_STAFF_CALLED, Call: call, AtNs: at})
	}
	return events
}

func (w *watcher) wake() {
	select {
	case w.more <- struct{}{}:
	default:
	}
}

// watch gives each event to send until ctx or the kiosk ends, or send fails.
func (e *Events) watch(ctx context.Context, send func(*pb.Event) error) error {
	w := &watcher{more: make(chan struct{}, 1)}
	e.mu.Lock()
	w.queue = e.begin(e.since.UnixNano())
	w.wake()
	e.watchers[w] = true
	e.mu.Unlock()
	defer func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		delete(e.watchers, w)
	}()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-w.more:
		}
		e.mu.Lock()
		events, over := w.queue, e.over
		w.queue = nil
		e.mu.Unlock()
		for _, event := range events {
			if err := send(event); err != nil {
				return err
			}
		}
		if over {
			return nil
		}
	}
}

// close ends every stream after what it still has to tell.
func (e *Events) close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.over = true
	for w := range e.watchers {
		w.wake()
	}
}

// watching serves the events.
type watching struct {
	pb.UnimplementedEventsServer
	events *Events
}

func (w watching) Watch(_ *pb.WatchRequest, stream grpc.ServerStreamingServer[pb.Event]) error {
	return w.events.watch(stream.Context(), stream.Send)
}

func (w watching) Handle(ctx context.Context, r *pb.HandleRequest) (*pb.HandleReply, error) {
	member, _ := MemberFrom(ctx)
	if !w.events.handle(r.Call, member.Name) {
		return nil, fail(codes.NotFound, "", "nobody waits there any more")
	}
	return &pb.HandleReply{}, nil
}
