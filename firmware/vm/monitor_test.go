package vm

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"testing"
)

// qemu is QEMU's side of a monitor, in the hands of the test: it greets, and answers each command with what answer gives.
func qemu(t *testing.T, answer func(command string, arguments json.RawMessage) string) (net.Conn, func() *Monitor) {
	t.Helper()
	near, far := net.Pipe()
	t.Cleanup(func() { near.Close(); far.Close() })
	go func() {
		fmt.Fprint(far, `{"QMP": {"version": {"qemu": {"major": 7}}, "capabilities": ["oob"]}}`+"\r\n")
		lines := bufio.NewScanner(far)
		for lines.Scan() {
			var request struct {
				Execute   string
				Arguments json.RawMessage
				ID        int
			}
			if err := json.Unmarshal(lines.Bytes(), &request); err != nil {
				t.Errorf("request %q: %v", lines.Text(), err)
				return
			}
			reply := `"return": {}`
			if request.Execute != "qmp_capabilities" {
				reply = answer(request.Execute, request.Arguments)
			}
			if reply == "" {
				far.Close()
				return
			}
			fmt.Fprintf(far, `{%s, "id": %d}`+"\r\n", reply, request.ID)
		}
	}()
	return far, func() *Monitor {
		m, err := newMonitor(hold(t), near)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
}

func TestAMonitorTellsAnswersRefusalsAndEventsApart(t *testing.T) {
	far, dial := qemu(t, func(command string, arguments json.RawMessage) string {
		switch command {
		case "query-status":
			return `"return": {"status": "running"}`
		case "screendump":
			return `"return": ` + string(arguments)
		}
		return `"error": {"class": "CommandNotFound", "desc": "The command is not there"}`
	})
	m := dial()
	ctx := hold(t)
	var status struct{ Status string }
	if err := m.Execute(ctx, "query-status", nil, &status); err != nil || status.Status != "running" {
		t.Errorf("query-status: %+v, %v", status, err)
	}
	var echoed map[string]string
	if err := m.Execute(ctx, "screendump", map[string]string{"filename": "/a b"}, &echoed); err != nil || echoed["filename"] != "/a b" {
		t.Errorf("screendump: %v, %v", echoed, err)
	}
	var refusal *CommandError
	if err := m.Execute(ctx, "nothing", nil, nil); !errors.As(err, &refusal) || refusal.Class != "CommandNotFound" {
		t.Errorf("a refusal: %v", err)
	}
	go fmt.Fprint(far, `{"timestamp": {"seconds": 1, "microseconds": 2}, "event": "RESET", "data": {"guest": true, "reason": "guest-reset"}}`+"\n"+
		`{"event": "STOP"}`+"\n"+`{"event": "RESET", "data": {"reason": "watchdog"}}`+"\n")
	e, at, err := m.Wait(ctx, 0, "RESET")
	if err != nil || at != 0 || e.reason() != "guest-reset" {
		t.Errorf("first reset: %+v at %d, %v", e, at, err)
	}
	if e, at, err = m.Wait(ctx, at+1, "RESET"); err != nil || at != 2 || e.reason() != "watchdog" {
		t.Errorf("second reset: %+v at %d, %v", e, at, err)
	}
}

func TestAMonitorWhoseQEMUEndsSaysSo(t *testing.T) {
	_, dial := qemu(t, func(string, json.RawMessage) string { return "" })
	m := dial()
	ctx := hold(t)
	if err := m.Execute(ctx, "quit", nil, nil); !errors.Is(err, ErrGone) {
		t.Errorf("the command on which it ended: %v", err)
	}
	if err := m.Execute(ctx, "query-status", nil, nil); !errors.Is(err, ErrGone) {
		t.Errorf("a later command: %v", err)
	}
	if _, _, err := m.Wait(ctx, 0, "RESET"); !errors.Is(err, ErrGone) {
		t.Errorf("waiting for an event: %v", err)
	}
}

func TestACommandThatIsGivenUpLeavesTheLineUsable(t *testing.T) {
	release := make(chan struct{})
	_, dial := qemu(t, func(command string, _ json.RawMessage) string {
		if command == "slow" {
			<-release
		}
		return fmt.Sprintf(`"return": %q`, command)
	})
	m := dial()
	ctx, cancel := context.WithCancel(hold(t))
	cancel()
	var got string
	if err := m.Execute(ctx, "slow", nil, &got); !errors.Is(err, context.Canceled) {
		t.Errorf("slow: %v", err)
	}
	close(release)
	if err := m.Execute(hold(t), "quick", nil, &got); err != nil || got != "quick" {
		t.Errorf("quick: %q, %v", got, err)
	}
}
