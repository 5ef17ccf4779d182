package hub

import (
	"errors"
	"testing"

	"tenin/storage/uplink"
)

func TestADeviceReachesItsOwnHubUntilItIsRevoked(t *testing.T) {
	h, stop := open(t, Options{Dir: t.TempDir()})
	c := join(t, h, "ginza-1")
	if took, err := uplink.Reach(t.Context(), c); err != nil || took <= 0 {
		t.Fatalf("%v, %v", took, err)
	}
	other, _ := open(t, Options{Dir: t.TempDir()})
	lost := c
	lost.Address = other.Address().String()
	if _, err := uplink.Reach(t.Context(), lost); !errors.Is(err, uplink.ErrOtherHub) {
		t.Errorf("another hub: %v", err)
	}
	if _, err := h.Revoke(t.Context(), "ginza-1"); err != nil {
		t.Fatal(err)
	}
	if _, err := uplink.Reach(t.Context(), c); !errors.Is(err, uplink.ErrRefused) {
		t.Errorf("revoked: %v", err)
	}
	stop()
	if _, err := uplink.Reach(t.Context(), c); err == nil {
		t.Error("a hub that is gone was reached")
	}
}
