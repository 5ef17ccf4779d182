package main

import (
	"net"
	"slices"
	"testing"
	"time"

	"tenin/cmd/internal/bell"
	"tenin/cmd/internal/config"
)

func TestACallOfTheKioskReachesTheAddressThroughTheLauncher(t *testing.T) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	settings := config.Default()
	settings.Kiosk.Number = 3
	settings.Call.Topics = "返品"
	settings.Call.Send = "udp://" + conn.LocalAddr().String()
	b, err := hangBell(t.Context(), t.TempDir(), settings)
	if err != nil {
		t.Fatal(err)
	}
	if files := b.files(nil, nil); len(files) != ropeFile-2 || files[ropeFile-3] != b.theirs {
		t.Errorf("the kiosk's end is not its file %d", ropeFile)
	}
	if env := b.environment([]string{"A=1", ropeVariable + "=7"}); !slices.Equal(env, []string{"A=1", ropeVariable + "=1"}) {
		t.Errorf("%q", env)
	}
	rope := bell.NewRope(b.theirs, bellNames(settings))
	rope.Pull(bell.Called, "返品")
	rope.Close()
	b.close()
	text := make([]byte, 100)
	_ = conn.SetReadDeadline(time.Now().Add(time.Minute))
	n, _, err := conn.ReadFrom(text)
	if err != nil || string(text[:n]) != "kiosk 3, topic 返品, called\n" {
		t.Errorf("%q, %v", text[:n], err)
	}
}

func TestWithoutAnAddressThereIsNoBell(t *testing.T) {
	b, err := hangBell(t.Context(), t.TempDir(), config.Default())
	if b != nil || err != nil {
		t.Fatal(b, err)
	}
	if env := b.environment([]string{ropeVariable + "=1"}); len(env) != 0 {
		t.Errorf("%q", env)
	}
	if files := b.files(nil); len(files) != 1 {
		t.Errorf("%d files", len(files))
	}
	b.given()
	b.close()
	t.Setenv(ropeVariable, "")
	if ringOutside(config.Default()) != nil {
		t.Error("the kiosk rings nobody's bell")
	}
}
