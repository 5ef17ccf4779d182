package uplink

import (
	"bytes"
	"context"
	"errors"
	"net"
	"path/filepath"
	"testing"
	"time"
)

// probed is a kiosk's socket with an uplink process's end of it.
func probed(t *testing.T) (*Prober, *Client) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	peers, err := ListenPeers(path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	prober, done := NewProber(), make(chan struct{})
	go func() {
		defer close(done)
		_ = Serve(ctx, peers, ServeOptions{Prober: prober})
	}()
	t.Cleanup(func() { stop(); <-done })
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	client, err := NewClient(conn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return prober, client
}

func TestTheKioskAsksItsUplinkToProbeItself(t *testing.T) {
	prober, client := probed(t)
	if _, err := prober.Probe(t.Context(), nil); !errors.Is(err, ErrNoUplink) {
		t.Errorf("asked before anybody waits for questions: %v", err)
	}
	done := make(chan error, 1)
	go func() {
		done <- client.AnswerProbes(t.Context(), func(_ context.Context, targets []byte) []byte {
			return bytes.ToUpper(targets)
		})
	}()
	for prober.waiting.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	for _, word := range []string{"one", "two"} {
		got, err := prober.Probe(t.Context(), []byte(word))
		if err != nil || string(got) != string(bytes.ToUpper([]byte(word))) {
			t.Errorf("%s: %q, %v", word, got, err)
		}
	}
	client.Close()
	if err := <-done; err == nil {
		t.Error("the uplink answers although its connection is closed")
	}
}

func TestAnUplinkThatGoesWhileItIsAskedIsNotWaitedFor(t *testing.T) {
	prober, client := probed(t)
	go func() {
		_ = client.AnswerProbes(t.Context(), func(context.Context, []byte) []byte {
			client.Close()
			return nil
		})
	}()
	for prober.waiting.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	if _, err := prober.Probe(t.Context(), nil); !errors.Is(err, ErrNoUplink) {
		t.Errorf("got %v", err)
	}
}

func TestAQuestionThatNobodyAnswersEndsWithItsContext(t *testing.T) {
	prober, client := probed(t)
	release := make(chan struct{})
	defer close(release)
	go func() {
		_ = client.AnswerProbes(t.Context(), func(context.Context, []byte) []byte {
			<-release
			return nil
		})
	}()
	for prober.waiting.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := prober.Probe(ctx, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}
