package vm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
)

// Monitor speaks QEMU's machine protocol (QMP, docs/interop/qmp-spec.txt in QEMU's source). Safe for several goroutines.
type Monitor struct {
	conn io.ReadWriteCloser

	mu      sync.Mutex
	next    int
	waiting map[int]chan reply
	events  []Event
	changed chan struct{} // closed and replaced when events grow or the line ends
	err     error         // why the line ended
}

// Event is something that QEMU tells unasked.
type Event struct {
	// Name as in QEMU's documentation: RESET, SHUTDOWN, WATCHDOG, …
	Name string
	// Data is the event's own object, raw.
	Data json.RawMessage
}

// CommandError is QEMU's refusal of a command.
type CommandError struct{ Class, Description string }

// Error is what QEMU said.
func (e *CommandError) Error() string { return "QEMU refuses: " + e.Description }

// ErrGone means that QEMU has ended.
var ErrGone = errors.New("virtual machine: QEMU has ended")

type reply struct {
	Return json.RawMessage
	Error  *struct{ Class, Desc string }
}

// newMonitor takes the line over. The first message to come is QEMU's greeting.
func newMonitor(ctx context.Context, conn io.ReadWriteCloser) (*Monitor, error) {
	m := &Monitor{conn: conn, waiting: map[int]chan reply{}, changed: make(chan struct{})}
	go m.read()
	// QEMU reads no command before it has sent its greeting, but what is written waits for it.
	if err := m.Execute(ctx, "qmp_capabilities", nil, nil); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return m, nil
}

func (m *Monitor) read() {
	lines := json.NewDecoder(m.conn)
	for {
		var message struct {
			reply
			ID    *int
			Event string
			Data  json.RawMessage
		}
		if err := lines.Decode(&message); err != nil {
			m.end(err)
			return
		}
		m.mu.Lock()
		switch {
		case message.Event != "":
			m.events = append(m.events, Event{Name: message.Event, Data: message.Data})
			m.wake()
		case message.ID != nil:
			if c := m.waiting[*message.ID]; c != nil {
				delete(m.waiting, *message.ID)
				c <- message.reply
			}
		}
		m.mu.Unlock()
	}
}

// wake is called with the lock held.
func (m *Monitor) wake() {
	close(m.changed)
	m.changed = make(chan struct{})
}

func (m *Monitor) end(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.err = ErrGone
	if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrClosedPipe) {
		m.err = fmt.Errorf("%w (%v)", ErrGone, err)
	}
	for id, c := range m.waiting {
		delete(m.waiting, id)
		close(c)
	}
	m.wake()
}

// Execute runs a command with its arguments (an object, or nil) and decodes what it returns into result, unless that is nil.
// Errors wrap [ErrGone] when QEMU ends before it answers; a refusal is a [*CommandError].
func (m *Monitor) Execute(ctx context.Context, command string, arguments, result any) error {
	request := struct {
		Execute   string `json:"execute"`
		Arguments any    `json:"arguments,omitempty"`
		ID        int    `json:"id"`
	}{Execute: command, Arguments: arguments}

	c := make(chan reply, 1)
	m.mu.Lock()
	if m.err != nil {
		defer m.mu.Unlock()
		return m.err
	}
	m.next++
	request.ID = m.next
	line, err := json.Marshal(request)
	if err != nil {
		m.mu.Unlock()
		return fmt.Errorf("virtual machine: arguments of %s: %w", command, err)
	}
	m.waiting[request.ID] = c
	_, err = m.conn.Write(append(line, '\n'))
	m.mu.Unlock()
	if err != nil {
		return fmt.Errorf("%w (%s: %v)", ErrGone, command, err)
	}

	select {
	case <-ctx.Done():
		m.mu.Lock()
		delete(m.waiting, request.ID)
		m.mu.Unlock()
		return ctx.Err()
	case r, ok := <-c:
		switch {
		case !ok:
			return ErrGone
		case r.Error != nil:
			return &CommandError{Class: r.Error.Class, Description: r.Error.Desc}
		case result == nil:
			return nil
		}
		if err := json.Unmarshal(r.Return, result); err != nil {
			return fmt.Errorf("virtual machine: what %s returned: %w", command, err)
		}
		return nil
	}
}

// Events are all that came so far.
func (m *Monitor) Events() []Event {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]Event(nil), m.events...)
}

// Wait returns the first event named name at or after index from in [Monitor.Events], and its index.
func (m *Monitor) Wait(ctx context.Context, from int, name string) (Event, int, error) {
	for i := from; ; {
		m.mu.Lock()
		for ; i < len(m.events); i++ {
			if m.events[i].Name == name {
				defer m.mu.Unlock()
				return m.events[i], i, nil
			}
		}
		changed, err := m.changed, m.err
		m.mu.Unlock()
		if err != nil {
			return Event{}, 0, fmt.Errorf("waiting for %s: %w", name, err)
		}
		select {
		case <-ctx.Done():
			return Event{}, 0, fmt.Errorf("virtual machine: no %s: %w", name, ctx.Err())
		case <-changed:
		}
	}
}

// reason of a SHUTDOWN or a RESET.
func (e Event) reason() string {
	var data struct{ Reason string }
	_ = json.Unmarshal(e.Data, &data)
	return data.Reason
}
