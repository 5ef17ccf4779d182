package uplink

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestPausesGrowToTheirBoundAndVary(t *testing.T) {
	s, err := NewSender(someCredentials(t), SenderOptions{FirstPause: 100 * time.Millisecond, LongestPause: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		failures := rapid.IntRange(0, 1<<20).Draw(t, "failures")
		if p := s.pause(failures); p < 25*time.Millisecond || p > time.Second {
			t.Fatalf("%v after %d failures", p, failures)
		}
	})
	seen := map[time.Duration]bool{}
	for range 20 {
		seen[s.pause(10)] = true
	}
	if len(seen) < 2 {
		t.Error("every pause is the same")
	}
}

func TestASenderWithoutWholeCredentialsIsNotMade(t *testing.T) {
	for _, spoil := range []func(*Credentials){
		func(c *Credentials) { c.Address = "" }, func(c *Credentials) { c.Authority = nil },
		func(c *Credentials) { c.Device = "a.b" }, func(c *Credentials) { c.Seed.b = c.Seed.b[:31] },
	} {
		c := someCredentials(t)
		spoil(&c)
		if _, err := NewSender(c, SenderOptions{}); err == nil {
			t.Error("it was made")
		}
	}
}
