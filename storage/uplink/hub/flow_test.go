package hub

import (
	"testing"

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
