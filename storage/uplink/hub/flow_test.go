package hub

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"tenin/storage/uplink"
)

func TestWhatWaitsInTheOutboxComesToTheHubOnceAndLeavesTheOutbox(t *testing.T) {
	h, _ := open(t, Options{Dir: t.TempDir()})
	c := join(t, h, "ginza-1")
	if c.Device != "ginza-1" {
		t.Errorf("the device was told that it is %q", c.Device)
	}
	list := someSummaries(t, 300)
	b := newBox(list...)
	send(t, c, b, uplink.SenderOptions{})
	b.drained(t)
	hasOnce(t, h, list)
}

func TestTheWholeWayFromTheKiosksSocketToTheHub(t *testing.T) {
	h, _ := open(t, Options{Dir: t.TempDir()})
	code, _, err := h.Enrol(t.Context(), EnrolOptions{Name: "ginza-1", Valid: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	path := filepath.Join(home, uplink.CredentialsFile)
	if _, err := uplink.Join(t.Context(), uplink.JoinOptions{Code: code, Address: h.Address().String(), Path: path}); err != nil {
		t.Fatal(err)
	}
	list := someSummaries(t, 150)
	b := newBox(list...)
	b.held[[16]byte{1}] = []byte("田中と申します") // nobody puts it there, and nobody sends it

	socket := filepath.Join(home, "uplink.sock")
	l, err := uplink.ListenPeers(socket)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	group.Go(func() {
		_ = uplink.Serve(ctx, l, uplink.ServeOptions{Outbox: b, Settings: func() (uplink.Credentials, error) { return uplink.ReadCredentials(path, nil) }})
	})
	conn, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	var sent lines
	group.Go(func() {
		err := uplink.Main(ctx, conn, uplink.MainOptions{Sender: uplink.SenderOptions{Interval: 20 * time.Millisecond, Tap: &sent}})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("the process ended: %v", err)
		}
	})
	for deadline := time.Now().Add(60 * time.Second); b.left() > 1 && time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
	}
	cancel()
	group.Wait()
	hasOnce(t, h, list)
	if b.left() != 1 || strings.Contains(sent.String(), "田中") {
		t.Error("what is no summary left the outbox")
	}
	if !strings.Contains(sent.String(), `"kind":"approved"`) {
		t.Error("the tap sees nothing of what is sent")
	}
}
