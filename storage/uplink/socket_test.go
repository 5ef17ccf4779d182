package uplink

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"tenin/llm/redact"
)

// heap is an outbox in memory, in the order of what was put.
type heap struct {
	mu   sync.Mutex
	list []Message
	err  error
}

func (h *heap) Pending(_ context.Context, n int) ([]Message, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]Message(nil), h.list[:min(n, len(h.list))]...), h.err
}

func (h *heap) Ack(_ context.Context, id [16]byte) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, m := range h.list {
		if m.ID == id {
			h.list = append(h.list[:i:i], h.list[i+1:]...)
			break
		}
	}
	return h.err
}

func someMessage(t testing.TB) Message {
	t.Helper()
	s, err := redact.NewSummary(redact.Facts{At: time.Now(), Kind: redact.KindQuote, Language: redact.English, Channel: redact.Text})
	if err != nil {
		t.Fatal(err)
	}
	return Message{s.ID(), s.Encode()}
}

// serve returns a client of a kiosk with these options.
func serve(t testing.TB, o ServeOptions) *Client {
	t.Helper()
	path := filepath.Join(t.TempDir(), "uplink.sock")
	l, err := ListenPeers(path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- Serve(ctx, l, o) }()
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	c, err := NewClient(conn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Close()
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("serve: %v", err)
		}
	})
	return c
}

func TestTheUplinkProcessSeesSummariesAndNothingElseOfAnOutbox(t *testing.T) {
	good := []Message{someMessage(t), someMessage(t), someMessage(t)}
	wrong := someMessage(t)
	wrong.ID[0] ^= 1
	h := &heap{list: []Message{
		{ID: [16]byte{1}, Payload: []byte("田中と申します。電話は090-1234-5678です。")}, {ID: [16]byte{2}, Payload: []byte(`{"text":"x"}`)},
		{ID: [16]byte{3}}, wrong, {ID: [16]byte{4}, Payload: make([]byte, 60_000)}, good[0], good[1], good[2],
	}}
	c := serve(t, ServeOptions{Outbox: h})
	seen := map[[16]byte]bool{}
	// Even a window that the bad ones fill lets the good ones through, in time.
	for range 4 {
		list, err := c.Pending(t.Context(), 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range list {
			seen[m.ID] = true
			if err := c.Ack(t.Context(), m.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, m := range good {
		if !seen[m.ID] {
			t.Error("a summary was not given out")
		}
	}
	if len(seen) != len(good) || len(h.list) != 5 {
		t.Errorf("%d were given out, %d are left", len(seen), len(h.list))
	}
}

func TestAnOutboxThatFailsIsAnErrorAndNotTheEndOfTheConnection(t *testing.T) {
	h := &heap{err: errors.New("the disk is away")}
	c := serve(t, ServeOptions{Outbox: h})
	if _, err := c.Pending(t.Context(), 1); err == nil || isGone(err) || bytes.Contains([]byte(err.Error()), []byte("disk")) {
		t.Errorf("pending: %v", err)
	}
	if err := c.Ack(t.Context(), [16]byte{}); err == nil || isGone(err) {
		t.Errorf("ack: %v", err)
	}
	h.err = nil
	if _, err := c.Pending(t.Context(), 1); err != nil {
		t.Error(err)
	}
}

func TestTheSettingsComeOverTheSocketOnceThereAreSome(t *testing.T) {
	want := someCredentials(t)
	err := ErrNotEnrolled
	c := serve(t, ServeOptions{Outbox: &heap{}, Settings: func() (Credentials, error) { return want, err }})
	if _, err := c.Settings(t.Context()); !errors.Is(err, ErrNotEnrolled) {
		t.Errorf("%v", err)
	}
	err = nil
	got, failed := c.Settings(t.Context())
	if failed != nil || got.Address != want.Address || got.Device != want.Device || !bytes.Equal(got.Seed.b, want.Seed.b) {
		t.Errorf("%v", failed)
	}
}

func TestTheProcessEndsWhenTheKioskIsGone(t *testing.T) {
	mine, theirs := net.Pipe()
	_ = theirs.Close()
	ready := false
	err := Main(t.Context(), mine, MainOptions{Ready: func() error { ready = true; return nil }})
	if err == nil || !ready {
		t.Errorf("%v, locked down: %v", err, ready)
	}
	refused := errors.New("no seccomp here")
	if err := Main(t.Context(), mine, MainOptions{Ready: func() error { return refused }}); !errors.Is(err, refused) {
		t.Errorf("%v", err)
	}
}

// The child process connects to the socket that TENIN_TEST_SOCKET names, and tells
// by its exit code whether it was let in.
func TestMain(m *testing.M) {
	if path := os.Getenv("TENIN_TEST_SOCKET"); path != "" {
		conn, err := net.Dial("unix", path)
		if err != nil {
			os.Exit(3)
		}
		// The server of HTTP/2 speaks first; a closed connection ends at once.
		_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
		if _, err := conn.Read(make([]byte, 1)); errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) {
			os.Exit(4)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestAnotherUsersProcessIsTurnedAway(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can start a process of another user")
	}
	// A folder and a program that the other user can reach.
	dir, err := os.MkdirTemp("", "peer-*")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "child")
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Chmod(dir, 0o755), os.WriteFile(program, self, 0o755)); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "uplink.sock")
	l, err := ListenPeers(path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- Serve(ctx, l, ServeOptions{Outbox: &heap{}}) }()
	defer func() { cancel(); <-done }()
	run := func(uid uint32) int {
		cmd := exec.Command(program)
		cmd.Env = []string{"TENIN_TEST_SOCKET=" + path}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
		_ = cmd.Run()
		return cmd.ProcessState.ExitCode()
	}
	if code := run(0); code != 0 {
		t.Errorf("our own user: %d", code)
	}
	if code := run(65534); code != 3 {
		t.Errorf("the file's mode lets another user in: %d", code)
	}
	if err := os.Chmod(path, 0o666); err != nil {
		t.Fatal(err)
	}
	if code := run(65534); code != 4 {
		t.Errorf("another user, whatever the mode: %d", code)
	}
}
