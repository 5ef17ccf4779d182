package enrol

import (
	"context"
	"net/netip"
	"reflect"
	"testing"
)

// card makes a network card of files.
func (d *device) card(name, kind, carrier, state string, more ...string) {
	at := "sys/class/net/" + name
	d.file(at+"/type", kind+"\n")
	d.file(at+"/operstate", state+"\n")
	if carrier != "" {
		d.file(at+"/carrier", carrier+"\n")
	}
	for _, m := range more {
		d.dir(at + "/" + m)
	}
}

func TestCardsAreToldWithTheirLinkAndTheAddressesThatReachBeyondIt(t *testing.T) {
	ctx := context.Background()
	d := newDevice(t)
	opened(t, d)
	s, c := service(t, d)
	if _, err := c.Links(ctx); err == nil {
		t.Error("a machine without its files was looked at")
	}
	d.card("lo", "772", "1", "unknown")
	d.card("br0", "1", "1", "up") // stands for no card
	d.card("enp1s0", "1", "1", "up", "device")
	d.card("enp2s0", "1", "0", "down", "device")
	d.card("wlp3s0", "1", "", "down", "device", "phy80211")
	s.mu.Lock()
	s.Addresses = func(card string) ([]netip.Prefix, error) {
		if card != "enp1s0" {
			return nil, nil
		}
		return []netip.Prefix{netip.MustParsePrefix("169.254.7.7/16"), netip.MustParsePrefix("192.0.2.10/24"), netip.MustParsePrefix("fe80::1/64"), netip.MustParsePrefix("2001:db8::1/64")}, nil
	}
	s.mu.Unlock()
	list, err := c.Links(ctx)
	must(t, err)
	want := []Link{{Name: "enp1s0", Carrier: true, Addresses: []string{"192.0.2.10/24", "2001:db8::1/64"}}, {Name: "enp2s0"}, {Name: "wlp3s0", Radio: true}}
	if !reflect.DeepEqual(list, want) {
		t.Errorf("got %+v", list)
	}
}

func TestThisMachinesOwnCardsCanBeLookedAt(t *testing.T) {
	s := &Server{Data: &Data{Place: "/"}}
	list, err := s.links()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range list {
		for _, a := range l.Addresses {
			if p, err := netip.ParsePrefix(a); err != nil || p.Addr().IsLinkLocalUnicast() {
				t.Errorf("%s has %q", l.Name, a)
			}
		}
	}
}
